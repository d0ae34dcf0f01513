"""The command that runs a test's program under gdb, valgrind or AddressSanitizer."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from harness.checking.check import check_test, set_up
from harness.checking.debugging import under_asan, under_gdb, under_valgrind
from harness.cli.options import choose_test, source_option, suite_option, test_argument
from harness.execution.build_error import BuildError
from harness.reports.failures import show_failure
from harness.reports.terminal import make_console
from harness.tracers.select import choose_tracer


@click.command("debug")
@test_argument
@source_option
@suite_option
@click.option("--valgrind", "tool", flag_value="valgrind", help="Run it under valgrind instead.")
@click.option("--asan", "tool", flag_value="asan", help="Run it with AddressSanitizer instead.")
@click.option("--batch", is_flag=True, help="Let gdb print where it stops and the heap, and end.")
def debug_command(test: str, source: Path, suite_path: Path, tool: str | None, batch: bool) -> None:
    """Open gdb at the call where a test goes wrong.

    gdb stops at the line of the test program that makes the call; 'continue' leads into the
    function that it calls, and 'osmem blocks' prints the blocks of the heap.
    """
    suite = choose_test(suite_path, test)
    setup = set_up(suite, source, choose_tracer("ltrace"), 1)
    (chosen,) = suite.tests
    library, program = setup.library, setup.programs[chosen.name]
    for built in (library, program):
        if isinstance(built, BuildError):
            raise built
    assert not isinstance(library, BuildError) and not isinstance(program, BuildError)
    if tool == "valgrind":
        command = under_valgrind(program, library, suite.policy)
    elif tool == "asan":
        command = under_asan(program, source, suite)
        click.echo(f"{chosen.name}, with AddressSanitizer, which prints nothing if all is well:")
    else:
        verdict = check_test(setup, chosen)
        show_failure(make_console(), verdict, whole=False, traces=False)
        command = under_gdb(verdict, program, library, source, suite.policy, batch)
    sys.stdout.flush()
    os.execvpe(command.argv[0], [*command.argv], {**os.environ, **command.env})
