"""The judged part of a trace: the part that a test compares with its reference.

A test program takes up the preallocation, builds a state in its set-up, and is judged from there to
its clean-up. An allocator with another mistake reaches the same state at other addresses, or with
more or fewer mappings. So an address of the judged part is relative: to the block of the set-up at
or below it in the heap, or in the same mapping; or to the heap's end at the beginning of the judged
part. Mappings are counted from there, too. Requests stay as they are. A trace without marks is
judged as a whole.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from harness.trace.trace import Address, Call, Near, Phase, Request, Trace, Value


_END = "end"
_EARLY = "early"
"""The mappings from before the set-up: "early1", "early2"."""
_HEAP = re.compile(r"heap([+-]0x[0-9a-f]+)")


class View:
    """The judged part of one trace, and its addresses."""

    def __init__(self, trace: Trace) -> None:
        start = trace.before(Phase.JUDGED)
        stop = trace.before(Phase.CLEAN_UP)
        self.start = start or 0
        """The number of calls before the judged part."""
        self.stop = len(trace.calls) if stop is None else stop
        """The number of calls before the clean-up."""
        self._reached = start is not None
        self._trace = trace
        set_up = trace.before(Phase.SET_UP) or 0
        self._blocks: list[tuple[int, str]] = []
        """Those of the set-up in the heap, by their places."""
        self._mapped: dict[int, Near] = {}
        """Where the mappings made before the judged part begin, by their numbers."""
        self._mappings = 0
        """How many these are."""
        self._end: int | None = None
        if self._reached:
            self._look_back(set_up)

    def _look_back(self, set_up: int) -> None:
        blocks: dict[int, str] = {}
        count = 0
        for number, call in enumerate(self._trace.calls[: self.start]):
            for request in call.requests:
                self._make(request)
            if number < set_up or call.function == "os_free":
                continue
            count += 1
            match call.result:
                case Address(offset, None):
                    blocks[offset] = f"block{count}"
                case Address(offset, int(mapping)):
                    self._mapped[mapping] = Near(f"block{count}", -offset)
        self._blocks = sorted(blocks.items())

    def _make(self, request: Request) -> None:
        """Note what a request before the judged part adds to the heap, or the mapping it makes."""
        match request:
            case Request("sbrk", (int(increment),), Address(offset, None)):
                self._end = max(self._end or 0, offset + increment)
            case Request(_, _, Address(_, int(mapping))):
                self._mappings = mapping
                self._mapped[mapping] = Near(f"{_EARLY}{mapping}", 0)

    def value(self, value: Value) -> Value:
        """Return an argument or a result with its address made relative."""
        if not isinstance(value, Address) or not self._reached:
            return value
        if value.mapping is not None:
            return self._mapped_value(value.mapping, value.offset)
        if self._end is not None and value.offset >= self._end:
            return Near(_END, value.offset - self._end)
        at = bisect_right(self._blocks, value.offset, key=lambda block: block[0])
        if at == 0:
            return value
        offset, name = self._blocks[at - 1]
        return Near(name, value.offset - offset)

    def _mapped_value(self, mapping: int, offset: int) -> Value:
        if start := self._mapped.get(mapping):
            return Near(start.name, start.offset + offset)
        return Address(offset, mapping - self._mappings)

    def address(self, value: Value) -> Address | None:
        """Return the address in the heap that a relative one stands for in this trace; None if
        there is none."""
        match value:
            case Address(_, None):
                return value
            case Near(name, offset) if name == _END and self._end is not None:
                return Address(self._end + offset)
            case Near(name, offset):
                start = next((place for place, block in self._blocks if block == name), None)
                return None if start is None else Address(start + offset)
        return None

    def text(self, text: str) -> str:
        """Return a sentence with its addresses made relative."""
        return _HEAP.sub(lambda match: str(self.value(Address(int(match[1], 16)))), text)

    def calls(self) -> Iterator[Call]:
        """Yield the calls of the judged part."""
        for call in self._trace.calls[self.start : self.stop]:
            yield Call(
                call.function,
                tuple(map(self.value, call.args)),
                None if call.result is None else self.value(call.result),
                tuple(
                    Request(r.name, tuple(map(self.value, r.args)), self.value(r.result))
                    for r in call.requests
                ),
                call.finished,
                call.line,
            )

    def trace(self) -> Trace:
        """Return the judged part, with the trace's end."""
        return Trace(tuple(self.calls()), self._trace.end)


def judged_parts(expected: Trace, found: Trace) -> tuple[Trace, Trace]:
    """Return the judged parts of two traces of one program, or the whole traces if one has none."""
    if expected.before(Phase.JUDGED) is None or found.before(Phase.JUDGED) is None:
        return expected, found
    return View(expected).trace(), View(found).trace()
