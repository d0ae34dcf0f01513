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
_REPORTING = """
import atexit, json, resource, sys
def report():
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]), file=sys.stderr)
atexit.register(report)
from harness.cli.main import run
run()
"""
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
        [PYTHON, "-c", _REPORTING, *words],
        cwd=root,
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


def seconds_of_children() -> float:
    """Return the processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
