"""Playing operations on the model, as the players in C play them on an allocator.

An operation calls a function on a slot. A slot holds a pointer: NULL at first, then the one that
the last operation left there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.specification.model import Model
from harness.specification.steps import Step
from harness.trace.signatures import ALLOCATOR, POINTER
from harness.trace.trace import NULL, Value

LETTERS = {"os_malloc": "m", "os_calloc": "c", "os_realloc": "r", "os_free": "f"}
"""The names of the functions in the input of a player."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A call on a slot. Its text is a line of the input of a player."""

    function: str
    slot: int
    sizes: tuple[int, ...] = ()

    def __str__(self) -> str:
        return " ".join((LETTERS[self.function], *map(str, (self.slot, *self.sizes))))


@dataclass
class ModelPlayer:
    """A player of operations on a model."""

    model: Model
    _slots: dict[int, Value] = field(default_factory=dict)

    def pointer(self, slot: int) -> Value:
        """Return the pointer in a slot."""
        return self._slots.get(slot, NULL)

    def play(self, operation: Operation) -> Step:
        """Play an operation; a block that could not be resized stays in its slot."""
        function, slot = operation.function, operation.slot
        pointer = self.pointer(slot)
        takes_pointer = ALLOCATOR[function].parameters[0] is POINTER
        step = self.model.call(function, *([pointer] if takes_pointer else []), *operation.sizes)
        if not (takes_pointer and step.failed):
            self._slots[slot] = NULL if step.call.result is None else step.call.result
        return step
