"""The arguments and options that several commands share."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click
from click.core import ParameterSource

from harness.execution.build import ROOT, Library, build_library
from harness.execution.walls import AUTO as STRONGEST, CHOICES
from harness.suite import Suite, SuiteError, load_suite
from harness.tracers.select import AUTO, TRACERS

DEFAULT_SUITE = ROOT / "tests" / "suite.toml"
DEFAULT_SOURCE = ROOT / "src"

tests_argument = click.argument("tests", nargs=-1, metavar="[TEST]...")
test_argument = click.argument("test", metavar="TEST")
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
# One more than can run at a time: each of them waits now and then, for a disk or a process to end.
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1),
    default=len(os.sched_getaffinity(0)) + 1,
    metavar="N",
    help="Run N tests, or grade N submissions, at a time."
    "  [default: one more than there are processors]",
)
course_option = click.option(
    "--course",
    "course_path",
    type=click.Path(path_type=Path),
    default=Path("course.toml"),
    metavar="FILE",
    help="Use the settings in this file.  [default: course.toml]",
)
lower_option = click.option(
    "--lower", is_flag=True, help="With --compare: let grades become lower."
)
sandbox_kind_option = click.option(
    "--sandbox-kind",
    type=click.Choice(CHOICES),
    help="Use sandboxes of this kind.  [default: the strongest that can be made here]",
)

no_sandbox_option = click.option(
    "--no-sandbox",
    is_flag=True,
    help="Run submissions unsandboxed, with your own rights. Dangerous.",
)


def require_compared(lower: bool, compare: Path | None) -> None:
    """Refuse --lower without --compare: nothing would be compared."""
    if lower and not compare:
        raise click.UsageError("--lower: expected --compare with it, found none")


def choose_sandbox_kind(kind: str | None, no_sandbox: bool) -> str | None:
    """Return the kind of sandbox that the options ask for; None if they ask for no sandbox."""
    if no_sandbox and kind:
        raise click.UsageError("expected --sandbox-kind or --no-sandbox, found both")
    return None if no_sandbox else kind or STRONGEST


def choose_tests(path: Path, names: tuple[str, ...] = ()) -> Suite:
    """Return the suite in a file, with the tests of these names, or all if none is named. Its paths
    are relative to the working folder if possible, which is shorter to show."""
    here = Path.cwd()
    return load_suite(path.relative_to(here) if path.is_relative_to(here) else path).select(names)


def choose_test(path: Path, name: str) -> Suite:
    """Return the suite in a file with only the test of this name. Raises `SuiteError`."""
    suite = choose_tests(path, (name,))
    if len(suite.tests) > 1:
        found = ", ".join(test.name for test in suite.tests)
        raise SuiteError(f"{name}: expected the name of one test, found several: {found}")
    return suite


def suite_given() -> bool:
    """Return whether --suite was on the command line."""
    given = click.get_current_context().get_parameter_source("suite_path")
    return given is not ParameterSource.DEFAULT


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
