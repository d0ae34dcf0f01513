"""The command that records: a suite's references, or the trace of any program."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.checking.check import Setup, set_up
from harness.checking.recording import record_program, record_references
from harness.checking.invocation import Invocation, is_whole, missing_calls
from harness.cli.options import (
    built_library,
    choose_tests,
    jobs_option,
    source_given,
    source_option,
    suite_option,
    tracer_option,
)
from harness.reports import terminal
from harness.results.verdict import Reference
from harness.tracers.select import choose_tracer


@click.command("record")
@click.argument("words", nargs=-1, metavar="[TEST]... | -o FILE -- PROGRAM [ARG]...")
@click.option(
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Record a program's trace in this file; .gz at its end compresses it.",
)
@source_option
@suite_option
@tracer_option
@jobs_option
@click.option("--force", is_flag=True, help="Keep references that the model does not give.")
def record_command(
    words: tuple[str, ...],
    output: Path | None,
    source: Path,
    suite_path: Path,
    tracer_name: str,
    jobs: int,
    force: bool,
) -> None:
    """Record references, or a program's trace.

    Without -o, runs tests and keeps their traces as the references of the suite. Refuses a trace
    that the model of the specification does not give, and exits with 1.

    With -o, runs a PROGRAM that is linked with a libosmem.so, and keeps its trace in FILE, for
    'diff' and 'stat'. Exits with 1 if a signal killed the program, or if calls are missing because
    it started threads or processes.
    """
    tracer = choose_tracer(tracer_name)
    if output is None:
        setup = set_up(choose_tests(suite_path, words), source, tracer, jobs)
        sys.exit(not _record_tests(setup, force))
    if not words:
        raise click.UsageError("expected a program to record: record -o FILE -- PROGRAM [ARG]...")
    invocation = Invocation(Path(words[0]), words[1:], built_library(source), source_given())
    calls, end = record_program(invocation, tracer, output)
    click.echo(f"{output}: {calls} calls, {end}", err=True)
    if warning := missing_calls(calls, end):
        click.echo(f"{invocation.program}: {warning}", err=True)
    sys.exit(not is_whole(end))


def _record_tests(setup: Setup, force: bool) -> bool:
    """Whether all references could be kept."""
    recorded = list(record_references(setup, force))
    terminal.show_recorded(terminal.make_console(), setup.suite, recorded)
    return all(each.reference is not Reference.REFUSED for each in recorded)
