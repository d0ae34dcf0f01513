"""The heap after a call, as strips of text: the expected one above the one that was found.

The found one is known by what was handed out and given back. A free block that was never in use,
and what lies between blocks, such as the rounding of sizes, can only be inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from harness.heap import state as heap
from harness.heap.exact import exact
from harness.heap.observed import observed
from harness.heap.timeline import Timeline
from harness.reports.heap_text import Block, draw_heap, draw_mapping
from harness.results.verdict import Verdict
from harness.specification.policy import Policy
from harness.trace.judged import View
from harness.trace.trace import Address, Call, Phase, Trace, shortened

_AROUND = 2
"""So many blocks are shown on each side of one that a call changes."""
_WHOLE = 16
"""A heap of so many blocks is shown whole if nothing in it changes, and a larger one at its end."""
_MAPPINGS = 4
"""So many mappings are shown, the latest ones."""


@dataclass
class Side:
    """One of two traces, with its heap."""

    title: str
    trace: Trace
    timeline: Timeline
    policy: Policy

    def __post_init__(self) -> None:
        self.view = View(self.trace)

    @cached_property
    def _judged(self) -> list[Call]:
        return list(self.view.calls())

    def call(self, number: int) -> Call | None:
        """Return a call by its number in the judged part, with relative addresses there. Earlier
        ones have numbers from 0 down."""
        if 0 < number <= len(self._judged):
            return self._judged[number - 1]
        at = self.view.start + number
        return self.trace.calls[at - 1] if 0 < at <= len(self.trace.calls) else None

    def lines(self, number: int) -> list[str]:
        """Return the lines of a call, without what is equal in all correct mappings."""
        call = self.call(number)
        if call is None:
            return [str(self.trace.end)]
        return [shortened(line) for line in call.lines()]

    def changed(self, number: int) -> list[Address]:
        """Return the places in the heap that a call changes."""
        at = self.view.start + number
        if not 0 < at <= len(self.timeline.steps):
            return []
        step = self.timeline.steps[at - 1]
        places = [*step.removed, *(block.place for block in step.added)]
        return [Address(offset) for mapping, offset in places if mapping == heap.HEAP]

    def draw(self, number: int, focus: Iterable[int], width: int, ascii_only: bool) -> list[str]:
        """Return the drawing of the heap after a call: of the blocks near the offsets in ``focus``,
        and of the latest mappings."""
        state = self.timeline.at(max(0, self.view.start + number))
        near = list(focus) or ([] if len(state.heap) <= _WHOLE else [state.end])
        blocks = _folded([self._block(block) for block in state.heap], near)
        gap = "other" if self.timeline.is_exact else "unknown"
        lines = draw_heap(blocks, state.end, self.policy.header_size(), width, ascii_only, gap)
        return lines + list(self._mappings(state, ascii_only))

    def _block(self, block: heap.Block) -> Block:
        free = block.use is not heap.Use.USED
        inferred = block.use is heap.Use.INFERRED
        size = block.size if inferred else block.size + -block.size % self.policy.alignment
        place = str(self.view.value(Address(block.offset, block.mapping or None)))
        return Block(block.offset, size, free, place=place, inferred=inferred)

    def _mappings(self, state: heap.State, ascii_only: bool) -> Iterator[str]:
        mapped = [block for block in state.blocks if block.mapping != heap.HEAP]
        for block in mapped[-_MAPPINGS:]:
            name = str(self.view.value(Address(0, block.mapping)))
            yield draw_mapping(name, self._block(block), block.offset, ascii_only)
        if (more := len(mapped) - _MAPPINGS) > 0:
            yield f"and {more} mappings more"


def _folded(blocks: Sequence[Block], focus: Sequence[int]) -> list[Block]:
    """Return the blocks near some offsets, with one block for each run of others."""
    near: set[int] = set()
    for offset in focus:
        at = sum(block.address <= offset for block in blocks) - 1
        near |= set(range(at - _AROUND, at + _AROUND + 1))
    found: list[Block] = []
    for shown, run in groupby(range(len(blocks)), lambda at: at in near or not focus):
        group = [blocks[at] for at in run]
        if shown or len(group) == 1:
            found += group
        else:
            size = group[-1].address + group[-1].size - group[0].address
            found.append(replace(group[0], size=size, several=len(group)))
    return found


class Strips:
    """The heaps of a test, expected and found, call by call."""

    def __init__(self, verdict: Verdict, policy: Policy) -> None:
        expected, found = verdict.expected, verdict.found
        self.test = verdict.test
        self.sides: list[Side] = []
        if found is not None and found.before(Phase.JUDGED) is None:
            expected = expected and replace(expected, marks=())
            found = replace(found, marks=())
        if expected is not None:
            self.sides.append(Side("expected", expected, exact(expected.calls, policy), policy))
        if found is not None:
            self.sides.append(Side("found", found, observed(found.calls), policy))
        start = self.sides[-1].view.start if self.sides else 0
        self.first = verdict.call - start if verdict.call else 1
        """The number of the call that went wrong, or else of the first one that is judged."""

    @property
    def numbers(self) -> range:
        """The numbers of all calls, of which the judged ones are counted from 1."""
        first = max((1 - side.view.start for side in self.sides), default=1)
        last = max((len(s.trace.calls) - s.view.start for s in self.sides), default=0)
        return range(min(first, 1), max(last, 1) + 1)

    def differs(self, number: int) -> bool:
        """Return whether the two sides differ in a judged call."""
        judged = any(0 < number <= side.view.stop - side.view.start for side in self.sides)
        return judged and len({tuple(side.lines(number)) for side in self.sides}) > 1

    def heading(self, number: int) -> str:
        """Return which call this is, and where the test program makes it."""
        call = next((call for side in self.sides if (call := side.call(number))), None)
        head = "the end of the program" if call is None else call.head
        line = next((c.line for s in self.sides if (c := s.call(number)) and c.line), 0)
        place = f", {self.test.snippet}:{line}" if line else ""
        when = "" if number > 0 else ", before the judged part"
        return f"The heap after call {number}, {head}{place}{when}"

    def draw(self, number: int, width: int, ascii_only: bool) -> Iterator[str]:
        """Yield the lines of both sides after a call; its lines are marked where they differ."""
        mark = ">" if self.differs(number) else " "
        for side in self.sides:
            yield f"{side.title}:"
            yield from (f"{mark} {line}" for line in side.lines(number))
            strip = side.draw(number, self._focus(side, number), width - 2, ascii_only)
            yield from (f"  {line}" for line in strip)

    def _focus(self, side: Side, number: int) -> set[int]:
        """Return where a side's heap is looked at: at what the call changes there, and at what it
        changes on the other side."""
        places = {place.offset for place in side.changed(number)}
        for other in self.sides:
            if other is not side:
                relative = map(other.view.value, other.changed(number))
                found = filter(None, map(side.view.address, relative))
                places |= {address.offset for address in found}
        return places
