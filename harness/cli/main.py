"""The command line: arguments in, exit status out."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

import click

from harness.execution.build import BUILD, ROOT, BuildError, Library, build_library
from harness.checking.check import Setup, check, record, set_up
from harness.cli.traces import diff_command, stat_command
from harness.errors import Failure
from harness.cli.options import json_option
from harness.workloads.allocators import (
    Allocator,
    AllocatorError,
    library_allocator,
    named_allocator,
)
from harness.workloads.replay import ReplayError, build_replayer, replay
from harness.workloads.replay import check as check_replay
from harness.reports import as_json, terminal
from harness.reports import replay as replay_report
from harness.checking.run import scratch_folder, trace_once
from harness.execution.sandbox import Sandbox, SandboxError, require_sandbox
from harness.suite import Suite, SuiteError, load_suite
from harness.trace.trace import End, How, Part
from harness.trace.file import write_file
from harness.tracers.tracer import TracerError
from harness.tracers.select import AUTO, TRACERS, choose_tracer
from harness.tracers.ltrace import Ltrace
from harness.results.verdict import Reference, exit_status

_DEFAULT_SUITE = ROOT / "tests" / "suite.toml"
_DEFAULT_SOURCE = ROOT / "src"
_INTERRUPTED = 130  # as a shell says it of SIGINT


def _fail(error: Exception) -> NoReturn:
    raise Failure(str(error)) from error


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
        raise Failure(
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
    type=click.Choice([*TRACERS, AUTO]),
    default="ltrace",
    show_default=True,
    help="What watches the programs; auto is uftrace, where it is installed and can do it.",
)
_jobs = click.option(
    "--jobs",
    type=click.IntRange(1),
    default=len(os.sched_getaffinity(0)),
    metavar="N",
    help="How many programs run at a time.  [default: one a processor]",
)
_json = json_option("result")
_verbose = click.option("-v", "--verbose", is_flag=True, help="Show whole traces, of all failures.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Checks implementations of os_malloc, os_calloc, os_realloc and os_free by what they ask of
    the system.

    Exits with 0 if all is well, 1 if something failed, 2 if it could not run.
    """


def _told(error: OSError) -> str:
    """What went wrong with which file, without the number."""
    message = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    refused = isinstance(error, PermissionError) or error.errno == errno.EROFS
    if refused and str(BUILD) in str(error.filename):
        message += f"; remove {BUILD} or set OSMEM_BUILD to a folder of yours"
    return message


_SANDBOX_TOOLS = ("bwrap", "setpriv", "nsenter")


def _set_up(
    suite: Suite, source: Path, tracer_name: str, jobs: int, sandboxed: bool = False
) -> Setup:
    _require("make", "gcc", "nm", "prlimit", *(_SANDBOX_TOOLS if sandboxed else ()))
    try:
        if sandboxed:
            with scratch_folder() as scratch:
                require_sandbox(Sandbox(suite.run_limits), scratch)
        tracer = choose_tracer(tracer_name, sandboxed)
        return set_up(suite, source, tracer, jobs, sandboxed)
    except (TracerError, SandboxError) as error:
        _fail(error)
    except OSError as error:
        raise Failure(_told(error)) from error


@main.command("check")
@_tests
@_source
@_suite
@_tracer
@_jobs
@click.option(
    "--sandbox",
    "sandboxed",
    is_flag=True,
    help="Build and run in a sandbox, for sources of others.",
)
@_json
@_verbose
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
    """Run tests, all or those named, and print what they earn."""
    suite = _load(suite_path, tests)
    console = terminal.make_console()
    setup = _set_up(suite, source, tracer_name, jobs, sandboxed)
    verdicts = terminal.show_table(console, suite, check(setup, jobs))
    changed = [("--src", source, _DEFAULT_SOURCE), ("--suite", suite_path, _DEFAULT_SUITE)]
    options = [
        word
        for option, given, default in changed
        if given != default
        for word in (option, str(given))
    ]
    options += ["--sandbox"] * sandboxed
    again = shlex.join([os.path.join(".", sys.argv[0]), "check", *options])
    terminal.show_failures(console, verdicts, verbose, again)
    terminal.show_points(console, verdicts)
    if isinstance(setup.library, Library) and setup.library.refused:
        terminal.show_refused(console, setup.library.refused)
    if json_file is not None:
        json_file.write(as_json.render(verdicts))
    sys.exit(exit_status(verdicts))


