"""Running a suite's tests against a library: build, trace, judge."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import DEVNULL

from harness.build import LIBRARY, BuildError, Library, build_library, build_programs
from harness.canonical import canonicalise
from harness.judge import Run, first_line, judge
from harness.policy import Policy
from harness.process import UNLIMITED, stop_all
from harness.suite import Suite, SuiteError, Test
from harness.trace import Trace, TraceError, read_trace_file
from harness.tracers import Command, Tracer
from harness.verdict import Outcome, Recorded, Reference, Verdict

_TOLD_BYTES = 4096


class CannotRun(Exception):
    """A test could not be run, through no fault of the library."""


Expected = Callable[[Run], Trace | None]
"""Gives the trace that a run is held against; None where there is none."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a suite's tests run with: either may not have come to be."""

    library: Library | BuildError
    programs: Mapping[str, Path | BuildError]


def build(suite: Suite, source: Path, jobs: int) -> Built:
    """Builds the library in ``source`` and the suite's programs, at the same time."""
    with ThreadPoolExecutor(1) as executor:
        programs = executor.submit(build_programs, suite, jobs)
        try:
            return Built(build_library(source, suite.build_limits), programs.result())
        except BuildError as error:
            return Built(error, programs.result())


def environment(library: Library, policy: Policy) -> dict[str, str]:
    """What a traced program finds in its environment: nothing of ours but the library."""
    env = {"PATH": "/usr/bin:/bin", "LANG": "C", "LD_LIBRARY_PATH": str(library.folder)}
    if conf := policy.as_conf():
        env["OSMEM_CONF"] = conf
    return env


def trace_program(
    program: Path, library: Library, suite: Suite, tracer: Tracer, scratch: Path
) -> Run:
    """One traced run, with ``scratch`` as its folder."""
    raw, output = scratch / "trace.raw", scratch / "stderr"
    home = scratch / "home"
    home.mkdir()
    with output.open("wb") as stderr:
        env = environment(library, suite.policy)
        command = Command([str(program)], env, home, DEVNULL, DEVNULL, stderr)
        finished = tracer.run(command, raw, suite.run_limits)
    raw.touch()
    with output.open("rb") as said:
        told = first_line(said.read(_TOLD_BYTES))
    return Run(canonicalise(tracer.events(raw)), finished, told, library.missing)


def _run_test(suite: Suite, built: Built, tracer: Tracer, test: Test) -> Run:
    """Raises `BuildError` where there is nothing to run."""
    program = built.programs[test.name]
    if isinstance(built.library, BuildError):
        raise built.library
    if isinstance(program, BuildError):
        raise CannotRun(f"its program could not be built: {program}")
    with tempfile.TemporaryDirectory(
        prefix="osmem-", dir=Path(tempfile.gettempdir()).absolute()
    ) as scratch:
        run = trace_program(program, built.library, suite, tracer, Path(scratch))
    if not (built.library.folder / LIBRARY).exists():
        raise CannotRun(f"{built.library.folder / LIBRARY} has gone while the test was running")
    return run


def _verdict(suite: Suite, built: Built, tracer: Tracer, test: Test, expected: Expected) -> Verdict:
    try:
        run = _run_test(suite, built, tracer, test)
        return judge(test, expected(run), run, suite.policy, suite.run_limits)
    except TraceError as error:
        return Verdict(test, Outcome.SKIPPED, str(error), "record it with ./checker.py record")
    except BuildError as error:
        return Verdict(test, Outcome.NOT_BUILT, str(error), f"see {error.log}" if error.log else "")
    except (CannotRun, OSError) as error:
        return Verdict(test, Outcome.SKIPPED, f"it could not be run: {error}")


def check_test(suite: Suite, built: Built, tracer: Tracer, test: Test) -> Verdict:
    """The verdict on one test, whatever its program does."""

    def reference(run: Run) -> Trace | None:
        return read_trace_file(test.reference) if test.reference.exists() else None

    return _verdict(suite, built, tracer, test, reference)


def check(suite: Suite, built: Built, tracer: Tracer, jobs: int) -> Iterator[Verdict]:
    """The verdicts on all tests, in the suite's order, each as soon as it is known."""
    executor = ThreadPoolExecutor(jobs)
    try:
        yield from executor.map(partial(check_test, suite, built, tracer), suite.tests)
    except BaseException:  # interrupted: what is still running is of no use
        stop_all()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def record(suite: Suite, built: Built, tracer: Tracer) -> Iterator[Recorded]:
    """Runs all tests and keeps their traces as the references. A trace that broke off, leaks or is
    invalid is no reference: the old one stays.

    Raises `SuiteError` if a reference can't be written.
    """
    for test in suite.tests:
        # Against itself a trace passes if it is sound.
        verdict = _verdict(suite, built, tracer, test, lambda run: run.trace)
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


def trace_once(argv: list[str], library: Library, tracer: Tracer) -> Trace:
    """The trace of any program, run as the user would run it, with ``library`` where it finds no
    libosmem.so of its own. What it prints goes to standard error. Raises `OSError`."""
    paths = [os.environ.get("LD_LIBRARY_PATH", ""), str(library.folder)]
    env = {**os.environ, "LD_LIBRARY_PATH": ":".join(filter(None, paths))}
    with tempfile.TemporaryDirectory(prefix="osmem-") as scratch:
        raw = Path(scratch) / "trace.raw"
        command = Command(
            argv, env, None, sys.stdin.fileno(), sys.stderr.fileno(), sys.stderr.fileno()
        )
        tracer.run(command, raw, UNLIMITED)
        raw.touch()
        return canonicalise(tracer.events(raw))
