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
from harness.trace.trace import NULL, Address, Call, End, How, Trace, Value

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


def randomize(reference: Trace, random: Random) -> list[Operation]:
    """Return the calls of a reference, with sizes that differ by a quarter at most."""
    randomizer = _Randomizer(random)
    return [operation for call in reference.calls if (operation := randomizer.randomize(call))]


def expected_trace(operations: Sequence[Operation], policy: Policy) -> Trace:
    """Return the trace that the model gives for the player's operations."""
    player = ModelPlayer(Model(policy))
    calls = tuple(player.play(operation).call for operation in operations)
    return Trace(calls, End(How.EXIT, 0))
