"""The commands on recorded traces: arguments in, exit status out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from harness.errors import Failure
from harness.cli.options import json_option
from harness.trace.regression import Allowance, compare, measure, parse_allowance
from harness.reports import statistics, terminal
from harness.trace.file import read_file
from harness.trace.text import TraceError

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_json = json_option("figures")


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
@_json
def diff_command(
    before: Path, after: Path, allowances: dict[str, Allowance], json_file: TextIO | None
) -> None:
    """Compare two recorded traces: their first difference, then their figures.

    Without --allow the traces have to be the same line by line. With it, only the figures and the
    end of the program count: what is not allowed to move must not. +2% allows up to 2% more, and
    any less; -2% up to 2% less, and any more; 2% either way.

    Exits with 1 if something changed.
    """
    try:
        comparison = compare(read_file(before), read_file(after), allowances)
    except TraceError as error:
        raise Failure(str(error)) from error
    statistics.show_comparison(terminal.make_console(), comparison)
    if json_file is not None:
        json_file.write(statistics.render_comparison(comparison))
    sys.exit(not comparison.passed)


@click.command("stat")
@click.argument("trace", type=_file)
@_json
def stat_command(trace: Path, json_file: TextIO | None) -> None:
    """Print the figures of a recorded trace."""
    try:
        side = measure(read_file(trace))
    except TraceError as error:
        raise Failure(str(error)) from error
    statistics.show_figures(terminal.make_console(), side)
    if json_file is not None:
        json_file.write(statistics.render_figures(side))
