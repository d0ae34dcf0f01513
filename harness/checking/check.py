"""Running a suite's tests against a library: build, trace, judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.execution.build import LIBRARY, Library, build_library
from harness.execution.build_error import BuildError
from harness.checking.judge import judge
from harness.checking.programs import build_programs
from harness.checking.run import Run, Runner, scratch_folder
from harness.execution.sandbox import Sandbox, require_sandbox
from harness.execution.tools import SANDBOX_TOOLS, require_tools
from harness.suite import Suite, Test
from harness.trace.trace import Trace
from harness.trace.file import read_trace_file
from harness.trace.text import TraceError
from harness.tracers.tracer import Tracer, TracerError
from harness.results.verdict import Outcome, Verdict
from harness.execution.workers import Workers, result_of


Expected = Callable[[Run], Trace | None]
"""Gives the trace that a run is held against; None where there is none."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a suite's tests are run with; the library and the programs may not have come to be."""

    suite: Suite
    library: Library | BuildError
    programs: Mapping[str, Path | BuildError]
    runner: Runner


def set_up(suite: Suite, source: Path, tracer: Tracer, jobs: int, sandboxed: bool = False) -> Setup:
    """Builds the library in ``source`` and the suite's programs, at the same time; the library, and
    later what runs with it, in sandboxes if so wanted. Raises `UserError` where a tool is missing,
    or no sandbox can be made."""
    if sandboxed:
        require_tools(*SANDBOX_TOOLS)
        with scratch_folder() as scratch:
            require_sandbox(Sandbox(suite.run_limits), scratch)
    build_sandbox = Sandbox(suite.build_limits) if sandboxed else None
    run_sandbox = Sandbox(suite.run_limits) if sandboxed else None
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
    """Raises `BuildError` or `UserError` where there is nothing to run."""
    library, program = setup.library, setup.programs[test.name]
    if isinstance(library, BuildError):
        raise library
    if isinstance(program, BuildError):
        raise UserError(f"its program could not be built: {program}")
    run = setup.runner.run(program, library, moves_break=test.moves_break)
    if not (library.folder / LIBRARY).exists():
        raise UserError(f"{library.folder / LIBRARY} has gone while the test was running")
    return run


def verdict_on(setup: Setup, test: Test, expected: Expected) -> Verdict:
    suite = setup.suite
    try:
        run = _run_test(setup, test)
        return judge(test, expected(run), run, suite.policy, suite.run_limits)
    except TraceError as error:
        return Verdict(test, Outcome.SKIPPED, str(error), "record it with ./checker.py record")
    except BuildError as error:
        return Verdict(test, Outcome.NOT_BUILT, str(error), f"see {error.log}" if error.log else "")
    except TracerError as error:
        return Verdict(test, Outcome.SKIPPED, str(error))
    except (UserError, OSError) as error:
        return Verdict(test, Outcome.SKIPPED, f"it could not be run: {error}")
    except Exception as error:
        # A mistake of ours costs one test its verdict, and not all the others theirs.
        return Verdict(
            test, Outcome.SKIPPED, f"the checker failed: {type(error).__name__}: {error}"
        )


def check_test(setup: Setup, test: Test) -> Verdict:
    """The verdict on one test, whatever its program does."""

    def reference(run: Run) -> Trace | None:
        return read_trace_file(test.reference) if test.reference.exists() else None

    return verdict_on(setup, test, reference)


def check(setup: Setup, jobs: int) -> Iterator[Verdict]:
    """The verdicts on all tests, in the suite's order, each as soon as it is known."""
    with Workers(jobs) as workers:
        futures = [workers.submit(check_test, setup, test) for test in setup.suite.tests]
        workers.begin()
        yield from (result_of(future) for future in futures)
