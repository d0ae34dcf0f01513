"""The commands on a suite: check a library, and list the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from harness.checking.backtrace import with_backtraces
from harness.checking.check import Setup, check, make_sandboxes, set_up_in
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
from harness.execution.build import Library
from harness.execution.build_error import BuildError
from harness.execution.walls import AUTO
from harness.reports import as_json, terminal
from harness.reports.diagnosis import Told
from harness.reports.formats import Format
from harness.reports.verdict_table import follow, show_table
from harness.results.checked import grade_of
from harness.results.diagnosis import Diagnosis
from harness.results.grade import Graded, TestResult
from harness.results.verdict import Outcome, Verdict, exit_status
from harness.specification.policy import Policy
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
    console = terminal.make_console()
    known = LastFailed(suite, source)
    if last_failed:
        suite = _only_failed(console, suite, known)
    if failed_first:
        suite = _failed_first(suite, known)
    kind = sandbox_kind or (AUTO if sandboxed else None)
    tracer = choose_tracer(tracer_name, kind is not None)
    sandboxes = make_sandboxes(suite, kind) if kind else None
    with set_up_in(sandboxes, suite, source, tracer, jobs) as setup:
        running = check(setup, jobs)
        running = _to_first_failure(running) if stops else running
        verdicts = follow(console, running, len(suite.tests))
        known.update(verdicts)
        verdicts = with_backtraces(setup, verdicts, _BACKTRACES)
    told = _told(setup, verdicts)
    if json_file is not None:
        json_file.write(as_json.render(verdicts, told))
    if html_file is not None:
        html_file.write(_page(setup, source, verdicts, told))
    _write_formats(formats, setup, source, verdicts, told)
    if isinstance(setup.library, BuildError):
        terminal.show_not_built(console, setup.library)
    else:
        again = command_line("check", *_given(source, suite_path, sandboxed, sandbox_kind))
        named = bool(tests) or len(suite.tests) == 1
        _show(console, told, verdicts, verbose, named, again, suite.policy)
    terminal.show_points(console, verdicts, len(suite.tests))
    if isinstance(setup.library, Library):
        terminal.show_build(console, setup.library)
    if sandboxes is not None:
        terminal.show_walls(console, sandboxes.walls())
    sys.exit(exit_status(verdicts))


def _only_failed(console: Console, suite: Suite, known: LastFailed) -> Suite:
    names = tuple(test.name for test in suite.tests if test.name in known.names())
    if not names:
        console.print("No test failed the last time: all run.")
    return suite.select(names)


def _failed_first(suite: Suite, known: LastFailed) -> Suite:
    failed = known.names()
    return replace(suite, tests=tuple(sorted(suite.tests, key=lambda t: t.name not in failed)))


def _to_first_failure(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    for verdict in verdicts:
        yield verdict
        if verdict.outcome is not Outcome.PASSED:
            return


def _told(setup: Setup, verdicts: list[Verdict]) -> Told:
    """Return what is wrong with a library."""
    diagnosis = Diagnosis()
    if not all(verdict.as_specified for verdict in verdicts):
        # As below: what a right allocator does not need takes longer to load than a test to run.
        from harness.diagnosis.diagnose import diagnose

        diagnosis = diagnose(setup.suite, verdicts)
    results = [TestResult.of(verdict) for verdict in verdicts]
    return Told(diagnosis, results, f"{setup.suite.snippets}/")


def _show(
    console: Console,
    told: Told,
    verdicts: list[Verdict],
    verbose: bool,
    named: bool,
    again: str,
    policy: Policy,
) -> None:
    """Print what is wrong, the table of tests, and what the diagnosis leaves open. Traces come for
    tests that were ``named``, and with all details if ``verbose``."""
    terminal.show_diagnosis(console, told)
    pointers = told.pointers()
    show_table(console, verdicts, pointers, verbose)
    failed = [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASSED]
    if not (failed or verbose or named):
        return
    from harness.reports.failures import show_failures, show_printed

    open_ones = [verdict for verdict in failed if verdict.test.name not in pointers]
    show_failures(console, failed if verbose or named else open_ones, verbose, named, again, policy)
    if verbose or named:
        show_printed(console, verdicts)


def _page(setup: Setup, source: Path, verdicts: list[Verdict], told: Told) -> str:
    """Return the results as a page for a browser."""
    # Only pages need templates, which take longer to load than a test takes to run.
    from harness.reports.html_page import render_check, shown

    facts = [terminal.points_in_words(verdicts, len(setup.suite.tests))]
    if isinstance(setup.library, BuildError):
        facts.append(f"not built: {setup.library}")
    tests = [shown(verdict, setup.suite.policy) for verdict in verdicts]
    return render_check(f"osmem: {source}", facts, told, tests)


def _write_formats(
    formats: Iterable[tuple[Format, ResultsFile]],
    setup: Setup,
    source: Path,
    verdicts: list[Verdict],
    told: Told,
) -> None:
    not_built = setup.library if isinstance(setup.library, BuildError) else None
    graded = Graded(source.name, grade_of(verdicts, told.diagnosis, not_built))
    for form, file in formats:
        file.write(form.render(graded))


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
    terminal.show_list(terminal.make_console(), choose_tests(suite_path))
