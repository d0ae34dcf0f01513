"""The expected trace against the one that was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from harness.trace import Call, Trace


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


def first_difference(expected: Trace, found: Trace) -> Difference | None:
    """Where the traces part; None if they are the same."""
    if expected == found:
        return None
    at = next(
        (i for i, pair in enumerate(zip(expected.calls, found.calls)) if pair[0] != pair[1]),
        min(len(expected.calls), len(found.calls)),
    )
    line = next(
        i
        for i, pair in enumerate(zip(expected.lines(), found.lines(), strict=False), 1)
        if pair[0] != pair[1]
    )
    return Difference(line, at + 1, _call(expected, at), _call(found, at))


def _call(trace: Trace, at: int) -> Call | None:
    return trace.calls[at] if at < len(trace.calls) else None


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


def side_by_side(expected: list[str], found: list[str]) -> Iterator[Row]:
    """The lines of both, numbered from 1, those that are alike next to each other."""
    matcher = SequenceMatcher(None, expected, found, autojunk=False)
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        for offset in range(max(i2 - i1, j2 - j1)):
            i, j = i1 + offset, j1 + offset
            yield Row(
                (i + 1, expected[i]) if i < i2 else None,
                (j + 1, found[j]) if j < j2 else None,
            )


def around(rows: list[Row], before: int, after: int) -> list[Row]:
    """The rows around the first that is not the same on both sides."""
    first = next((i for i, row in enumerate(rows) if not row.same), 0)
    return rows[max(first - before, 0) : first + after + 1]
