#!/usr/bin/env bash
# VPL runs this in the folder of a submission when a student presses Run, then the program vpl_execution
# that it leaves there, in a terminal. The project has to be on the execution server, in $OSMEM.
set -euo pipefail

cat >vpl_execution <<'END'
#!/usr/bin/env bash
set -euo pipefail

osmem=${OSMEM:-/opt/osmem}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
export OSMEM_BUILD=${OSMEM_BUILD:-$work/build}

cp -r . "$work/src"
[ -e "$work/src/Makefile" ] || cp "$osmem/harness/execution/default.mk" "$work/src/Makefile"
"$osmem/checker.py" check --sandbox --src "$work/src" "$@"
END
chmod +x vpl_execution
