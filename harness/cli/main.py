"""The checker with all of its commands."""

from __future__ import annotations

from typing import NoReturn

from harness.cli.check import check_command, list_command
from harness.cli.course import similar_command, table_command, why_command
from harness.cli.debug import debug_command
from harness.cli.explain import explain_command
from harness.cli.grade import grade_command
from harness.cli.diagnosis import known_mistakes_command
from harness.cli.kit import kit_command
from harness.cli.matrix import matrix_command
from harness.cli.record import record_command
from harness.cli.replay import replay_command
from harness.cli.running import run_one_of
from harness.cli.show import show_command
from harness.cli.traces import diff_command, stat_command, trace_command
from harness.cli.variant import variant_command
from harness.cli.watch import watch_command

COMMANDS = (
    check_command,
    list_command,
    explain_command,
    show_command,
    debug_command,
    watch_command,
    grade_command,
    table_command,
    why_command,
    similar_command,
    trace_command,
    record_command,
    diff_command,
    stat_command,
    replay_command,
    known_mistakes_command,
    matrix_command,
    kit_command,
    variant_command,
)


def run() -> NoReturn:
    """Run the command given, and exit."""
    run_one_of(COMMANDS)
