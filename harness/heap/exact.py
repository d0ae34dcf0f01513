"""The heap as the specification has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.heap.observed import observed
from harness.heap.requests import growth
from harness.heap.state import HEAP, Block, Mapping, Place, Step, Use
from harness.heap.timeline import Timeline
from harness.specification.answers import follow
from harness.specification.policy import Policy
from harness.specification.steps import State
from harness.specification.steps import Step as Expected
from harness.trace.trace import Address, Call, Value

_Known = dict[Place, tuple[int, Use]]
"""The size and the use of each block."""


def exact(calls: Sequence[Call], policy: Policy) -> Timeline:
    """Return the heap of an allocator that follows the specification in these calls.

    It takes as many steps as there are calls, times the blocks of the heap. In a kit without the
    model, calls that are not those of a reference show only what their trace does.
    """
    followed = follow(calls, policy)
    if len(followed) < len(calls):
        return observed(calls)
    return Timeline(tuple(_steps(calls, followed)), policy.header_size())


def _steps(calls: Sequence[Call], followed: Sequence[tuple[Expected, State]]) -> Iterator[Step]:
    before: _Known = {}
    mapped: dict[int, int] = {}
    for number, (call, (step, state)) in enumerate(zip(calls, followed), 1):
        after, lengths = _known(state), _lengths(state)
        result = _place(step.call.result)
        yield Step(
            state.end,
            tuple(place for place in before if place not in after),
            tuple(
                Block(*place, size, use, number, call.line)
                for place, (size, use) in after.items()
                if before.get(place) != (size, use) or place == result
            ),
            tuple(mapping for mapping in mapped if mapping not in lengths),
            tuple(
                Mapping(mapping, length, number, call.line)
                for mapping, length in lengths.items()
                if mapping not in mapped
            ),
            tuple(growth(step.call)),
        )
        before, mapped = after, lengths


def _known(state: State) -> _Known:
    heap = {
        (HEAP, block.pointer.offset): (block.size, Use.FREE if block.free else Use.USED)
        for block in state.blocks
    }
    mapped = {(p.mapping or HEAP, p.offset): (size, Use.USED) for p, size in state.mappings.items()}
    return heap | mapped


def _lengths(state: State) -> dict[int, int]:
    """Return the length of each mapping."""
    return {p.mapping or HEAP: p.offset + size for p, size in state.mappings.items()}


def _place(value: Value | None) -> Place | None:
    return (value.mapping or HEAP, value.offset) if isinstance(value, Address) else None
