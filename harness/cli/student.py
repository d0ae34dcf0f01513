"""The checker in a kit for students: the commands that need no solution."""

from __future__ import annotations

from typing import NoReturn

from harness.cli.check import check_command, list_command
from harness.cli.debug import debug_command
from harness.cli.explain import explain_command
from harness.cli.running import run_one_of
from harness.cli.show import show_command
from harness.cli.traces import trace_command
from harness.cli.watch import watch_command

COMMANDS = (
    check_command,
    list_command,
    explain_command,
    show_command,
    debug_command,
    watch_command,
    trace_command,
)


def run() -> NoReturn:
    """Run the command given, and exit."""
    run_one_of(COMMANDS)
