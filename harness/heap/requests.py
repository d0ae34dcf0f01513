"""What the requests of a call do to the heap's end."""

from __future__ import annotations

from collections.abc import Iterator

from harness.heap.state import Growth
from harness.trace.trace import Address, Call, Request


def growth(call: Call) -> Iterator[Growth]:
    """Yield what the heap grew by in a call."""
    for request in call.requests:
        match request:
            case Request("sbrk", (int(size),), Address(offset, None)) if size > 0:
                yield Growth(offset, size)
