"""Two traces as rows of a page: equal rows folded, and long traces cut to where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest

from harness.reports.audience import tr
from harness.text import printable
from harness.trace.pairs import Pair
from harness.trace.trace import UNKNOWN_NOTE, Call, Trace, shortened

_AROUND = 3
"""The calls shown before and after a call that differs."""
_LONGEST_RUN = 300
"""The calls of a run that are written out. The rest is told by its number; `checker.py trace` shows
it."""
_MOST_RUNS = 60
_MOST_LINES = 40
"""The lines of a call that are written out: it may make requests without end."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of each trace, and how they compare."""

    expected: str
    found: str
    mark: str
    """``same``, ``differs``, or ``other`` for a difference that is not judged."""


@dataclass(frozen=True, slots=True)
class Run:
    """Calls that are shown, or folded, together."""

    title: str
    """The phase that begins with it; may be empty."""
    rows: tuple[Row, ...]
    calls: int
    folded: bool
    omitted: int
    """The calls at its end that are left out."""
    changed: bool
    """Whether there are differences, judged or not."""


def lines_of(call: Call | None) -> list[str]:
    """Return the first lines of a call, without what is equal in all correct mappings."""
    if call is None:
        return []
    lines = list(call.lines())
    more = len(lines) - _MOST_LINES
    first = [printable(shortened(line.removesuffix(UNKNOWN_NOTE))) for line in lines[:_MOST_LINES]]
    return [*first, "  " + tr(f"{more} more")] if more > 0 else first


def paired_lines(pair: Pair) -> tuple[list[str], list[str]]:
    """Return the first lines of both calls of a pair."""
    expected = lines_of(pair.expected)
    return expected, expected if pair.same else lines_of(pair.found)


def mark_of(pair: Pair) -> str:
    """Return how the calls of a pair compare."""
    if pair.same:
        return "same"
    return "differs" if pair.counts else "other"


def runs(pairs: Sequence[Pair]) -> list[Run]:
    """Return the rows of paired traces; those far from any difference are folded."""
    near = _near_differences(pairs)
    keys = [(pair.phase, at in near) for at, pair in enumerate(pairs)]
    found: list[Run] = []
    phase = None
    for (this, shown), group in groupby(range(len(pairs)), lambda at: keys[at]):
        if len(found) == _MOST_RUNS:
            break
        calls = [pairs[at] for at in group]
        title = str(this) if this is not None and this != phase else ""
        rows = tuple(row for pair in calls[:_LONGEST_RUN] for row in _rows(pair))
        omitted = max(len(calls) - _LONGEST_RUN, 0)
        changed = any(not pair.same for pair in calls)
        found.append(Run(title, rows, len(calls), not shown, omitted, changed))
        phase = this
    return found


def end_row(expected: Trace | None, found: Trace) -> Row:
    """Return the row of the ends of the traces."""
    left = printable(str(expected.end)) if expected else ""
    right = printable(str(found.end))
    return Row(left, right, "same" if not expected or left == right else "differs")


def _near_differences(pairs: Sequence[Pair]) -> set[int]:
    return {
        near
        for at, pair in enumerate(pairs)
        if mark_of(pair) == "differs"
        for near in range(at - _AROUND, at + _AROUND + 1)
    }


def _rows(pair: Pair) -> Iterator[Row]:
    mark = mark_of(pair)
    for left, right in zip_longest(*paired_lines(pair), fillvalue=""):
        yield Row(left, right, "same" if left == right else mark)
