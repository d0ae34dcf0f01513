#!/usr/bin/env bash
# VPL runs this in the folder of a submission, then the program vpl_execution that it leaves there, and
# reads the grade from what that prints. The project has to be on the execution server.
#
#   OSMEM        its folder there, /opt/osmem if not set
#   OSMEM_ARGS   more options of './checker.py grade'
set -euo pipefail

cat >vpl_execution <<'END'
#!/usr/bin/env bash
set -euo pipefail

read -ra options <<<"${OSMEM_ARGS:-}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
export OSMEM_BUILD=${OSMEM_BUILD:-$work/build}

mkdir "$work/submissions"
cp -r . "$work/submissions/submission"
rm -f "$work"/submissions/submission/{vpl_*,common_script.sh}
if "${OSMEM:-/opt/osmem}/checker.py" grade "$work/submissions" --out "$work/results" \
    --format vpl "${options[@]}" >"$work/log" 2>&1; then
    cat "$work/results/submissions/submission/vpl/vpl.txt"
else
    echo "Comment :=>>-The checker could not run: no grade"
    tail -n 5 "$work/log" | sed 's/^/Comment :=>>>/'
fi
END
chmod +x vpl_execution
