"""Checking a library against a suite: build both, run each test, judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.checking.judge import judge
from harness.checking.programs import build_programs
from harness.checking.run import Run, Runner
from harness.checking.shown import ShownFolders
from harness.errors import UserError
from harness.execution.budget import BudgetUsedUp, charging_this_thread
from harness.execution.build import BUILD, LIBRARY, Library, build_library
from harness.execution.build_error import BuildError
from harness.execution.entrance import build_entrance
from harness.execution.lock import provide_folder
from harness.execution.sandbox import Sandbox, scratch_folder
from harness.execution.walls import Sandboxes, Trial, choose_sandboxes
from harness.execution.workers import Workers, result_of
from harness.results.verdict import Outcome, Verdict
from harness.suite import Suite, Test
from harness.trace.file import read_reference
from harness.trace.text import TraceError
from harness.trace.trace import Trace
from harness.tracers.tracer import Tracer, TracerError

_FIRST_TESTS = 10
"""The number of tests that are run in any case."""

Expected = Callable[[Run], Trace | None]
"""A function that returns the trace that a run is compared with; None if there is none."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the tests of a suite are run with, or why a part of it could not be built."""

    suite: Suite
    library: Library | BuildError
    programs: Mapping[str, Path | BuildError]
    runner: Runner


def make_sandboxes(suite: Suite, kind: str) -> Sandboxes:
    """Return the sandboxes of this kind, for what `set_up` makes of the suite. Raises
    `UserError`."""
    entrance = build_entrance()
    provide_folder(BUILD)
    with scratch_folder(BUILD) as built, scratch_folder() as temporary:
        trials = [
            Trial(suite.build_limits, built, "OSMEM_BUILD"),
            Trial(suite.run_limits, temporary, "TMPDIR"),
        ]
        return choose_sandboxes(kind, entrance, trials)


def set_up(suite: Suite, source: Path, tracer: Tracer, jobs: int) -> Setup:
    """Build the library in ``source`` and the programs of the suite, at the same time. Raises
    `UserError` if a tool is missing."""
    return _build_all(suite, source, Runner(tracer, suite.policy, suite.run_limits, None), jobs)


@contextmanager
def set_up_in(
    sandboxes: Sandboxes | None, suite: Suite, source: Path, tracer: Tracer, jobs: int
) -> Iterator[Setup]:
    """Do the same as `set_up`. With sandboxes, build the library in one, and let the programs run
    in another one, which ends with the ``with`` block. Raises `UserError`."""
    build_sandbox = sandboxes.within(suite.build_limits) if sandboxes is not None else None
    with make_runner(suite, tracer, sandboxes) as runner:
        yield _build_all(suite, source, runner, jobs, build_sandbox)


@contextmanager
def make_runner(
    suite: Suite, tracer: Tracer, sandboxes: Sandboxes | None, top: Path | None = None
) -> Iterator[Runner]:
    """Make the sandbox that programs run in, if any, and what runs them. Its files lie in ``top``,
    as those of `scratch_folder` do. Raises `SandboxError`."""
    limits = suite.run_limits
    if sandboxes is None:
        yield Runner(tracer, suite.policy, limits, None, scratch=top)
        return
    with scratch_folder(top) as folder, sandboxes.within(limits).for_runs(folder) as sandbox:
        yield Runner(tracer, suite.policy, limits, sandbox, ShownFolders(folder), folder)


def _build_all(
    suite: Suite, source: Path, runner: Runner, jobs: int, build_sandbox: Sandbox | None = None
) -> Setup:
    library: Library | BuildError
    with Workers(1) as workers:
        programs = workers.submit(build_programs, suite, jobs)
        workers.begin()
        try:
            library = build_library(source, suite.build_limits, build_sandbox, flags=suite.compiler)
        except BuildError as error:
            library = error
        built = result_of(programs)
        return Setup(suite, library, built, runner)


def _run_test(setup: Setup, test: Test) -> Run:
    """Run the program of a test. Raises `BuildError` or `UserError` if there is nothing to run."""
    library, program = setup.library, setup.programs[test.name]
    if isinstance(library, BuildError):
        raise library
    if isinstance(program, BuildError):
        raise UserError(f"the program of the test could not be built: {program}")
    run = setup.runner.run(program, library, moves_break=test.moves_break)
    if not (library.folder / LIBRARY).exists():
        raise UserError(f"{library.folder / LIBRARY} was removed while the test was running")
    return run


def verdict_on(setup: Setup, test: Test, expected: Expected) -> Verdict:
    """Return the verdict on a test, compared with the trace that ``expected`` returns."""
    suite = setup.suite
    try:
        with charging_this_thread():
            run = _run_test(setup, test)
            return judge(test, expected(run), run, suite.policy, suite.run_limits)
    except BudgetUsedUp as used_up:
        return not_run(test, used_up)
    except TraceError as error:
        return Verdict(test, Outcome.SKIPPED, str(error), "record it with ./checker.py record")
    except BuildError as error:
        return Verdict(test, Outcome.NOT_BUILT, str(error), f"see {error.log}" if error.log else "")
    except TracerError as error:
        return Verdict(test, Outcome.SKIPPED, str(error))
    except (UserError, OSError) as error:
        return Verdict(test, Outcome.SKIPPED, f"the test could not be run: {error}")
    except Exception as error:
        # A mistake in the checker costs this test its verdict, but no other.
        return Verdict(
            test, Outcome.SKIPPED, f"the checker failed: {type(error).__name__}: {error}"
        )


def not_run(test: Test, used_up: BudgetUsedUp) -> Verdict:
    """Return the verdict on a test that no longer fits the budget."""
    return Verdict(test, Outcome.NOT_RUN, f"not run: {used_up}")


def check_test(setup: Setup, test: Test) -> Verdict:
    """Return the verdict on a test, compared with its reference."""

    def reference(run: Run) -> Trace | None:
        return read_reference(test.reference) if test.reference.exists() else None

    return verdict_on(setup, test, reference)


def check(setup: Setup, jobs: int) -> Iterator[Verdict]:
    """Yield the verdict on each test, in the order of the suite, as soon as it is known.

    If none of the first tests comes to its end, the others are not run: a library that hangs in all
    of them would take minutes.
    """
    first, others = setup.suite.tests[:_FIRST_TESTS], setup.suite.tests[_FIRST_TESTS:]
    hangs = True
    for verdict in _verdicts(setup, first, jobs):
        hangs &= verdict.outcome is Outcome.TIMEOUT
        yield verdict
    yield from map(_hangs, others) if hangs else _verdicts(setup, others, jobs)


def _verdicts(setup: Setup, tests: Sequence[Test], jobs: int) -> Iterator[Verdict]:
    with Workers(jobs) as workers:
        futures = [workers.submit(check_test, setup, test) for test in tests]
        workers.begin()
        yield from (result_of(future) for future in futures)


def _hangs(test: Test) -> Verdict:
    reason = f"not run, because none of the first {_FIRST_TESTS} tests came to its end"
    return Verdict(test, Outcome.TIMEOUT, reason)
