"""The commands on a suite: check a library, and list the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from threading import Thread

import click

from harness.checking.backtrace import with_backtraces
from harness.checking.check import check, make_sandboxes, set_up_in
from harness.checking.last_failed import LastFailed
from harness.cli.options import (
    DEFAULT_SOURCE,
    DEFAULT_SUITE,
    choose_tests,
    command_line,
    jobs_option,
    sandbox_kind_option,
    source_option,
    suite_option,
    tests_argument,
    tracer_option,
)
from harness.cli.results_file import ResultsFile, format_option, html_option, json_option
from harness.execution.walls import AUTO
from harness.reports.formats import Format
from harness.results.verdict import Outcome, Verdict, exit_status
from harness.suite import Suite
from harness.tracers.select import choose_tracer


_BACKTRACES = 3
"""So many crashes are looked into."""


@click.command("check")
@tests_argument
@source_option
@suite_option
@tracer_option
@jobs_option
@click.option(
    "--sandbox",
    "sandboxed",
    is_flag=True,
    help="Build and run in a sandbox, as grade does.",
)
@sandbox_kind_option
@click.option("-x", "--exitfirst", "stops", is_flag=True, help="Stop at the first failed test.")
@click.option(
    "--lf", "--last-failed", "last_failed", is_flag=True, help="Run what failed the last time."
)
@click.option(
    "--ff", "--failed-first", "failed_first", is_flag=True, help="Begin with what failed then."
)
@json_option("result")
@html_option("the heap over time")
@format_option
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Show all failures, with whole traces and what was printed.",
)
def check_command(
    tests: tuple[str, ...],
    source: Path,
    suite_path: Path,
    tracer_name: str,
    jobs: int,
    sandboxed: bool,
    sandbox_kind: str | None,
    stops: bool,
    last_failed: bool,
    failed_first: bool,
    json_file: ResultsFile | None,
    html_file: ResultsFile | None,
    formats: tuple[tuple[Format, ResultsFile], ...],
    verbose: bool,
) -> None:
    """Run tests, say what is wrong, and print the points they earn.

    TEST is the name of a test or a pattern, such as 'malloc-*'. Without any, all tests run.
    """
    suite = choose_tests(suite_path, tests)
    known = LastFailed(suite, source)
    if last_failed:
        suite = _only_failed(suite, known)
    if failed_first:
        suite = _failed_first(suite, known)
    kind = sandbox_kind or (AUTO if sandboxed else None)
    tracer = choose_tracer(tracer_name, kind is not None)
    sandboxes = make_sandboxes(suite, kind) if kind else None
    # What shows the results takes a tenth of a check to load. Others build meanwhile.
    loading = Thread(target=import_module, args=("harness.cli.check_report",))
    loading.start()
    with set_up_in(sandboxes, suite, source, tracer, jobs) as setup:
        running = check(setup, jobs)
        running = _to_first_failure(running) if stops else running
        from harness.cli.check_report import report_on
        from harness.reports import terminal
        from harness.reports.verdict_table import follow

        console = terminal.make_console()
        verdicts = follow(console, running, len(suite.tests))
        known.update(verdicts)
        verdicts = with_backtraces(setup, verdicts, _BACKTRACES)
    report = report_on(setup, source, verdicts)
    report.write(json_file, html_file, formats)
    again = command_line("check", *_given(source, suite_path, sandboxed, sandbox_kind))
    report.show(console, verbose, bool(tests) or len(suite.tests) == 1, again)
    if sandboxes is not None:
        terminal.show_walls(console, sandboxes.walls())
    sys.exit(exit_status(verdicts))


def _only_failed(suite: Suite, known: LastFailed) -> Suite:
    names = tuple(test.name for test in suite.tests if test.name in known.names())
    if not names:
        click.echo("No test failed the last time: all run.")
    return suite.select(names)


def _failed_first(suite: Suite, known: LastFailed) -> Suite:
    failed = known.names()
    return replace(suite, tests=tuple(sorted(suite.tests, key=lambda t: t.name not in failed)))


def _to_first_failure(verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    for verdict in verdicts:
        yield verdict
        if verdict.outcome is not Outcome.PASSED:
            return


def _given(source: Path, suite_path: Path, sandboxed: bool, sandbox_kind: str | None) -> list[str]:
    """Return the options that differ from their defaults."""
    options = []
    if source != DEFAULT_SOURCE:
        options += ["--src", str(source)]
    if suite_path != DEFAULT_SUITE:
        options += ["--suite", str(suite_path)]
    if sandbox_kind:
        options += ["--sandbox-kind", sandbox_kind]
    elif sandboxed:
        options += ["--sandbox"]
    return options


@click.command("list")
@suite_option
def list_command(suite_path: Path) -> None:
    """List the tests and their points."""
    from harness.reports import terminal

    terminal.show_list(terminal.make_console(), choose_tests(suite_path))
