"""Whether a run was what it seems to be: the test's program made the test's calls, and checked what
it has to."""

from __future__ import annotations

from harness.checking.judgement import Judgement
from harness.checking.run import Run
from harness.checking.set_up import first_departure
from harness.results.verdict import Outcome
from harness.trace.trace import Trace


def judge_tampering(expected: Trace | None, run: Run) -> Judgement | None:
    """Judge a run that is right in all else."""
    return _judge_origin(run) or _judge_set_up(expected, run.trace) or _judge_checks(run)


def _judge_origin(run: Run) -> Judgement | None:
    """Whether the program's own code has made the calls, and told what it has checked."""
    foreign = run.foreign
    if foreign is None:
        return None
    return Judgement(
        Outcome.INVALID,
        f"the library {foreign.what}, {_at(run.trace, foreign.call)}",
        "the test makes its calls and its checks itself, and an allocator leaves its callers alone",
        call=foreign.call,
    )


def _at(trace: Trace, number: int) -> str:
    if number == 0:
        return "before the first call"
    return f"in or after call {number}, {trace.calls[number - 1].head}"


def _judge_set_up(expected: Trace | None, found: Trace) -> Judgement | None:
    """Whether the calls before the judged part were those of the test."""
    number = first_departure(expected, found) if expected is not None else None
    if number is None:
        return None
    number = min(number, len(found.calls))
    return Judgement(
        Outcome.INVALID,
        f"{_at(found, number)}, the calls are not those of the test",
        "the library changed the memory or the course of the test",
        call=number,
    )


def _judge_checks(run: Run) -> Judgement | None:
    """Whether the program has checked what it should have."""
    unchecked = run.unchecked
    if unchecked is None:
        return None
    return Judgement(
        Outcome.INVALID,
        f"call {unchecked.call}, {run.trace.calls[unchecked.call - 1].head}: the library changed"
        f" the memory of the test, which checked {unchecked.found}",
        f"expected the test to check {unchecked.expected}",
        call=unchecked.call,
    )
