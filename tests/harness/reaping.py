#!/usr/bin/python3
"""Run a command, and reap what its processes leave behind once it has ended.

    tests/harness/reaping.py COMMAND...

Orphans that still run when the command ends go on to the parent of this one. Those that ended
before would stay as zombies below pytest, which can't reap them: it would take the status of a
process that a test waits for. Grading many submissions leaves thousands, and each look at the
machine's processes takes longer by them.
"""

import ctypes
import os
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    """Return the exit status of the command."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    running = subprocess.Popen(sys.argv[1:])
    while True:
        ended, status = os.wait()
        if ended == running.pid:
            return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
