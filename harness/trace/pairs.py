"""The calls of two traces in pairs: the calls that the same statement of a program made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from harness.trace.judged import View
from harness.trace.trace import Call, Phase, Trace


@dataclass(frozen=True, slots=True)
class Pair:
    """A call of each trace; None where a trace has none."""

    phase: Phase | None
    """None before the set-up, and in traces without phases."""
    expected: Call | None
    """In the judged part, with relative addresses."""
    found: Call | None
    counts: bool
    """Whether a difference here fails the test: in its judged part, or anywhere in traces that are
    compared as a whole."""

    @property
    def same(self) -> bool:
        return self.expected == self.found


def pairs(expected: Trace, found: Trace) -> list[Pair]:
    """Return the pairs of calls: the N-th call of each phase of one trace beside the N-th call of
    that phase of the other. Traces that do not both reach the judged part are paired as a whole."""
    if expected.before(Phase.JUDGED) is None or found.before(Phase.JUDGED) is None:
        return [Pair(None, *both, True) for both in zip_longest(expected.calls, found.calls)]
    left, right = _by_phase(expected), _by_phase(found)
    return [
        Pair(phase, *both, phase is Phase.JUDGED)
        for phase in (None, *Phase)
        for both in zip_longest(left.get(phase, ()), right.get(phase, ()))
    ]


def _by_phase(trace: Trace) -> dict[Phase | None, tuple[Call, ...]]:
    phases = dict(_phases(trace))
    phases[Phase.JUDGED] = tuple(View(trace).calls())
    return phases


def _phases(trace: Trace) -> Iterator[tuple[Phase | None, tuple[Call, ...]]]:
    starts = [(0, None), *((calls, mark.phase) for calls, mark in trace.marks)]
    ends = [calls for calls, _ in starts[1:]] + [len(trace.calls)]
    for (start, phase), end in zip(starts, ends):
        yield phase, trace.calls[start:end]
