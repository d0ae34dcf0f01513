"""The heap as far as a trace shows it: nothing is assumed of the allocator.

A block in use is known by its address and by what the program asked for. Memory that was given back
is free, unless something has taken it since, but which free blocks it belongs to is not known.
Memory that was never handed out is unknown: headers, rounding, and free blocks left by a split.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from harness.heap.requests import growth
from harness.heap.state import HEAP, Block, Mapping, Place, Step, Use
from harness.heap.timeline import Timeline
from harness.trace.blocks import exchange
from harness.trace.trace import Address, Call, Request, Value

_Key = TypeVar("_Key")
_Thing = TypeVar("_Thing")


def observed(calls: Iterable[Call]) -> Timeline:
    """Return the heap of any allocator, as these calls show it."""
    observer = _Observer()
    return Timeline(tuple(observer.step(call) for call in calls))


@dataclass
class _Observer:
    """What is known after the calls so far."""

    _blocks: dict[Place, Block] = field(default_factory=dict)
    _freed: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """The offsets of free parts in the heap and in each mapping, sorted. No two overlap."""
    _mappings: dict[int, Mapping] = field(default_factory=dict)
    _end: int = 0
    _number: int = 0
    _line: int = 0
    _old_blocks: dict[Place, Block | None] = field(default_factory=dict)
    """What was at each place that the current call touches."""
    _old_mappings: dict[int, Mapping | None] = field(default_factory=dict)

    def step(self, call: Call) -> Step:
        """Take in a call, and return what it changed."""
        self._number += 1
        self._line = call.line
        self._old_blocks, self._old_mappings = {}, {}
        grown = tuple(growth(call))
        if grown:
            self._end = grown[-1].offset + grown[-1].size
        released, allocated, size = exchange(call)
        self._release(released)
        for request in call.requests:
            self._follow(request)
        if isinstance(allocated, Address):
            self._allocate(allocated.mapping or HEAP, allocated.offset, size)
        removed, added = _changes(self._old_blocks, self._blocks)
        unmapped, mapped = _changes(self._old_mappings, self._mappings)
        return Step(self._end, removed, added, unmapped, mapped, grown)

    # ---- Blocks -------------------------------------------------------------------------------

    def _release(self, pointer: Value) -> None:
        if not isinstance(pointer, Address):
            return
        block = self._blocks.get((pointer.mapping or HEAP, pointer.offset))
        if block is not None and block.use is Use.USED:
            self._carve(block.mapping, block.offset, block.end)
            self._free(block.mapping, block.offset, block.size)

    def _allocate(self, mapping: int, offset: int, size: int) -> None:
        self._carve(mapping, offset, offset + size)
        self._put(Block(mapping, offset, size, Use.USED, self._number, self._line))

    def _free(self, mapping: int, offset: int, size: int) -> None:
        insort(self._freed[mapping], offset)
        self._put(Block(mapping, offset, size, Use.INFERRED, self._number, self._line))

    def _carve(self, mapping: int, start: int, stop: int) -> None:
        """Take what lies here out of the free parts."""
        freed = self._freed[mapping]
        at = bisect_left(freed, start)
        if at > 0 and self._blocks[mapping, freed[at - 1]].end > start:
            at -= 1
        while at < len(freed) and freed[at] < max(stop, start + 1):
            part = self._blocks[mapping, freed.pop(at)]
            self._take((mapping, part.offset))
            for first, end in ((part.offset, min(part.end, start)), (stop, part.end)):
                if first < end and (mapping, first) not in self._blocks:
                    self._put(replace(part, offset=first, size=end - first))
                    insort(freed, first)
                    at += first < start

    def _put(self, block: Block) -> None:
        self._old_blocks.setdefault(block.place, self._blocks.get(block.place))
        self._blocks[block.place] = block

    def _take(self, place: Place) -> None:
        block = self._blocks.pop(place)
        self._old_blocks.setdefault(place, block)

    # ---- Mappings -----------------------------------------------------------------------------

    def _follow(self, request: Request) -> None:
        match request:
            case Request("mmap", (_, int(length), *_), Address(0, int(number))):
                self._resize(number, length)
            case Request("mremap", (Address(0, int(number)), _, int(length), *_), Address(0, same)):
                if number == same:
                    self._resize(number, length)
            case Request("munmap", (Address(offset, int(number)), int(length)), 0):
                mapping = self._mappings.get(number)
                if mapping is not None and offset + length >= mapping.length:
                    self._resize(number, offset)

    def _resize(self, number: int, length: int) -> None:
        old = self._mappings.pop(number, None)
        self._old_mappings.setdefault(number, old)
        if length > 0:
            self._mappings[number] = Mapping(number, length, self._number, self._line)
        if old is not None:
            self._forget(number, length)

    def _forget(self, number: int, length: int) -> None:
        """Forget what lay in a mapping beyond its length."""
        for place in [p for p in self._blocks if p[0] == number and p[1] >= length]:
            self._take(place)
        self._freed[number] = [offset for offset in self._freed[number] if offset < length]


def _changes(
    before: dict[_Key, _Thing | None], after: dict[_Key, _Thing]
) -> tuple[tuple[_Key, ...], tuple[_Thing, ...]]:
    """Return the keys that are gone, and the things that are new, of those that were touched."""
    gone = tuple(key for key, old in before.items() if old is not None and key not in after)
    new = tuple(after[key] for key, old in before.items() if key in after and after[key] != old)
    return gone, new
