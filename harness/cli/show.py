"""The command that shows a heap call by call: that of a test, or of a recorded trace."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.checking.check import check_test, set_up
from harness.cli.options import choose_test, source_option, suite_option
from harness.cli.results_file import ResultsFile, html_option
from harness.cli.stepping import step_through
from harness.cli.traces import write_page
from harness.errors import UserError
from harness.execution.build_error import BuildError
from harness.reports.failures import show_strips
from harness.reports.strips import Strips
from harness.reports.terminal import make_console
from harness.tracers.select import choose_tracer


@click.command("show")
@click.argument("name", metavar="TEST|FILE")
@source_option
@suite_option
@click.option("--at", type=int, metavar="N", help="Print the heaps after call N, and end.")
@html_option("the heap over time")
def show_command(
    name: str, source: Path, suite_path: Path, at: int | None, html_file: ResultsFile | None
) -> None:
    """Show the heap of a test, or of a recorded trace.

    The heap of a test is shown as expected and as found. On a terminal, keys step through its
    calls. Without one, or with --at, prints the heaps after one call: by default the first that
    differs. Calls are counted from 1 in the judged part of the test; those before it have numbers
    from 0 down.

    FILE is a file that 'record -o' wrote; it is shown in a browser, with --html.
    """
    if html_file is not None:
        _write_trace(name, html_file)
    else:
        _show_test(name, source, suite_path, at)


def _write_trace(name: str, file: ResultsFile) -> None:
    path = Path(name)
    if not path.is_file():
        raise UserError(
            f"{name}: expected the file of a trace, found none",
            f"the page of a test is written by check {name} --html FILE",
        )
    write_page(file, {"trace": path})


def _show_test(name: str, source: Path, suite_path: Path, at: int | None) -> None:
    if Path(name).is_file():
        raise UserError(f"{name}: expected --html FILE, found no place for the page of a trace")
    suite = choose_test(suite_path, name)
    setup = set_up(suite, source, choose_tracer("ltrace"), 1)
    if isinstance(setup.library, BuildError):
        raise setup.library
    verdict = check_test(setup, suite.tests[0])
    strips = Strips(verdict, suite.policy)
    if not strips.sides:
        raise UserError(f"{name}: {verdict.reason}")
    if at is not None and at not in strips.numbers:
        known = f"{strips.numbers[0]} to {strips.numbers[-1]}"
        raise UserError(f"{name}: expected the number of a call, {known}, found {at}")
    console = make_console()
    if at is None and console.is_terminal and sys.stdin.isatty():
        step_through(console, strips)
    else:
        show_strips(console, strips, at)
