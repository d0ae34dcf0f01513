"""The commands on traces: print one, compare two, sum one up."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from harness.checking.invocation import Invocation, is_whole, missing_calls, trace_program
from harness.cli.options import (
    built_library,
    source_given,
    source_option,
    tracer_option,
)
from harness.cli.results_file import ResultsFile, html_option, json_option
from harness.reports import statistics, terminal
from harness.trace.file import read_file
from harness.trace.regression import Allowance, compare, measure, parse_allowance
from harness.trace.trace import End, gather
from harness.tracers.select import choose_tracer

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("trace", context_settings={"ignore_unknown_options": True})
@source_option
@tracer_option
@click.argument("program", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[ARG]...")
def trace_command(source: Path, tracer_name: str, program: Path, args: tuple[str, ...]) -> None:
    """Print a program's canonical trace.

    PROGRAM is any program that is linked with a libosmem.so; its output goes to standard error. It
    loads the library built from --src. Without --src, it loads the one that the system finds for
    it, or else the one built from src.

    Exits with 1 if a signal killed the program, or if calls are missing because it started threads
    or processes.
    """
    calls, end = -1, None
    tracer = choose_tracer(tracer_name)
    invocation = Invocation(program, args, built_library(source), source_given())
    for calls, end in enumerate(trace_program(invocation, tracer, sys.stderr.fileno())):
        click.echo("\n".join(end.lines()))
    assert isinstance(end, End)
    if warning := missing_calls(calls, end):
        click.echo(f"{program}: {warning}", err=True)
    sys.exit(not is_whole(end))


def _allowances(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, Allowance]:
    try:
        return {allowance.name: allowance for allowance in map(parse_allowance, given)}
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from error


@click.command("diff")
@click.argument("before", type=_file)
@click.argument("after", type=_file)
@click.option(
    "--allow",
    "allowances",
    multiple=True,
    callback=_allowances,
    metavar="NAME=+N[%]",
    help="Allow a figure, or all, to change by so much; may be repeated.",
)
@json_option("figures")
@html_option("the heap over time")
def diff_command(
    before: Path,
    after: Path,
    allowances: dict[str, Allowance],
    json_file: ResultsFile | None,
    html_file: ResultsFile | None,
) -> None:
    """Compare two recorded traces.

    BEFORE and AFTER are files that 'record -o' wrote. Prints the first difference, then the figures
    of both, such as the number of requests or the size of the heap.

    Without --allow, the traces must be equal, line by line. With --allow, calls may differ, but no
    figure may change that is not allowed to, and the program must end in the same way. +2% allows a
    figure to grow by 2%, or to shrink; -2% allows it to shrink by 2%, or to grow; 2% allows both.

    Exits with 1 if something changed that must not.
    """
    comparison = compare(read_file(before), read_file(after), allowances)
    if json_file is not None:
        json_file.write(statistics.render_comparison(comparison))
    if html_file is not None:
        write_page(html_file, {"before": before, "after": after})
    statistics.show_comparison(terminal.make_console(), comparison)
    sys.exit(not comparison.passed)


def write_page(file: ResultsFile, paths: Mapping[str, Path]) -> None:
    """Write the page of one trace, or of two, by what they are called."""
    # Only pages need templates, which take long to load.
    from harness.reports.html_page import render_traces

    facts = [f"{name}: {path}" for name, path in paths.items()]
    traces = {name: gather(read_file(path)) for name, path in paths.items()}
    file.write(render_traces("osmem: the heap over time", facts, traces))


@click.command("stat")
@click.argument("trace", type=_file)
@json_option("figures")
def stat_command(trace: Path, json_file: ResultsFile | None) -> None:
    """Print the figures of a recorded trace."""
    side = measure(read_file(trace))
    if json_file is not None:
        json_file.write(statistics.render_statistics(side))
    statistics.show_statistics(terminal.make_console(), side)
