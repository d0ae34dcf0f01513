#!/usr/bin/python3
"""The checker: ./checker.py --help."""

import gc
import signal
import sys

# Compiled code is kept beside the sources, even where PYTHONDONTWRITEBYTECODE is set, as in many
# containers: compiling it again takes a tenth of the time of a check.
sys.dont_write_bytecode = False

# Nothing that loads is garbage, and to look for some takes a twentieth of a check.
gc.disable()

# Until `run` catches it, Ctrl-C just ends the program. Python would show a traceback.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from harness.cli.main import run  # noqa: E402  (compiled code is kept by then)

if __name__ == "__main__":
    run()
