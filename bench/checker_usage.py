"""The time and memory of the checker's own process, without the programs it starts."""

from __future__ import annotations

import json
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


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time, and the peak of memory."""

    seconds: float
    mib: float


def measure_checker(root: Path, words: Sequence[str | Path]) -> Usage:
    """Measure a command of the checker in a checkout. It has to exit with 0."""
    ended = subprocess.run(
        [PYTHON, "-c", _REPORTING, *words],
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if ended.returncode != 0:
        sys.exit(f"{words[0]}: expected status 0, found {ended.returncode}: {ended.stderr}")
    seconds, kib = json.loads(ended.stderr.splitlines()[-1])
    return Usage(seconds, kib / 1024)
