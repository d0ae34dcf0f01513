"""The time and memory of the checker's own process, and the time of everything that it starts."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = "/usr/bin/python3"
REPORTING = """
import atexit, json, pathlib, re, resource, sys
def report():
    used = resource.getrusage(resource.RUSAGE_SELF)
    status = pathlib.Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\\s*(\\d+)", status)[1])
    print(json.dumps([used.ru_utime + used.ru_stime, peak]), file=sys.stderr)
atexit.register(report)
from harness.cli.main import run
run()
"""
"""The checker as a program in Python, whose last line on standard error has its processor time, and
its peak of memory. `ru_maxrss` would be that of the process that started it, if that has more."""
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time, and the peak of memory."""

    seconds: float
    """Of the checker's own process."""
    mib: float
    all_seconds: float
    """Of that process and all that it started."""


def measure_checker(root: Path, words: Sequence[str | Path]) -> Usage:
    """Measure a command of the checker in a checkout. It has to exit with 0."""
    # The kernel adds the time of a process to that of the one that waits for it. Nobody in a
    # sandbox waits for its last process; it is handed to the nearest process that asks for such.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    before = seconds_of_children()
    ended = subprocess.run(
        [PYTHON, "-c", REPORTING, *words],
        cwd=root,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if ended.returncode != 0:
        sys.exit(f"{words[0]}: expected status 0, found {ended.returncode}: {ended.stderr}")
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    seconds, kib = json.loads(ended.stderr.splitlines()[-1])
    return Usage(seconds, kib / 1024, seconds_of_children() - before)


def environment() -> dict[str, str]:
    """Return the environment of what is measured: without what make hands down, and with compiled
    code kept, as for nearly all users. Otherwise Python would compile all modules each time."""
    left_out = ("MAKEFLAGS", "MAKEOVERRIDES", "ARGS", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if name not in left_out}


def seconds_of_children() -> float:
    """Return the processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
