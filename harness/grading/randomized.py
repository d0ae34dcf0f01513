"""Tests with randomized sizes, to which a submission can't bring the answers along.

The calls of a test are repeated, in their order and on the same blocks, but with other sizes. A
program beside the tests, the player, makes these calls; the model gives the expected trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harness.specification.model import Model
from harness.specification.operations import ModelPlayer, Operation
from harness.specification.policy import Policy
from harness.trace.trace import NULL, Address, Call, End, How, Mark, Phase, Trace, Value

_LETTERS = {Phase.SET_UP: "s", Phase.JUDGED: "j", Phase.CLEAN_UP: "e"}
"""The letters with which the phases begin in the player's input."""
_FILLING = 64 * 1024
"""The most that one block takes up of the preallocation, its header included."""
_LARGEST = 400_000
"""A call with a larger size is meant to be refused, and is left out."""


class _Randomizer:
    """Follows the calls of a trace, and gives them other sizes. Equal sizes stay equal, as the test
    means them to be."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._sizes: dict[int, int] = {0: 0}
        self._slots: dict[Value, int] = {}
        self._count = 0

    def _size(self, size: int) -> int:
        if size not in self._sizes:
            self._sizes[size] = self._random.randint(-(-size * 3 // 4), size * 5 // 4)
        return self._sizes[size]

    def _take(self, call: Call, *sizes: int) -> Operation | None:
        if not isinstance(call.result, Address):
            return None
        self._count += 1
        self._slots[call.result] = self._count
        return Operation(call.function, self._count, sizes)

    def randomize(self, call: Call) -> Operation | None:
        """Return a call with other sizes; None for one that neither allocates nor frees a block."""
        match call.function, call.args:
            case "os_malloc", (int(size),):
                return self._take(call, self._size(size))
            case "os_calloc", (int(nmemb), int(size)):
                return self._take(call, nmemb, self._size(size))
            case "os_realloc", (pointer, int(size)) if pointer == NULL:
                return self._take(call, self._size(size))
            case "os_realloc", (pointer, int(size)) if pointer in self._slots and size <= _LARGEST:
                slot = self._slots.pop(pointer)
                if isinstance(call.result, Address):
                    self._slots[call.result] = slot
                return Operation(call.function, slot, (self._size(size),))
            case "os_free", (pointer,) if pointer in self._slots:
                return Operation(call.function, self._slots.pop(pointer))
        return None


def randomize(reference: Trace, random: Random) -> list[Operation | Phase]:
    """Return the calls of a reference, with sizes that differ by a quarter at most, and the phases
    they are in. The player itself takes up the preallocation before the set-up."""
    randomizer = _Randomizer(random)
    script: list[Operation | Phase] = []
    for part in reference.parts():
        if isinstance(part, Mark):
            if part.phase is Phase.SET_UP:
                script.clear()
            script.append(part.phase)
        elif isinstance(part, Call) and (operation := randomizer.randomize(part)):
            script.append(operation)
    return script


def script_lines(script: Sequence[Operation | Phase]) -> str:
    """Return a script as the player reads it."""
    lines = (_LETTERS[line] if isinstance(line, Phase) else str(line) for line in script)
    return "".join(f"{line}\n" for line in lines)


def expected_trace(script: Sequence[Operation | Phase], policy: Policy) -> Trace:
    """Return the trace that the model gives for the player's script."""
    player = ModelPlayer(Model(policy))
    calls: list[Call] = []
    marks: list[tuple[int, Mark]] = []
    for line in script:
        if isinstance(line, Operation):
            calls.append(player.play(line).call)
            continue
        if line is Phase.SET_UP:
            calls += _take_up_preallocation(player.model)
        marks.append((len(calls), Mark(line)))
    return Trace(tuple(calls), End(How.EXIT, 0), tuple(marks))


def _take_up_preallocation(model: Model) -> list[Call]:
    """Do what set_up() of tests/snippets/snippet.c does with a right allocator."""
    header, size = model.machine.header, model.policy.alignment
    smallest = header + size
    calls = [model.os_malloc(size).call]
    end = model.policy.prealloc_malloc
    while isinstance(block := calls[-1].result, Address):
        room = end - block.offset - size
        if room < smallest:
            break
        size = (room if room < _FILLING + smallest else _FILLING) - header
        calls.append(model.os_malloc(size).call)
    return calls
