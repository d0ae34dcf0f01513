"""The arguments and options that several commands share."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from harness.execution.build import ROOT, Library, build_library
from harness.suite import Suite, load_suite
from harness.tracers.select import AUTO, TRACERS

DEFAULT_SUITE = ROOT / "tests" / "suite.toml"
DEFAULT_SOURCE = ROOT / "src"

tests_argument = click.argument("tests", nargs=-1, metavar="[TEST]...")
suite_option = click.option(
    "--suite",
    "suite_path",
    type=click.Path(path_type=Path),
    default=DEFAULT_SUITE,
    metavar="FILE",
    help="Use the suite in this file.  [default: tests/suite.toml]",
)
source_option = click.option(
    "--src",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=DEFAULT_SOURCE,
    metavar="DIR",
    help="Build the library from this folder, with its Makefile.  [default: src]",
)
tracer_option = click.option(
    "--tracer",
    "tracer_name",
    type=click.Choice([*TRACERS, AUTO]),
    default="ltrace",
    show_default=True,
    help="Use this tracer; auto is uftrace if installed and supported, else ltrace.",
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1),
    default=len(os.sched_getaffinity(0)),
    metavar="N",
    help="Run N tests, or grade N submissions, at a time.  [default: the number of processors]",
)


def json_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option --json FILE, for ``what`` a command can write. The file is either whole or
    missing."""
    return click.option(
        "--json",
        "json_file",
        type=click.File("w", encoding="utf-8", atomic=True, lazy=False),
        metavar="FILE",
        help=f"Also write the {what} as JSON; - is standard output.",
    )


def choose_tests(path: Path, names: tuple[str, ...] = ()) -> Suite:
    """Return the suite in a file, with the tests of these names, or all if none is named. Its paths
    are relative to the working folder if possible, which is shorter to show."""
    here = Path.cwd()
    return load_suite(path.relative_to(here) if path.is_relative_to(here) else path).select(names)


def source_given() -> bool:
    """Return whether --src was on the command line."""
    given = click.get_current_context().get_parameter_source("source")
    return given is not ParameterSource.DEFAULT


def built_library(source: Path) -> Library:
    """Build the library of ``source``, within the limits of the default suite."""
    suite = load_suite(DEFAULT_SUITE)
    return build_library(source, suite.build_limits, flags=suite.compiler)


def command_line(*words: str) -> str:
    """Return a command of the checker, as one would type it here."""
    program = sys.argv[0]
    return shlex.join([program if os.sep in program else os.path.join(".", program), *words])
