"""The checker with all of its commands."""

from __future__ import annotations

from typing import NoReturn

from harness.cli import student
from harness.cli.running import run_one_of

_COMMANDS = {
    **student.COMMANDS,
    "record": "harness.cli.record",
    "diff": "harness.cli.traces",
    "stat": "harness.cli.traces",
    "replay": "harness.cli.replay",
    "grade": "harness.cli.grade",
    "table": "harness.cli.course",
    "why": "harness.cli.course",
    "similar": "harness.cli.course",
    "known-mistakes": "harness.cli.diagnosis",
    "matrix": "harness.cli.matrix",
    "kit": "harness.cli.kit",
    "variant": "harness.cli.variant",
}
"""The module that each command is in."""


def run() -> NoReturn:
    """Run the command given, and exit."""
    run_one_of(_COMMANDS)
