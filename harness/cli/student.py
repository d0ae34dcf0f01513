"""The checker in a kit for students: the commands that need no solution."""

from __future__ import annotations

from typing import NoReturn

from harness.cli.running import run_one_of

COMMANDS = {
    "check": "harness.cli.check",
    "list": "harness.cli.check",
    "explain": "harness.cli.explain",
    "show": "harness.cli.show",
    "debug": "harness.cli.debug",
    "watch": "harness.cli.watch",
    "trace": "harness.cli.traces",
}
"""The module that each command is in."""


def run() -> NoReturn:
    """Run the command given, and exit."""
    run_one_of(COMMANDS)