@main.command("record")
@click.argument("words", nargs=-1, metavar="[TEST]... | -o FILE -- PROGRAM [ARG]...")
@click.option(
    "-o",
    "output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Record a program's trace in this file; .gz at its end compresses it.",
)
@_source
@_suite
@_tracer
@_jobs
def record_command(
    words: tuple[str, ...],
    output: Path | None,
    source: Path,
    suite_path: Path,
    tracer_name: str,
    jobs: int,
) -> None:
    """Run tests and keep their traces as the references; or, with -o, run any program that is
    linked with a libosmem.so, and keep its trace for 'diff' and 'stat'.

    With -o, exits with 1 if the program did not come to its own end.
    """
    if output is not None:
        sys.exit(_record_program(words, output, source, tracer_name))
    suite = _load(suite_path, words)
    console = terminal.make_console()
    setup = _set_up(suite, source, tracer_name, jobs)
    try:
        recorded = list(record(setup))
    except SuiteError as error:
        _fail(error)
    terminal.show_recorded(console, suite, recorded)
    sys.exit(any(r.reference is Reference.REFUSED for r in recorded))


def _record_program(words: tuple[str, ...], output: Path, source: Path, tracer_name: str) -> bool:
    """Whether the program was stopped before its end."""
    if not words:
        raise click.UsageError("expected a program to record: record -o FILE -- PROGRAM [ARG]...")
    program = Path(words[0])
    if not program.is_file():
        raise Failure(f"{program}: expected a program to record, found no file")
    last: Part | None = None
    calls = -1

    def followed(parts: Iterator[Part]) -> Iterator[Part]:
        nonlocal last, calls
        for calls, last in enumerate(parts):
            yield last
        if calls == 0:
            raise TracerError(f"{program}: {_NO_CALL}")

    with _tracing():
        write_file(output, followed(_trace(program, words[1:], source, tracer_name, sys.stdout)))
    click.echo(f"{output}: {calls} calls, {last}", err=True)
    return not (isinstance(last, End) and last.how is How.EXIT and not last.inside)


_NO_CALL = (
    "no call of os_malloc() and the like was seen; is it linked with -losmem, and does it make any?"
)


@contextmanager
def _tracing() -> Iterator[None]:
    try:
        yield
    except (BuildError, SuiteError, TracerError) as error:
        _fail(error)
    except OSError as error:
        raise Failure(_told(error)) from error


def _trace(
    program: Path, args: tuple[str, ...], source: Path, tracer_name: str, output: TextIO
) -> Iterator[Part]:
    _require("make", "gcc", "nm", "readelf", "prlimit")
    tracer = choose_tracer(tracer_name)
    library = build_library(source, load_suite(_DEFAULT_SUITE).build_limits)
    return trace_once(program, args, library, tracer, output.fileno())


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
    calls = -1
    with _tracing():
        for calls, part in enumerate(_trace(program, args, source, tracer_name, sys.stderr)):
            click.echo("\n".join(part.lines()))
    if calls == 0:
        click.echo(f"{program}: {_NO_CALL}", err=True)


def _allocators(source: Path, against: str) -> list[Allocator]:
    """The library of ``source``, and those named in a list with commas."""
    limits = load_suite(_DEFAULT_SUITE).build_limits
    name = "osmem" if source == _DEFAULT_SOURCE else str(source)
    others = [named_allocator(other.strip(), limits) for other in against.split(",")]
    return [library_allocator(name, source, limits), *others]


