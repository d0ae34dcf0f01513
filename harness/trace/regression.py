"""Comparing two traces of one workload: before and after a change of the allocator."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.trace.compare import Difference, first_difference
from harness.trace.statistics import FIGURES, Meter, Statistics
from harness.trace.trace import End, Part

ALL = "all"
"""The name of the allowance for all figures without one of their own."""
_ALLOWANCE = re.compile(r"(?P<name>\w+)=(?P<sign>[+-]?)(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far a figure may move.

    ``+2%`` allows up to 2% more, and any less; ``-2%`` up to 2% less, and any more; ``2%`` up to 2%
    either way. Without the %, the number is in the unit of the figure.
    """

    name: str
    sign: str
    """``+``, ``-``, or nothing."""
    number: float
    relative: bool

    def covers(self, before: float, after: float) -> bool:
        """Return whether the figure may move from ``before`` to ``after``."""
        margin = self.number * before / 100 if self.relative else self.number
        too_much = self.sign != "-" and after > before + margin
        too_little = self.sign != "+" and after < before - margin
        return not too_much and not too_little


def parse_allowance(text: str) -> Allowance:
    """Read ``NAME=[+|-]NUMBER[%]``. Raises `ValueError` with a message."""
    match = _ALLOWANCE.fullmatch(text)
    if match is None:
        raise ValueError(f"expected NAME=+NUMBER or NAME=+NUMBER%, found {text!r}")
    if match["name"] not in (ALL, *FIGURES):
        raise ValueError(f"expected {ALL} or one of {', '.join(FIGURES)}, found {match['name']!r}")
    return Allowance(match["name"], match["sign"], float(match["number"]), bool(match["percent"]))


@dataclass(frozen=True, slots=True)
class Side:
    """The statistics and the end of a trace."""

    statistics: Statistics
    end: End


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two traces side by side."""

    before: Side
    after: Side
    difference: Difference | None
    """The first place where they differ; None if they are the same."""
    refused: tuple[str, ...]
    """The names of the figures that moved further than allowed."""
    passed: bool


class _Measured:
    """A stream of parts that is measured as it is read."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._meter = Meter()
        self._rest = self._meter.watch(parts)
        self._last: Part | None = None

    def __iter__(self) -> Iterator[Part]:
        for self._last in self._rest:
            yield self._last

    def finish(self) -> Side:
        """Read the rest of the trace, and return its statistics."""
        deque(self, maxlen=0)
        assert isinstance(self._last, End)
        return Side(self._meter.statistics(), self._last)


def measure(parts: Iterable[Part]) -> Side:
    """Return the statistics and the end of a trace."""
    return _Measured(parts).finish()


def compare(
    before: Iterable[Part], after: Iterable[Part], allowances: Mapping[str, Allowance]
) -> Comparison:
    """Compare two traces.

    Without allowances, every line has to be the same. With allowances, only the figures and the end
    of the program count: each figure may move as far as its allowance says.
    """
    left, right = _Measured(before), _Measured(after)
    difference = first_difference(left, right)
    old, new = left.finish(), right.finish()
    refused = tuple(
        name
        for name in FIGURES
        if not _is_allowed(allowances, name, old.statistics[name], new.statistics[name])
    )
    same = old.end == new.end and not refused if allowances else difference is None
    return Comparison(old, new, difference, refused, same)


def _is_allowed(
    allowances: Mapping[str, Allowance], name: str, before: float, after: float
) -> bool:
    allowance = allowances.get(name) or allowances.get(ALL)
    return before == after or (allowance is not None and allowance.covers(before, after))
