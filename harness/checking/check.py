"""Running a suite's tests against a library: build, trace, judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.execution.build import LIBRARY, BuildError, Library, build_library
from harness.checking.judge import judge
from harness.checking.programs import build_programs
from harness.checking.run import Run, Runner
from harness.execution.sandbox import Sandbox
from harness.suite import Suite, SuiteError, Test
from harness.trace.trace import Trace
from harness.trace.file import read_trace_file
from harness.trace.text import TraceError
from harness.tracers.tracer import Tracer, TracerError
from harness.results.verdict import Outcome, Recorded, Reference, Verdict
from harness.execution.workers import Workers, result_of


class CannotRun(Exception):
    """A test could not be run, through no fault of the library."""


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
    later what runs with it, in sandboxes if so wanted."""
    workshop = Sandbox(suite.build_limits) if sandboxed else None
    stage = Sandbox(suite.run_limits) if sandboxed else None
    runner = Runner(tracer, suite.policy, suite.run_limits, stage)
    library: Library | BuildError
    with Workers(1) as workers:
        programs = workers.submit(build_programs, suite, jobs)
        workers.begin()
        try:
            library = build_library(source, suite.build_limits, workshop, flags=suite.compiler)
        except BuildError as error:
            library = error
        built = result_of(programs)
        return Setup(suite, library, built, runner)


def _run_test(setup: Setup, test: Test) -> Run:
    """Raises `BuildError` or `CannotRun` where there is nothing to run."""
    library, program = setup.library, setup.programs[test.name]
    if isinstance(library, BuildError):
        raise library
    if isinstance(program, BuildError):
        raise CannotRun(f"its program could not be built: {program}")
    run = setup.runner.run(program, library, moves_break=test.moves_break)
    if not (library.folder / LIBRARY).exists():
        raise CannotRun(f"{library.folder / LIBRARY} has gone while the test was running")
    return run


def _verdict(setup: Setup, test: Test, expected: Expected) -> Verdict:
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
    except (CannotRun, OSError) as error:
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

    return _verdict(setup, test, reference)


def check(setup: Setup, jobs: int) -> Iterator[Verdict]:
    """The verdicts on all tests, in the suite's order, each as soon as it is known."""
    with Workers(jobs) as workers:
        futures = [workers.submit(check_test, setup, test) for test in setup.suite.tests]
        workers.begin()
        yield from (result_of(future) for future in futures)


def record(setup: Setup) -> Iterator[Recorded]:
    """Runs all tests and keeps their traces as the references. A trace that broke off, leaks or is
    invalid is no reference: the old one stays.

    Raises `SuiteError` if a reference can't be written.
    """
    for test in setup.suite.tests:
        # Against itself a trace passes if it is sound.
        verdict = _verdict(setup, test, lambda run: run.trace)
        if verdict.outcome is not Outcome.PASSED or verdict.found is None:
            yield Recorded(test, Reference.REFUSED, f"{verdict.outcome}: {verdict.reason}")
        elif not verdict.found.calls:
            yield Recorded(test, Reference.REFUSED, "its program makes no call of the allocator")
        else:
            yield Recorded(test, _keep(verdict.found, test.reference))


def _keep(trace: Trace, path: Path) -> Reference:
    """Writes a reference, if it is not what it was."""
    text = trace.text()
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = Reference.NEW
        elif path.read_text(encoding="utf-8", errors="replace") == text:
            return Reference.UNCHANGED
        else:
            kept = Reference.CHANGED
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SuiteError(f"{path}: can't be written: {error.strerror}") from error
    return kept
