"""Short programs of calls, played on the model: the examples that explain rules and mistakes.

A program has an operation a line, as tests/allocator/driver.c reads it::

    x N              the system refuses the N-th request, counted from 1
    m SLOT SIZE      slot = os_malloc(size)
    c SLOT N SIZE    slot = os_calloc(n, size)
    r SLOT SIZE      slot = os_realloc(slot, size)
    f SLOT           os_free(slot)
    d SLOT           os_free(slot), and again
    g SLOT           os_free(slot), and os_realloc(slot, 100) of the freed block
    b BYTES          other code moves the break
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import ascii_lowercase

from harness.specification.machine import Machine
from harness.specification.model import Model
from harness.specification.operations import LETTERS, ModelPlayer, Operation
from harness.specification.policy import Policy
from harness.specification.steps import Played, Statement
from harness.trace.trace import NULL, Address, Value

_FUNCTIONS = {letter: function for function, letter in LETTERS.items()} | {
    "d": "os_free",
    "g": "os_free",
}
"""The function that an operation calls, or calls first."""
_RESIZED_FREED = 100
"""The size to which a freed block is resized."""


def slot_name(slot: int) -> str:
    """Return the letter of a slot; from the 27th slot on, with a number."""
    number, letter = divmod(slot, len(ascii_lowercase))
    return ascii_lowercase[letter] + (str(number) if number else "")


class ProgramPlayer:
    """A player of one program, on a new model."""

    def __init__(
        self, program: Sequence[str], policy: Policy, machine: Machine = Machine()
    ) -> None:
        self._lines = [(line[0], [int(word) for word in line[1:].split()]) for line in program]
        refused = {numbers[0] for letter, numbers in self._lines if letter == "x"}
        self.model = Model(policy, refused, machine)
        self._player = ModelPlayer(self.model)
        self._slots: set[int] = set()
        """Those used so far."""

    def play(self) -> Iterator[Statement]:
        """Yield each statement when it has been played."""
        for letter, (number, *sizes) in self._lines:
            if letter == "b":
                self.model.move_break(number)
                yield Statement(f"sbrk({number})", None)
            elif letter != "x":
                yield from self._play(letter, number, tuple(sizes))

    def names(self) -> dict[Address, str]:
        """Return the letters of the slots by the pointers that they hold now."""
        held = ((self._player.pointer(slot), slot_name(slot)) for slot in sorted(self._slots))
        return {pointer: name for pointer, name in held if isinstance(pointer, Address)}

    def _play(self, letter: str, slot: int, sizes: tuple[int, ...]) -> Iterator[Statement]:
        self._slots.add(slot)
        name, pointer = slot_name(slot), self._player.pointer(slot)
        operation = Operation(_FUNCTIONS[letter], slot, sizes)
        text = _statement(operation, name if pointer != NULL else str(NULL))
        yield Statement(text, self._player.play(operation))
        if not _in_heap(pointer):
            return
        if letter == "d":
            yield Statement(f"os_free({name})", self.model.os_free(pointer))
        elif letter == "g":
            step = self.model.os_realloc(pointer, _RESIZED_FREED)
            yield Statement(f"os_realloc({name}, {_RESIZED_FREED})", step)


def play(program: Sequence[str], policy: Policy) -> list[Played]:
    """Return what the specification has for each statement of a program."""
    player = ProgramPlayer(program, policy)
    return [Played(each, player.model.state(), player.names()) for each in player.play()]


def _statement(operation: Operation, pointer: str) -> str:
    function, sizes = operation.function, ", ".join(map(str, operation.sizes))
    slot = slot_name(operation.slot)
    match function:
        case "os_free":
            return f"os_free({pointer})"
        case "os_realloc":
            return f"{slot} = os_realloc({pointer}, {sizes})"
        case _:
            return f"{slot} = {function}({sizes})"


def _in_heap(pointer: Value) -> bool:
    return isinstance(pointer, Address) and pointer.mapping is None
