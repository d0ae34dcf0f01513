"""The commands on a suite: check a library, and list the tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from harness.checking.check import check, set_up
from harness.cli.options import (
    DEFAULT_SOURCE,
    DEFAULT_SUITE,
    choose_tests,
    command_line,
    jobs_option,
    json_option,
    source_option,
    suite_option,
    tests_argument,
    tracer_option,
)
from harness.reports import as_json, terminal
from harness.results.verdict import exit_status
from harness.tracers.select import choose_tracer


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
@json_option("result")
@click.option("-v", "--verbose", is_flag=True, help="Show all failures, with whole traces.")
def check_command(
    tests: tuple[str, ...],
    source: Path,
    suite_path: Path,
    tracer_name: str,
    jobs: int,
    sandboxed: bool,
    json_file: TextIO | None,
    verbose: bool,
) -> None:
    """Run tests and print the points they earn.

    TEST is the name of a test or a pattern, such as 'malloc-*'. Without any, all tests run.
    """
    suite = choose_tests(suite_path, tests)
    console = terminal.make_console()
    tracer = choose_tracer(tracer_name, sandboxed)
    setup = set_up(suite, source, tracer, jobs, sandboxed)
    verdicts = terminal.show_table(console, suite, check(setup, jobs))
    again = command_line("check", *_given(source, suite_path, sandboxed))
    terminal.show_failures(console, verdicts, verbose, again)
    terminal.show_points(console, verdicts)
    terminal.show_build(console, setup.library)
    if json_file is not None:
        json_file.write(as_json.render(verdicts))
    sys.exit(exit_status(verdicts))


def _given(source: Path, suite_path: Path, sandboxed: bool) -> list[str]:
    """Return the options that differ from their defaults."""
    options = []
    if source != DEFAULT_SOURCE:
        options += ["--src", str(source)]
    if suite_path != DEFAULT_SUITE:
        options += ["--suite", str(suite_path)]
    if sandboxed:
        options += ["--sandbox"]
    return options


@click.command("list")
@suite_option
def list_command(suite_path: Path) -> None:
    """List the tests and their points."""
    terminal.show_list(terminal.make_console(), choose_tests(suite_path))
