"""The calls of a test as a script, which the player makes and the model follows.

The player is a program beside the tests, `tests/snippets/player.c`. It makes the calls that it
reads, and checks memory as the programs of the tests do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.specification.model import Model
from harness.specification.operations import ModelPlayer, Operation
from harness.specification.policy import Policy
from harness.suite import Test
from harness.trace.compare import first_difference
from harness.trace.file import read_reference
from harness.trace.judged import judged_parts
from harness.trace.trace import NULL, Address, Call, End, How, Mark, Phase, Trace, Value

_LETTERS = {Phase.SET_UP: "s", Phase.JUDGED: "j", Phase.CLEAN_UP: "e"}
"""The letters with which the phases begin in the player's input."""
_FIRST = {"os_malloc": "", "os_calloc": "c", "os_realloc": "r"}
"""What follows the letter of the set-up."""
_EMPTY = 0
"""A slot that holds NULL all the time."""
_SLOTS = 256
"""The number of slots that the player has."""


@dataclass(frozen=True, slots=True)
class Script:
    """What the player does."""

    lines: Sequence[Operation | Phase]
    first: str
    """The function that makes the first request of all, before the set-up."""
    clears: bool
    """Whether it is checked that os_calloc clears its blocks."""

    def text(self) -> str:
        """Return the player's input."""
        return "".join(f"{self._line(line)}\n" for line in self.lines)

    def _line(self, line: Operation | Phase) -> str:
        if isinstance(line, Operation):
            unchecked = line.function == "os_calloc" and not self.clears
            return f"u{str(line)[1:]}" if unchecked else str(line)
        return _LETTERS[line] + (_FIRST[self.first] if line is Phase.SET_UP else "")

    def expected_trace(self, policy: Policy) -> Trace:
        """Return the trace that the model gives."""
        player = ModelPlayer(Model(policy))
        calls: list[Call] = []
        marks: list[tuple[int, Mark]] = []
        for line in self.lines:
            if isinstance(line, Operation):
                calls.append(player.play(line).call)
                continue
            if line is Phase.SET_UP:
                calls += self.take_up_preallocation(player.model)
            marks.append((len(calls), Mark(line)))
        return Trace(tuple(calls), End(How.EXIT, 0), tuple(marks))

    def take_up_preallocation(self, model: Model) -> list[Call]:
        """Do what the player does before the set-up, and return its calls."""
        size = model.policy.alignment
        calls: list[Call] = []
        if self.first != "os_malloc":
            given: tuple[Value, Value] = (1 if self.first == "os_calloc" else NULL, size)
            calls += _fill_behind(model, model.call(self.first, *given).call, size)
        return calls + _fill_behind(model, model.os_malloc(size).call, size)


def _fill_behind(model: Model, first: Call, size: int) -> list[Call]:
    """Do what fill_behind() of tests/snippets/phases.c does with a right allocator, after a call
    for ``size`` bytes. Return all calls."""
    header = model.header
    smallest = header + size * -(-model.policy.smallest_rest // size)
    most = model.policy.mmap_threshold // 2
    calls, end = [first], model.heap_end
    while isinstance(block := calls[-1].result, Address) and model.heap_end == end:
        room = end - block.offset - size
        if room < smallest:
            break
        size = (room if room < most + smallest else most) - header
        calls.append(model.os_malloc(size).call)
    return calls


class _Writer:
    """Writes the calls of a trace as operations on slots."""

    def __init__(self) -> None:
        self._slots: dict[Value, int] = {NULL: _EMPTY}
        self.count = 0

    def _slot_of(self, result: Value | None) -> int:
        if not isinstance(result, Address):
            return _EMPTY
        self.count += 1
        self._slots[result] = self.count
        return self.count

    def write(self, call: Call) -> Operation | None:
        """Return the operation that makes this call; None if it is on no block of the script."""
        match call.function, call.args:
            case "os_malloc" | "os_calloc", (*sizes,):
                numbers = tuple(size for size in sizes if isinstance(size, int))
                return Operation(call.function, self._slot_of(call.result), numbers)
            case "os_realloc", (pointer, int(size)) if pointer == NULL:
                return Operation(call.function, self._slot_of(call.result), (size,))
            case "os_realloc", (pointer, int(size)) if pointer in self._slots:
                slot = self._slots.pop(pointer)
                if isinstance(call.result, Address):
                    self._slots[call.result] = slot
                return Operation(call.function, slot, (size,))
            case "os_free", (pointer,) if pointer == NULL:
                return Operation(call.function, _EMPTY)
            case "os_free", (pointer,) if pointer in self._slots:
                return Operation(call.function, self._slots.pop(pointer))
        return None


def published_script(test: Test, policy: Policy) -> Script | None:
    """Return the calls of a test's reference, and the phases they are in; None if the player can't
    make them all. The player itself takes up the preallocation before the set-up, and gives it
    back."""
    reference = read_reference(test.reference)
    if any(_fails(call) for call in reference.calls):
        return None
    writer = _Writer()
    lines: list[Operation | Phase] = []
    for part in reference.parts():
        if isinstance(part, Mark):
            if part.phase is Phase.SET_UP:
                writer = _Writer()
                lines.clear()
            lines.append(part.phase)
        elif isinstance(part, Call) and (operation := writer.write(part)):
            lines.append(operation)
    first = reference.calls[0].function if reference.calls else "os_malloc"
    script = Script(lines, first, "zeroing" in test.rules)
    if writer.count < _SLOTS and _is_judged_alike(reference, script.expected_trace(policy)):
        return script
    return None


def _fails(call: Call) -> bool:
    """Return whether a call asks for memory and gets none."""
    return call.result == NULL and 0 not in call.args


def _is_judged_alike(reference: Trace, played: Trace) -> bool:
    expected, found = judged_parts(reference, played)
    return first_difference(expected.parts(), found.parts()) is None
