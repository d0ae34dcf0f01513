"""What the sizes in traces show, whatever the mistake is: of headers, of blocks and of mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from harness.results.diagnosis import Observation
from harness.specification.machine import Machine
from harness.specification.policy import Policy
from harness.trace.blocks import exchange
from harness.trace.trace import Address, Call, Request, Trace, whole_pages

_MOST = Machine().address_space
"""A larger size can't be had: what is asked for then may come from an overflow."""
_UNITS = (1, 4, 8, 16, 32, 64)
"""What sizes may be rounded up to a multiple of."""


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A block in memory that its call has just asked for."""

    head: str
    size: int
    """What the program asked for."""
    offset: int
    """Where its payload begins in that memory."""
    total: int | None
    """How much was asked for; None where that is more than the block needs."""
    mapped: bool


def _fresh_blocks(trace: Trace) -> Iterator[_Fresh]:
    grown = False
    for call in trace.calls:
        if exchange(call).size >= _MOST:
            continue
        for request in call.requests:
            match request, call.result:
                case Request("mmap", (_, int(length), *_), Address(_, int(made))), Address(
                    offset, mapping
                ) if mapping == made:
                    yield _fresh(call, offset, length, True)
                case Request("sbrk", (int(increment),), Address(start, None)), Address(
                    place, None
                ) if place >= start:
                    yield _fresh(call, place - start, increment if grown else None, False)
            grown |= request.name == "sbrk"


def _fresh(call: Call, offset: int, total: int | None, mapped: bool) -> _Fresh:
    return _Fresh(call.head, exchange(call).size, offset, total, mapped)


def observed_sizes(traces: Mapping[str, Trace], policy: Policy) -> Iterator[Observation]:
    """Yield what the traces of these tests, by name, agree on. Where one trace says otherwise,
    nothing is certain."""
    fresh = {name: list(_fresh_blocks(trace)) for name, trace in traces.items()}
    yield from _header(fresh, policy.header_size())
    yield from _rounding(fresh, policy)
    yield from _pages(fresh, policy)


def observed_header(traces: Iterable[Trace], policy: Policy) -> int:
    """Return the size of a header, as far as the traces agree on one; else the right one."""
    blocks = (block for trace in traces for block in _fresh_blocks(trace))
    return _common_offset(blocks, policy.header_size())


def _common_offset(blocks: Iterable[_Fresh], right: int) -> int:
    offsets = {block.offset for block in blocks}
    return offsets.pop() if len(offsets) == 1 else right


_Blocks = Mapping[str, list[_Fresh]]


def _header(fresh: _Blocks, right: int) -> Iterator[Observation]:
    offset = _common_offset((block for blocks in fresh.values() for block in blocks), right)
    if offset != right:
        yield Observation(
            f"Each block begins {offset} bytes into the memory that was asked for, not {right}:"
            f" the header seems to take {offset} bytes.",
            "header",
            tuple(name for name, blocks in fresh.items() if blocks),
        )


def _rounded(size: int, unit: int) -> int:
    return size + -size % unit


def _rounding(fresh: _Blocks, policy: Policy) -> Iterator[Observation]:
    payloads = {
        name: [(b, b.total - b.offset) for b in blocks if b.total is not None]
        for name, blocks in fresh.items()
    }
    everything = [pair for pairs in payloads.values() for pair in pairs]
    units = [u for u in _UNITS if all(found == _rounded(b.size, u) for b, found in everything)]
    if not units or policy.alignment in units:
        return
    unit = units[0]
    wrong = {
        name: next((b for b, found in pairs if found != _rounded(b.size, policy.alignment)), None)
        for name, pairs in payloads.items()
    }
    example = next(filter(None, wrong.values()))
    how = "not rounded up" if unit == 1 else f"rounded up to a multiple of {unit} bytes"
    yield Observation(
        f"Sizes are {how}: {example.head} asked the system for {example.total} bytes, of which"
        f" {example.offset} are the header.",
        "alignment",
        tuple(name for name, block in wrong.items() if block is not None),
    )


def _pages(fresh: _Blocks, policy: Policy) -> Iterator[Observation]:
    def right(block: _Fresh) -> int:
        return _rounded(block.size, policy.alignment) + policy.header_size()

    mapped = {name: [b for b in blocks if b.mapped] for name, blocks in fresh.items()}
    wrong = {name: [b for b in blocks if b.total != right(b)] for name, blocks in mapped.items()}
    everything = [block for blocks in mapped.values() for block in blocks]
    example = next((block for blocks in wrong.values() for block in blocks), None)
    if example and all(block.total == whole_pages(right(block)) for block in everything):
        yield Observation(
            f"Mappings are rounded up to whole pages: {example.head} asked for {example.total}"
            f" bytes, where its total is {right(example)}.",
            "mapping",
            tuple(name for name, blocks in wrong.items() if blocks),
        )
