"""The invariants of a trace, which hold whatever the reference is.

Blocks are aligned, do not overlap, and lie in memory that was requested from the system. At the
end, all memory has been given back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.trace.blocks import exchange
from harness.trace.trace import (
    NULL,
    Address,
    Call,
    How,
    Request,
    Trace,
    Value,
    whole_pages,
)

_REQUESTS = ("sbrk", "mmap", "munmap")


@dataclass(frozen=True, slots=True)
class Problem:
    """An invariant that a trace breaks."""

    call: int
    """The number of the call that breaks it, counted from 1."""
    text: str


@dataclass(frozen=True, slots=True, order=True)
class _Range:
    """Bytes of a region: the heap, which is 0, or a mapping, by its number."""

    region: int
    start: int
    end: int

    @property
    def address(self) -> Address:
        return Address(self.start, self.region or None)

    def reaches(self, other: _Range) -> bool:
        """Return whether the other begins where this ends."""
        return self.region == other.region and self.end == other.start

    def holds(self, other: _Range) -> bool:
        """Return whether the other lies in this."""
        return self.region == other.region and self.start <= other.start and other.end <= self.end


def _start(of: _Range) -> tuple[int, int]:
    return of.region, of.start


def _range(address: Address, size: int) -> _Range:
    return _Range(address.mapping or 0, address.offset, address.offset + size)


@dataclass
class _Memory:
    """The memory that was requested from the system, and the live blocks in it."""

    alignment: int
    granted: list[_Range] = field(default_factory=list)
    """The memory that was requested, sorted, and merged where it touches."""
    mapped_pages: dict[int, int] = field(default_factory=dict)
    """The bytes of each mapping, in whole pages, that were not unmapped."""
    mapped_in: dict[int, int] = field(default_factory=dict)
    """The number of the call that made each mapping."""
    live: list[_Range] = field(default_factory=list)
    live_since: dict[Address, int] = field(default_factory=dict)
    """The number of the call that allocated each live block."""

    def request(self, number: int, request: Request) -> Iterator[Problem]:
        """Follow a request."""
        match request:
            case Request("sbrk", (int(increment),), Address() as start) if increment > 0:
                self._grant(_range(start, increment))
            case Request("mmap", (_, int(length), *_), Address() as start):
                self._grant(_range(start, length))
                if start.mapping is not None:
                    self.mapped_pages[start.mapping] = whole_pages(length)
                    self.mapped_in[start.mapping] = number
            case Request("munmap", (Address() as start, int(length)), 0):
                if start.mapping in self.mapped_pages:
                    self.mapped_pages[start.mapping] -= whole_pages(length)
            case Request(name) if name not in _REQUESTS:
                text = f"{name}() is not allowed: the only requests are sbrk(), mmap() and munmap()"
                yield Problem(number, text)

    def _grant(self, new: _Range) -> None:
        """Add memory, merged with the memory that ends where it begins."""
        at = bisect_left(self.granted, new)
        if at > 0 and self.granted[at - 1].reaches(new):
            at -= 1
            new = _Range(new.region, self.granted[at].start, new.end)
            del self.granted[at]
        self.granted.insert(at, new)

    def _is_granted(self, block: _Range) -> bool:
        """Return whether all of a block lies in memory that was requested."""
        at = bisect_right(self.granted, (block.region, block.start), key=_start) - 1
        return at >= 0 and self.granted[at].holds(block)

    def allocate(self, number: int, address: Value, size: int) -> Iterator[Problem]:
        """Add a block of ``size`` bytes at ``address``; none if that is NULL."""
        if address == NULL:
            return
        if not isinstance(address, Address):
            yield Problem(number, "its result lies neither in the heap nor in a mapping")
            return
        block = _range(address, size)
        if block.start % self.alignment:
            yield Problem(number, f"{address} is not aligned to {self.alignment} bytes")
        if not self._is_granted(block):
            yield Problem(
                number,
                f"{size} bytes at {address} end outside of the memory requested from the system",
            )
        for other in self._overlapping(block):
            yield Problem(
                number,
                f"{size} bytes at {address} overlap the block at {other.address},"
                f" in use since call {self.live_since[other.address]} of the program",
            )
        insort(self.live, block)
        self.live_since[address] = number

    def _overlapping(self, block: _Range) -> list[_Range]:
        at = bisect_left(self.live, block)
        near = self.live[max(at - 1, 0) : at + 1]
        return [
            o
            for o in near
            if o.region == block.region and o.start < block.end > block.start < o.end
        ]

    def release(self, address: Value) -> None:
        """Remove the live block at ``address``, if there is one."""
        if isinstance(address, Address) and self.live_since.pop(address, None) is not None:
            region = address.mapping or 0
            at = bisect_left(self.live, _Range(region, address.offset, 0))
            del self.live[at]


def _follow(memory: _Memory, number: int, call: Call) -> Iterator[Problem]:
    for request in call.requests:
        yield from memory.request(number, request)
    released, allocated, size = exchange(call)
    memory.release(released)
    yield from memory.allocate(number, allocated, size)


@dataclass(frozen=True, slots=True)
class Findings:
    """The invariants that a trace breaks."""

    invalid: tuple[Problem, ...]
    leaked: tuple[Problem, ...]


def find_problems(trace: Trace, alignment: int) -> Findings:
    """Return the invariants that a trace breaks. Memory is leaked only if the program exited
    outside of calls."""
    memory = _Memory(alignment)
    invalid: list[Problem] = []
    for number, call in enumerate(trace.calls, 1):
        invalid.extend(_follow(memory, number, call))
    leaked: list[Problem] = []
    if trace.end.how is How.EXIT and not trace.end.inside:
        leaked = list(_leaks(memory, trace))
    return Findings(tuple(invalid), tuple(leaked))


def _leaks(memory: _Memory, trace: Trace) -> Iterator[Problem]:
    def made_in(number: int) -> str:
        return trace.calls[number - 1].head

    held_mappings = {address.mapping for address in memory.live_since}
    for address, number in memory.live_since.items():
        yield Problem(number, f"the block at {address} from {made_in(number)} was never freed")
    for mapping, rest in memory.mapped_pages.items():
        if rest > 0 and mapping not in held_mappings:
            number = memory.mapped_in[mapping]
            text = f"{rest} bytes of map{mapping}, made in {made_in(number)}, were never unmapped"
            yield Problem(number, text)
