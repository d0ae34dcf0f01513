"""The commands on traces: print one, compare two, sum one up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from harness.checking.invocation import Invocation, is_whole, missing_calls, trace_program
from harness.cli.options import (
    built_library,
    json_option,
    source_given,
    source_option,
    tracer_option,
)
from harness.reports import statistics, terminal
from harness.trace.file import read_file
from harness.trace.regression import Allowance, compare, measure, parse_allowance
from harness.trace.trace import End
from harness.tracers.select import choose_tracer

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("trace", context_settings={"ignore_unknown_options": True})
@source_option
@tracer_option
@click.argument("program", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[ARG]...")
def trace_command(source: Path, tracer_name: str, program: Path, args: tuple[str, ...]) -> None:
    """Print a program's canonical trace.

    The program is linked with a libosmem.so. It loads the one built from --src if that is given;
    else its own, or if it finds none the one built from src. What it prints goes to standard error.
    The exit status is 1 if it did not come to its own end, or started threads or processes, whose
    calls are not traced.
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
    help="Let a figure grow by so much, or shrink; repeatable. NAME may be 'all'.",
)
@json_option("figures")
def diff_command(
    before: Path, after: Path, allowances: dict[str, Allowance], json_file: TextIO | None
) -> None:
    """Compare two recorded traces.

    Prints their first difference, then the figures of both. Without --allow the traces have to be
    the same line by line. With it, only the figures and the end of the program count: what is not
    allowed to move must not. +2% allows up to 2% more, and any less; -2% up to 2% less, and any
    more; 2% either way.

    Exits with 1 if something changed.
    """
    comparison = compare(read_file(before), read_file(after), allowances)
    statistics.show_comparison(terminal.make_console(), comparison)
    if json_file is not None:
        json_file.write(statistics.render_comparison(comparison))
    sys.exit(not comparison.passed)


@click.command("stat")
@click.argument("trace", type=_file)
@json_option("figures")
def stat_command(trace: Path, json_file: TextIO | None) -> None:
    """Print the figures of a recorded trace."""
    side = measure(read_file(trace))
    statistics.show_statistics(terminal.make_console(), side)
    if json_file is not None:
        json_file.write(statistics.render_statistics(side))
