"""The expected trace against the one that was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from harness.trace.trace import Call, Part, Trace


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two traces differ."""

    line: int
    """Counted from 1, the same in both texts."""
    call: int
    """The number of the call that differs, counted from 1; one more than there are calls where
    only the end differs."""
    expected: Call | None
    """None where the expected trace has ended."""
    found: Call | None


def first_difference(expected: Iterable[Part], found: Iterable[Part]) -> Difference | None:
    """Where the traces part; None if they are the same. Reads no further than that."""
    line = 1
    for number, (left, right) in enumerate(zip(expected, found), 1):
        # The text of calls that are the same is mostly read only once, and so is the same call.
        if left is not right and left != right:
            return Difference(line + _first_line(left, right), number, _call(left), _call(right))
        line += 1 + (len(left.requests) if isinstance(left, Call) else 0)
    return None


def _first_line(left: Part, right: Part) -> int:
    """The index of the first line that is not the same."""
    pairs = list(zip_longest(left.lines(), right.lines()))
    return next(index for index, (one, other) in enumerate(pairs) if one != other)


def _call(part: Part) -> Call | None:
    return part if isinstance(part, Call) else None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of two traces side by side; None where one of them has no such line."""

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
    """The lines of each call, and then the end's, with their numbers in the text."""
    parts = [*(list(call.lines()) for call in trace.calls), [str(trace.end)]]
    firsts = accumulate(map(len, parts), initial=1)
    return [list(enumerate(part, first)) for part, first in zip(parts, firsts)]


def side_by_side(expected: Trace, found: Trace) -> Iterator[Row]:
    """The lines of both, the N-th call beside the N-th call, and the end beside the end."""
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
    """The rows around the first that is not the same on both sides."""
    first = next((i for i, row in enumerate(rows) if not row.same), 0)
    return rows[max(first - before, 0) : first + after + 1]
