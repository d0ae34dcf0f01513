"""Two traces of the same workload, before and after a change of the allocator."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.trace.compare import Difference, first_difference
from harness.trace.statistics import FIGURES, Figures, Meter
from harness.trace.trace import End, Part

ALL = "all"
"""In an allowance, the figures that have none of their own."""
_ALLOWANCE = re.compile(r"(?P<name>\w+)=(?P<sign>[+-]?)(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far a figure may move: ``+2%`` is up to 2% more, or any less; ``-2%`` up to 2% less, or
    any more; ``2%`` either way. Without the % it is a number of whatever the figure counts."""

    name: str
    sign: str
    """``+``, ``-``, or nothing."""
    number: float
    relative: bool

    def covers(self, before: float, after: float) -> bool:
        """Whether the figure may move from ``before`` to ``after``."""
        far = self.number * before / 100 if self.relative else self.number
        more, less = self.sign != "-", self.sign != "+"
        return not (more and after > before + far) and not (less and after < before - far)


def parse_allowance(text: str) -> Allowance:
    """Reads ``NAME=[+|-]NUMBER[%]``; raises `ValueError` with a message."""
    match = _ALLOWANCE.fullmatch(text)
    if match is None:
        raise ValueError(f"expected NAME=+NUMBER or NAME=+NUMBER%, found {text!r}")
    if match["name"] not in (ALL, *FIGURES):
        raise ValueError(f"expected {ALL} or one of {', '.join(FIGURES)}, found {match['name']!r}")
    return Allowance(match["name"], match["sign"], float(match["number"]), bool(match["percent"]))


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the traces comes to."""

    figures: Figures
    end: End


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two traces side by side."""

    before: Side
    after: Side
    difference: Difference | None
    """The first place where they differ."""
    refused: tuple[str, ...]
    """The figures that moved further than is allowed."""
    passed: bool


class _Follower:
    """Reads a trace and measures it on the way."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._meter = Meter()
        self._rest = self._meter.watch(parts)
        self._last: Part | None = None

    def __iter__(self) -> Iterator[Part]:
        for self._last in self._rest:
            yield self._last

    def finish(self) -> Side:
        """Reads what nobody has read."""
        deque(self, maxlen=0)
        assert isinstance(self._last, End)
        return Side(self._meter.figures(), self._last)


def measure(parts: Iterable[Part]) -> Side:
    """What a trace comes to."""
    return _Follower(parts).finish()


def compare(
    before: Iterable[Part], after: Iterable[Part], allowances: Mapping[str, Allowance]
) -> Comparison:
    """Without allowances, the traces have to be the same line by line. With some, the figures
    count: those that are allowed to move may do so, so far; and the program's end."""
    left, right = _Follower(before), _Follower(after)
    difference = first_difference(left, right)
    old, new = left.finish(), right.finish()
    refused = tuple(
        name
        for name in FIGURES
        if old.figures[name] != new.figures[name]
        and not _is_allowed(allowances, name, old.figures[name], new.figures[name])
    )
    same = old.end == new.end and not refused if allowances else difference is None
    return Comparison(old, new, difference, refused, same)


def _is_allowed(
    allowances: Mapping[str, Allowance], name: str, before: float, after: float
) -> bool:
    allowance = allowances.get(name) or allowances.get(ALL)
    return allowance is not None and allowance.covers(before, after)
