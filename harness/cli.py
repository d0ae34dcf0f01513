"""The command line: arguments in, exit status out."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from harness.build import ROOT, BuildError, build_library
from harness.check import Built, build, check, record, trace_once
from harness.reports import json, terminal
from harness.suite import Suite, SuiteError, load_suite
from harness.tracers import Tracer
from harness.tracers.ltrace import Ltrace
from harness.verdict import Reference, exit_status

_TRACERS: dict[str, Callable[[], Tracer]] = {"ltrace": Ltrace}
_DEFAULT_SUITE = ROOT / "tests" / "suite.toml"
_DEFAULT_SOURCE = ROOT / "src"


class _Failure(click.ClickException):
    """Something that keeps a command from running."""

    exit_code = 2


def _fail(error: Exception) -> NoReturn:
    raise _Failure(str(error)) from error


def _from_here(path: Path) -> Path:
    """The path as seen from the working folder, where it is below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _load(path: Path, names: tuple[str, ...] = ()) -> Suite:
    try:
        return load_suite(_from_here(path)).select(names)
    except SuiteError as error:
        _fail(error)


def _require(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise _Failure(
            f"{', '.join(missing)}: not found; 'make check' installs what the checker needs,"
            " or see packages.txt"
        )


_tests = click.argument("tests", nargs=-1, metavar="[TEST]...")
_suite = click.option(
    "--suite",
    "suite_path",
    type=click.Path(path_type=Path),
    default=_DEFAULT_SUITE,
    metavar="FILE",
    help="The suite file.  [default: tests/suite.toml]",
)
_source = click.option(
    "--src",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=_DEFAULT_SOURCE,
    metavar="DIR",
    help="The folder of the library's sources and its Makefile.  [default: src]",
)
_tracer = click.option(
    "--tracer",
    "tracer_name",
    type=click.Choice(list(_TRACERS)),
    default="ltrace",
    show_default=True,
    help="What watches the programs.",
)
_jobs = click.option(
    "--jobs",
    type=click.IntRange(1),
    default=len(os.sched_getaffinity(0)),
    metavar="N",
    help="How many programs run at a time.  [default: one a processor]",
)
_verbose = click.option("-v", "--verbose", is_flag=True, help="Show whole traces, of all failures.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Checks implementations of os_malloc, os_calloc, os_realloc and os_free by what they ask of
    the system.

    Exits with 0 if all is well, 1 if something failed, 2 if it could not run.
    """


def _set_up(suite: Suite, source: Path, tracer_name: str, jobs: int) -> tuple[Built, Tracer]:
    _require("make", "gcc", "nm", "prlimit", tracer_name)
    try:
        return build(suite, source, jobs), _TRACERS[tracer_name]()
    except OSError as error:
        _fail(error)


@main.command("check")
@_tests
@_source
@_suite
@_tracer
@_jobs
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write JSON, too."
)
@_verbose
def check_command(
    tests: tuple[str, ...],
    source: Path,
    suite_path: Path,
    tracer_name: str,
    jobs: int,
    json_path: Path | None,
    verbose: bool,
) -> None:
    """Run tests, all or those named, and print what they earn."""
    suite = _load(suite_path, tests)
    console = terminal.make_console()
    built, tracer = _set_up(suite, source, tracer_name, jobs)
    verdicts = terminal.show_table(console, suite, check(suite, built, tracer, jobs))
    changed = [("--src", source, _DEFAULT_SOURCE), ("--suite", suite_path, _DEFAULT_SUITE)]
    again = "".join(f" {option} {given}" for option, given, default in changed if given != default)
    terminal.show_failures(console, verdicts, verbose, again)
    terminal.show_points(console, verdicts)
    if json_path is not None:
        _write(json_path, json.render(verdicts))
    sys.exit(exit_status(verdicts))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _Failure(f"{path}: can't be written: {error.strerror}") from error


@main.command("record")
@_tests
@_source
@_suite
@_tracer
@_jobs
def record_command(
    tests: tuple[str, ...], source: Path, suite_path: Path, tracer_name: str, jobs: int
) -> None:
    """Run tests and keep their traces as the references."""
    suite = _load(suite_path, tests)
    console = terminal.make_console()
    built, tracer = _set_up(suite, source, tracer_name, jobs)
    try:
        recorded = list(record(suite, built, tracer))
    except SuiteError as error:
        _fail(error)
    terminal.show_recorded(console, suite, recorded)
    sys.exit(any(r.reference is Reference.REFUSED for r in recorded))


@main.command("trace", context_settings={"ignore_unknown_options": True})
@_source
@_tracer
@click.argument("program", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[ARG]...")
def trace_command(source: Path, tracer_name: str, program: Path, args: tuple[str, ...]) -> None:
    """Print the canonical trace of a program that is linked with a libosmem.so.

    The library is the program's own if it finds one, else the one built from --src. What the
    program prints goes to standard error.
    """
    _require("make", "gcc", "nm", "prlimit", tracer_name)
    try:
        library = build_library(source, load_suite(_DEFAULT_SUITE).build_limits)
        trace = trace_once([str(program.resolve()), *args], library, _TRACERS[tracer_name]())
    except (BuildError, SuiteError, OSError) as error:
        _fail(error)
    click.echo("\n".join(trace.lines()))
    if not trace.calls:
        click.echo(
            f"{program}: no call of os_malloc() and the like was seen: if it makes any, compile it"
            " without -fno-plt and link it with -losmem -Wl,-z,lazy",
            err=True,
        )


@main.command("list")
@_suite
def list_command(suite_path: Path) -> None:
    """Print the tests and what each is worth."""
    terminal.show_list(terminal.make_console(), _load(suite_path))
