"""The heaps of two traces as data for the script of a page: columns of numbers, compressed.

The data is the length of a header (4 bytes), the header in JSON, and the columns, all of it
compressed, in base64. The header has for each column its type, its first byte and its length;
`harness/reports/html/columns.js` reads them. These are the header's values::

    phases   the index of the pair of calls that each phase begins with, and its name
    lines    for each pair, the line of the test program
    marks    for each pair, 1 if it differs, and 2 if it differs where it is not judged
    texts    for each pair, the text of the expected call, and that of the found one ("=" if they
             are the same), each with a zero byte before it
    sides    for each trace: its title, the bytes of a header (0 if inferred), and the columns
      done     the calls done after each pair (0 for one call in every pair)
      ends     the end of the heap after each call
      grown    what the heap grew by in each call
      blocks, mappings
               their lives, from a call that makes them what they are to one that changes them

Lives lie in the order in which they begin. Their columns are: ``begin``, for each call the number
of lives that begin with it; ``last``, the calls until they are gone, 0 for never; and what they
are. ``ago`` is how many calls before its beginning a block, or what it was a part of, was made.
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from harness.heap.state import Use
from harness.heap.timeline import Timeline
from harness.reports.audience import tr
from harness.reports.html_rows import mark_of, paired_lines
from harness.trace.pairs import Pair
from harness.trace.trace import Call

_USES = list(Use)
_MARKS = ["same", "differs", "other"]
_LARGEST = {"B": 2**8, "I": 2**32}
"""The numbers that each type has room for; other columns are of floating point."""


@dataclass(frozen=True, slots=True)
class Side:
    """The heap of one of the two traces."""

    title: str
    heap: Timeline


def pack(pairs: Sequence[Pair], sides: Sequence[Side]) -> str:
    """Return the data of a heap over time as text without special characters. The last side is that
    of the found calls."""
    columns = _Columns()
    header = {
        "phases": list(_phases(pairs)),
        "lines": columns.add((pair.found or pair.expected or Call("", ())).line for pair in pairs),
        "marks": columns.add(_MARKS.index(mark_of(pair)) for pair in pairs),
        "texts": columns.add(
            "".join(f"\0{text}" for pair in pairs for text in _texts(pair)).encode()
        ),
        "sides": [
            _side(columns, side, [pair.found if last else pair.expected for pair in pairs])
            for last, side in zip((len(sides) == 1, True), sides)
        ],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    content = len(text).to_bytes(4, "little") + text + columns.content
    return base64.b64encode(gzip.compress(content, 6, mtime=0)).decode()


class _Columns:
    """Columns of numbers, one behind the other."""

    def __init__(self) -> None:
        self.content = bytearray()

    def add(self, numbers: Iterable[int]) -> list[Any]:
        """Add a column, and return its type, its first byte and its length."""
        values = list(numbers)
        low, high = min(values, default=0), max(values, default=0)
        kind = next((name for name, end in _LARGEST.items() if low >= 0 and high < end), "d")
        column = array(kind, values)
        if sys.byteorder == "big":
            column.byteswap()
        self.content += bytes(-len(self.content) % 8)
        start = len(self.content)
        self.content += column.tobytes()
        return [kind, start, len(values)]


def _texts(pair: Pair) -> tuple[str, str]:
    left, right = map("\n".join, paired_lines(pair))
    return left, "=" if left == right else right


def _phases(pairs: Sequence[Pair]) -> Iterator[tuple[int, str]]:
    before = None
    for at, pair in enumerate(pairs):
        if pair.phase is not None and pair.phase != before:
            yield at, tr(pair.phase)
        before = pair.phase


def _side(columns: _Columns, side: Side, calls: Sequence[Call | None]) -> dict[str, Any]:
    steps = side.heap.steps
    done = list(accumulate(call is not None for call in calls))
    blocks, mappings = _Lives("mapping", "offset", "size", "use", "ago"), _Lives("number", "length")
    for number, step in enumerate(steps, 1):
        for place in step.removed:
            blocks.end(place, number)
        for b in step.added:
            values = (b.mapping, b.offset, b.size, _USES.index(b.use), number - b.call)
            blocks.begin(b.place, number, values)
        for mapping in step.unmapped:
            mappings.end(mapping, number)
        for new in step.mapped:
            mappings.begin(new.number, number, (new.number, new.length))
    return {
        "title": side.title,
        "header": side.heap.header,
        "done": 0 if done == list(range(1, len(calls) + 1)) else columns.add(done),
        "ends": columns.add(step.end for step in steps),
        "grown": columns.add(sum(growth.size for growth in step.grown) for step in steps),
        "blocks": blocks.add_to(columns, len(steps)),
        "mappings": mappings.add_to(columns, len(steps)),
    }


class _Lives:
    """What begins with a call and ends with another."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._values: list[tuple[int, ...]] = []
        self._first: list[int] = []
        self._last: list[int] = []
        self._alive: dict[object, int] = {}

    def begin(self, key: object, call: int, values: tuple[int, ...]) -> None:
        """Begin a life. It takes the place of the one with this key."""
        self.end(key, call)
        self._alive[key] = len(self._first)
        self._first.append(call)
        self._last.append(0)
        self._values.append(values)

    def end(self, key: object, call: int) -> None:
        """End a life, if there is one with this key."""
        at = self._alive.pop(key, None)
        if at is not None:
            self._last[at] = call - self._first[at]

    def add_to(self, columns: _Columns, calls: int) -> dict[str, list[Any]]:
        """Add the columns of all lives, for so many calls."""
        begin = [0] * calls
        for call in self._first:
            begin[call - 1] += 1
        values = list(zip(*self._values)) or [()] * len(self._names)
        named = dict(zip(self._names, map(columns.add, values)))
        return {"begin": columns.add(begin), "last": columns.add(self._last), **named}
