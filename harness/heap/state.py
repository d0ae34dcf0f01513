"""The states of a heap, and the steps between them, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HEAP = 0
"""Stands for the heap where mappings have their numbers."""

Place = tuple[int, int]
"""The number of a mapping, or `HEAP`, and an offset into it."""


class Use(StrEnum):
    """What a block is used for."""

    USED = "in use"
    FREE = "free"
    INFERRED = "free (inferred)"
    """It was given back, and nothing has taken it since. The free block may be larger."""


@dataclass(frozen=True, slots=True)
class Block:
    """The payload of a block, or a part of one that was given back."""

    mapping: int
    """The number of the mapping that it lies in, or `HEAP`."""
    offset: int
    """Where it begins, from the start of the heap or of the mapping."""
    size: int
    """In bytes; in an observed heap, what the program asked for."""
    use: Use
    call: int
    """The call that made it what it is, from 1."""
    line: int = 0
    """The line of the test program that made the call; 0 if it is not known."""

    @property
    def place(self) -> Place:
        return self.mapping, self.offset

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping that was made inside a call."""

    number: int
    length: int
    call: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory that the heap grew by; a negative size gives memory back."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Step:
    """What a call changed: first the removals, then the additions."""

    end: int
    """The end of the heap after the call, from its start."""
    removed: tuple[Place, ...] = ()
    added: tuple[Block, ...] = ()
    """A block takes the place of the one at its address."""
    unmapped: tuple[int, ...] = ()
    mapped: tuple[Mapping, ...] = ()
    """New mappings, or known ones with another length."""
    grown: tuple[Growth, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """All memory of an allocator after a call."""

    blocks: tuple[Block, ...]
    """By place: those of the heap come first."""
    mappings: tuple[Mapping, ...]
    end: int
    """The end of the heap, from its start."""
    grown: tuple[Growth, ...]
    """What the heap grew by in the last call."""

    @property
    def heap(self) -> tuple[Block, ...]:
        """The blocks of the heap, by address."""
        return tuple(block for block in self.blocks if block.mapping == HEAP)

    @property
    def live(self) -> int:
        """The bytes of blocks in use."""
        return sum(block.size for block in self.blocks if block.use is Use.USED)