@main.command("replay")
@click.argument(
    "workloads",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE...",
)
@_source
@click.option(
    "--against",
    default="glibc",
    show_default=True,
    metavar="NAMES",
    help="With commas: glibc, jemalloc, mimalloc, tcmalloc, or paths of a libosmem.so, its folder"
    " or its sources.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="Take the time of the fastest of so many.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=120,
    show_default=True,
    metavar="N",
    help="Give up an allocator that takes longer for a workload.",
)
@_json
def replay_command(
    workloads: tuple[Path, ...],
    source: Path,
    against: str,
    rounds: int,
    seconds: float,
    json_file: TextIO | None,
) -> None:
    """Play workloads through allocators, side by side, and print time and utilisation.

    A workload is a file of calls, such as those in bench/workloads; docs/workloads.md has the
    format. The ratios are to the first allocator, the one of --src.
    """
    _require("make", "gcc", "nm", "prlimit")
    try:
        build_replayer()
        allocators = _allocators(source, against)
        check_replay(workloads, allocators, seconds)
        played = replay_report.show(
            terminal.make_console(),
            [workload.stem for workload in workloads],
            allocators,
            replay(workloads, allocators, rounds, seconds),
        )
    except (AllocatorError, BuildError, ReplayError, SuiteError) as error:
        _fail(error)
    if json_file is not None:
        json_file.write(replay_report.render(played))
    sys.exit(any(result.figures is None for result in played))


@main.command("grade")
@click.argument("submissions", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the gradebook goes, and a folder for each submission.",
)
@_suite
@_jobs
@click.option(
    "--resume/--fresh", "resume", default=True, help="Go on where the last call was, or begin anew."
)
@click.option("--only", multiple=True, metavar="NAME", help="Grade this submission; repeatable.")
@click.option("--db", "database", metavar="URL", help="Keep grades there, and not in DIR.")
@click.option("--seed", metavar="TEXT", help="Draw sizes from this, to get the same ones again.")
@click.option("--style/--no-style", default=True, help="Look at the style of the sources.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(("gradescope", "github", "junit", "text", "vpl")),
    help="Also write each grade in this format; repeatable.",
)
@click.option("--no-sandbox", is_flag=True, help="Run what others wrote as yourself. Don't.")
def grade_command(
    submissions: Path,
    out: Path,
    suite_path: Path,
    jobs: int,
    resume: bool,
    only: tuple[str, ...],
    database: str | None,
    seed: str | None,
    style: bool,
    formats: tuple[str, ...],
    no_sandbox: bool,
) -> None:
    """Grade a folder of submissions, archives or folders, each in a sandbox.

    What was graded before is not graded again: the same call goes on where the last one ended.
    """
    # Only grading needs a database, which takes longer to load than a test to run.
    from harness.grading.batch import BatchError
    from harness.grading.session import Options, grade_folder
    from harness.grading.store import StoreError

    suite = _load(suite_path)
    _require("make", "gcc", "nm", "prlimit", "ltrace", *(("cppcheck", "cpplint") if style else ()))
    if not no_sandbox:
        _require(*_SANDBOX_TOOLS)
    options = Options(
        submissions, out, only, jobs, not resume, seed, database, not no_sandbox, style, formats
    )
    try:
        sys.exit(grade_folder(suite, Ltrace(), options, terminal.make_console()))
    except (BatchError, StoreError, SuiteError, BuildError, SandboxError) as error:
        _fail(error)
    except KeyboardInterrupt:
        click.echo("what was graded is kept; the same command goes on where it was", err=True)
        raise


@main.command("list")
@_suite
def list_command(suite_path: Path) -> None:
    """Print the tests and what each is worth."""
    terminal.show_list(terminal.make_console(), _load(suite_path))


main.add_command(diff_command)
main.add_command(stat_command)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def run() -> NoReturn:
    """Runs the command that was given and exits. However it ends, no program it started is left."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_INTERRUPTED)
    except OSError as error:
        click.echo(f"Error: {_told(error)}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
    sys.exit(0)
