"""What the specification has for a call, as values: the call itself, and the memory after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.trace.trace import Address, Call


@dataclass(frozen=True, slots=True)
class HeapBlock:
    """A block of the heap, as it is between two calls."""

    pointer: Address
    size: int
    free: bool


@dataclass(frozen=True, slots=True)
class State:
    """All memory of an allocator, as it is between two calls."""

    blocks: tuple[HeapBlock, ...]
    """By address; no two that touch are both free, unless the policy merges at need."""
    end: int
    """The break, relative to the start of the heap."""
    mappings: Mapping[Address, int]
    """The size of the payload of each, by its pointer."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call as the specification has it, and the rules that decided it."""

    call: Call
    why: str
    failed: bool
    """Whether the call fails with ENOMEM."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of an example program, and what the specification has for it."""

    text: str
    """It in C, with a letter for each slot: ``a = os_malloc(100)``."""
    step: Step | None
    """None if other code moved the break."""


@dataclass(frozen=True, slots=True)
class Played:
    """A statement that was played, with the memory after it."""

    statement: Statement
    state: State
    names: Mapping[Address, str]
    """The letters of the slots by the pointers that they hold."""
