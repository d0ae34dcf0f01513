"""A heap call by call: kept as steps, and put together on demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.heap.state import Block, Mapping, Place, State, Step

_BETWEEN_FRAMES = 1000
"""The calls between two states that are kept, so that no state is more steps away than this."""


@dataclass
class _Memory:
    """A state that steps change."""

    blocks: dict[Place, Block] = field(default_factory=dict)
    mappings: dict[int, Mapping] = field(default_factory=dict)
    last: Step = Step(0)

    def take(self, step: Step) -> None:
        for place in step.removed:
            del self.blocks[place]
        self.blocks |= {block.place: block for block in step.added}
        for number in step.unmapped:
            del self.mappings[number]
        self.mappings |= {mapping.number: mapping for mapping in step.mapped}
        self.last = step

    def copy(self) -> _Memory:
        return _Memory(dict(self.blocks), dict(self.mappings), self.last)

    def state(self) -> State:
        return State(
            tuple(block for _, block in sorted(self.blocks.items())),
            tuple(mapping for _, mapping in sorted(self.mappings.items())),
            self.last.end,
            self.last.grown,
        )


@dataclass
class Timeline:
    """The steps of a heap, a step for each call of a trace."""

    steps: tuple[Step, ...]
    header: int = 0
    """The bytes of the header before each block; 0 if headers are not known."""
    _frames: list[_Memory] = field(default_factory=lambda: [_Memory()])
    """The states after every so many calls, as far as they were needed."""

    @property
    def is_exact(self) -> bool:
        """Whether every byte is known."""
        return self.header > 0

    def at(self, calls: int) -> State:
        """Return the state after so many calls."""
        frame = min(calls, len(self.steps)) // _BETWEEN_FRAMES
        while len(self._frames) <= frame:
            self._frames.append(self._from(len(self._frames) - 1, _BETWEEN_FRAMES))
        return self._from(frame, calls - frame * _BETWEEN_FRAMES).state()

    def _from(self, frame: int, calls: int) -> _Memory:
        memory = self._frames[frame].copy()
        start = frame * _BETWEEN_FRAMES
        for step in self.steps[start : start + calls]:
            memory.take(step)
        return memory

    def states(self) -> Iterator[State]:
        """Yield the state after each call."""
        memory = _Memory()
        for step in self.steps:
            memory.take(step)
            yield memory.state()
