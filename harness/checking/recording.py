"""Recording traces: the references of a suite, and the traces of other programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.checking.check import Setup, verdict_on
from harness.checking.explain import what_differs
from harness.checking.invocation import Invocation, missing_calls, trace_program
from harness.errors import UserError
from harness.results.verdict import Outcome, Recorded, Reference, Verdict
from harness.specification.model import expect
from harness.specification.policy import Policy
from harness.trace.compare import first_difference
from harness.trace.file import write_file
from harness.trace.trace import End, Part, Trace
from harness.tracers.tracer import Tracer


def record_references(setup: Setup, force: bool) -> Iterator[Recorded]:
    """Run all tests and keep their traces as the references.

    A trace that breaks off, leaks or is invalid is refused, and the old reference stays. So is a
    trace that the model does not give, unless ``force`` is set. Raises `UserError` if a reference
    can't be written.
    """
    for test in setup.suite.tests:
        # Compared with itself, a trace passes if it is sound.
        verdict = verdict_on(setup, test, lambda run: run.trace)
        if why := _why_no_reference(verdict, setup.suite.policy, force):
            yield Recorded(test, Reference.REFUSED, why)
        else:
            assert verdict.found is not None, "it passed"
            yield Recorded(test, _keep(verdict.found, test.reference))


def _why_no_reference(verdict: Verdict, policy: Policy, force: bool) -> str:
    """Return why a verdict's trace can't be a reference; empty if it can."""
    if verdict.outcome is not Outcome.PASSED or verdict.found is None:
        return f"{verdict.outcome}: {verdict.reason}"
    if not verdict.found.calls:
        return "its program makes no call of the allocator"
    if force:
        return ""
    calls = tuple(step.call for step in expect(verdict.found.calls, policy))
    expected = Trace(calls, verdict.found.end, verdict.found.marks)
    difference = first_difference(expected.parts(), verdict.found.parts())
    if difference is None:
        return ""
    return f"the model disagrees: {what_differs(difference)}; --force records it nevertheless"


def _keep(trace: Trace, path: Path) -> Reference:
    """Write a reference, unless it is unchanged."""
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
        raise UserError(f"{path}: can't be written: {error.strerror}") from error
    return kept


def record_program(invocation: Invocation, tracer: Tracer, output: Path) -> tuple[int, End]:
    """Run a program, which prints to the checker's own output, and keep its trace in a file.

    Returns the number of calls, and how the program ended. Raises `UserError` if there is nothing
    to record, or `OSError`.
    """
    program = invocation.program
    if not program.is_file():
        raise UserError(f"{program}: expected a program to record, found no file")
    if not output.absolute().parent.is_dir():
        raise UserError(f"{output}: expected a folder {output.parent}, found none", "make it first")
    calls = -1
    last: Part | None = None

    def counted() -> Iterator[Part]:
        nonlocal calls, last
        for calls, last in enumerate(trace_program(invocation, tracer, 1)):
            yield last
        if calls == 0 and isinstance(last, End):
            raise UserError(f"{program}: {missing_calls(calls, last)}")

    write_file(output, counted())
    assert isinstance(last, End)
    return calls, last
