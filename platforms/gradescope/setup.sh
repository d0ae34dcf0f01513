#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image of the autograder: it installs what grading needs.
set -euo pipefail
apt-get -q update
"${AUTOGRADER:-/autograder}/source/osmem/tools/install-packages" check grade
