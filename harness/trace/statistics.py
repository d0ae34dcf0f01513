"""The statistics of a trace: how much was requested from the system, and how much was in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from harness.trace.blocks import exchange
from harness.trace.trace import Address, Call, Part, Request, Value, whole_pages

Statistics = dict[str, float]
"""The figures of a trace by name, in the order of `FIGURES`."""

FIGURES = {
    "calls": "calls of the allocator",
    "sbrk": "requests for growth of the heap",
    "sbrk_bytes": "bytes that it grew by",
    "mmap": "requests for mappings",
    "mmap_bytes": "bytes that were mapped",
    "munmap": "requests to give mappings back",
    "munmap_bytes": "bytes that were given back",
    "other": "requests of other kinds",
    "peak_heap": "the most bytes of heap at a time",
    "peak_mapped": "the most bytes of mappings at a time, in whole pages",
    "peak_held": "the most bytes of both at a time",
    "peak_live": "the most bytes that the program held at a time",
    "live": "the bytes that it held at its end",
    "fragmentation": "peak_held / peak_live",
}
"""The figures, with descriptions for people."""

_COUNTED = ("sbrk", "mmap", "munmap")
"""The kinds of requests with figures of their own."""


class Meter:
    """The counters of a stream of parts, updated as it is read."""

    def __init__(self) -> None:
        self._calls = 0
        self._requests: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        """By the kind of request, without requests that were refused."""
        self._heap = self._mapped = self._live = 0
        self._peak_heap = self._peak_mapped = self._peak_held = self._peak_live = 0
        self._sizes: dict[tuple[int, int] | int, int] = {}
        """The sizes of live blocks; there may be as many as there are calls."""

    def watch(self, parts: Iterable[Part]) -> Iterator[Part]:
        """Yield the parts, and measure each."""
        for part in parts:
            if isinstance(part, Call):
                self._calls += 1
                for request in part.requests:
                    self._count_request(request)
                self._follow_blocks(part)
            yield part

    def _count_request(self, request: Request) -> None:
        self._requests[request.name] += 1
        match request:
            case Request("sbrk", (int(increment),), Address()):
                self._bytes["sbrk"] += increment
                self._heap += increment
            case Request("mmap", (_, int(length), *_), Address()):
                self._bytes["mmap"] += length
                self._mapped += whole_pages(length)
            case Request("munmap", (Address(mapping=int()), int(length)), 0):
                self._bytes["munmap"] += length
                self._mapped -= whole_pages(length)
            case Request("mremap", (_, int(old), int(new), *_), Address()):
                self._mapped += whole_pages(new) - whole_pages(old)
        self._peak_heap = max(self._peak_heap, self._heap)
        self._peak_mapped = max(self._peak_mapped, self._mapped)
        self._peak_held = max(self._peak_held, self._heap + self._mapped)

    def _follow_blocks(self, call: Call) -> None:
        released, allocated, size = exchange(call)
        self._release(released)
        if isinstance(allocated, Address):
            self._release(allocated)
            self._sizes[_key(allocated)] = size
            self._live += size
            self._peak_live = max(self._peak_live, self._live)

    def _release(self, block: Value) -> None:
        if isinstance(block, Address):
            self._live -= self._sizes.pop(_key(block), 0)

    def statistics(self) -> Statistics:
        """Return the statistics of the parts that were read."""
        requests, granted = self._requests, self._bytes
        values: tuple[float, ...] = (
            self._calls,
            *(value for name in _COUNTED for value in (requests[name], granted[name])),
            requests.total() - sum(requests[name] for name in _COUNTED),
            self._peak_heap,
            self._peak_mapped,
            self._peak_held,
            self._peak_live,
            self._live,
            round(self._peak_held / self._peak_live, 3) if self._peak_live else 0,
        )
        return dict(zip(FIGURES, values, strict=True))


def _key(block: Address) -> tuple[int, int] | int:
    """Return a stand-in for the address that takes up less memory."""
    return block.offset if block.mapping is None else (block.mapping, block.offset)
