"""Comparing the expected trace with the one that was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from harness.trace.trace import Call, Part, Trace


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two traces differ."""

    line: int
    """The number of the line, from 1; it is the same in both texts."""
    call: int
    """The number of the call, from 1; one more than there are calls if only the ends differ."""
    expected: Call | None
    """None if the expected trace has ended."""
    found: Call | None
    """None if the found trace has ended."""


def first_difference(expected: Iterable[Part], found: Iterable[Part]) -> Difference | None:
    """Return where two traces part, and read no further; None if they are the same."""
    line = 1
    for number, (left, right) in enumerate(zip(expected, found), 1):
        # Reading the same line twice mostly gives the same object, which is fast to compare.
        if left is not right and left != right:
            return Difference(line + _first_line(left, right), number, _call(left), _call(right))
        line += 1 + (len(left.requests) if isinstance(left, Call) else 0)
    return None


def _first_line(left: Part, right: Part) -> int:
    """Return the index of the first line that differs."""
    pairs = list(zip_longest(left.lines(), right.lines()))
    return next(index for index, (one, other) in enumerate(pairs) if one != other)


def _call(part: Part) -> Call | None:
    return part if isinstance(part, Call) else None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of each of two traces, with its number; None if a trace has no line there."""

    expected: tuple[int, str] | None
    found: tuple[int, str] | None

    @property
    def same(self) -> bool:
        return (
            self.expected is not None
            and self.found is not None
            and self.expected[1] == self.found[1]
        )


_Lines = list[tuple[int, str]]


def _numbered(trace: Trace) -> list[_Lines]:
    """Return the numbered lines of each part."""
    parts = [list(part.lines()) for part in trace.parts()]
    firsts = accumulate(map(len, parts), initial=1)
    return [list(enumerate(part, first)) for part, first in zip(parts, firsts)]


def side_by_side(expected: Trace, found: Trace) -> Iterator[Row]:
    """Yield the lines of both: the N-th call beside the N-th call, the end beside the end."""
    *expected_calls, expected_end = _numbered(expected)
    *found_calls, found_end = _numbered(found)
    nothing: _Lines = []
    pairs = [
        *zip_longest(expected_calls, found_calls, fillvalue=nothing),
        (expected_end, found_end),
    ]
    for left, right in pairs:
        for rows in zip_longest(left, right):
            yield Row(*rows)


def around(rows: list[Row], before: int, after: int) -> list[Row]:
    """Return the rows around the first that differs."""
    first = next((i for i, row in enumerate(rows) if not row.same), 0)
    return rows[max(first - before, 0) : first + after + 1]
