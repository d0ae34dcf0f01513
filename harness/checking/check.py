"""Checking a library against a suite: build both, run each test, judge it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.checking.judge import judge
from harness.checking.programs import build_programs
from harness.checking.run import Run, Runner, scratch_folder
from harness.errors import UserError
from harness.execution.budget import BudgetUsedUp, charging_this_thread
from harness.execution.build import BUILD, LIBRARY, Library, build_library
from harness.execution.build_error import BuildError
from harness.execution.entrance import build_entrance
from harness.execution.lock import provide_folder
from harness.execution.sandbox import Sandbox, require_sandbox
from harness.execution.workers import Workers, result_of
from harness.results.verdict import Outcome, Verdict
from harness.suite import Suite, Test
from harness.trace.file import read_trace_file
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


def set_up(suite: Suite, source: Path, tracer: Tracer, jobs: int, sandboxed: bool = False) -> Setup:
    """Build the library in ``source`` and the programs of the suite, at the same time.

    If ``sandboxed``, the library is built in a sandbox, and the programs will run in sandboxes.
    Raises `UserError` if a tool is missing, or if no sandbox can be made.
    """
    build_sandbox = run_sandbox = None
    if sandboxed:
        entrance = build_entrance()
        build_sandbox = Sandbox(suite.build_limits, entrance)
        run_sandbox = Sandbox(suite.run_limits, entrance)
        provide_folder(BUILD)
        with scratch_folder(BUILD) as scratch:
            require_sandbox(build_sandbox, scratch, "OSMEM_BUILD")
        with scratch_folder() as scratch:
            require_sandbox(run_sandbox, scratch, "TMPDIR")
    runner = Runner(tracer, suite.policy, suite.run_limits, run_sandbox)
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
        return read_trace_file(test.reference) if test.reference.exists() else None

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
