"""Whether the test program made the calls that the tracer saw, and told what was told, itself.

A submission shares its process with the program that tests it. It could play that program: make the
calls that the program would make, and leave out its checks. But each call shows where it returns
to, and each system call where it was made. Those have to be places where the program's own code
does just that, and nothing may have changed this code, or the system's, since it was loaded.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from harness.checking.attestation import told_check
from harness.checking.callers import goes_on
from harness.checking.program_code import ProgramCode
from harness.trace.events import LOADED, Entered, Event, Returned, SystemCall

_PAGE = 4096
_MOST_APART = 1 << 32
"""The heap begins within so many bytes of the program's end, at a random distance."""
_CALLS = "called the allocator in place of the test program"
_TELLS = "told in place of the test program what was checked"
_MISLEADS = "changed where the test program goes on after a call"
_CHANGES = "changed memory of the test program or of the system's libraries"
_WRITE, _EXEC = 2, 4  # PROT_WRITE and PROT_EXEC of <sys/mman.h>
_FIXED = 0x10  # MAP_FIXED
_NOWHERE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Foreign:
    """The first thing that a library did in place of the test program, or to it."""

    call: int
    """The number of the last call before it, from 1, or of the one in which it was done."""
    what: str
    """What it did, as a phrase."""


class _Range(NamedTuple):
    """The addresses from ``start`` up to ``end``."""

    start: int
    end: int

    def overlaps(self, other: _Range) -> bool:
        return self.start < other.end and other.start < self.end


class _Ranges:
    """Ranges of addresses in their order, none of which touch."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, new: _Range) -> None:
        first = bisect_left(self._ends, new.start)
        last = bisect_right(self._starts, new.end)
        self._starts[first:last] = [min([new.start, *self._starts[first:last]])]
        self._ends[first:last] = [max([new.end, *self._ends[first:last]])]

    def overlap(self, other: _Range) -> bool:
        at = bisect_right(self._ends, other.start)
        return at < len(self._starts) and self._starts[at] < other.end


class _Change(NamedTuple):
    """Memory was mapped, replaced, unmapped, or made writable or executable."""

    call: int
    where: _Range
    strange: bool
    """Whether no system call had mapped it: it was the program's, its stack or the linker's."""


class _Memory:
    """What was mapped while the program was loaded, and what became of it later."""

    def __init__(self) -> None:
        self.heap = 0
        """Where the heap begins. The program lies below it."""
        self._break = 0
        self._loaded = False
        self._code: list[_Range] = []
        """Of libraries. The last one is that under test, which may change its own."""
        self._known = _Ranges()
        """All that was mapped by a system call, unlike the program, its stack and the linker."""
        self._changes: list[_Change] = []

    def see(self, call: SystemCall, number: int) -> None:
        """See a system call after so many calls of the allocator."""
        match call.name, call.args:
            case name, _ if name == LOADED:
                self._loaded = True
            case "brk", _:
                self.heap = self.heap or call.result
                self._break = max(self._break, call.result)
            case _ if call.result < 0:
                pass
            case "mmap", (_, int(length), int(protection), int(flags), *_):
                where = _Range(call.result, call.result + length)
                if self._loaded:
                    self._note(number, where, new=not flags & _FIXED)
                elif protection & _EXEC:
                    self._code.append(where)
                if not flags & _FIXED:
                    self._known.add(where)
            case "mremap", (_, _, int(length), *_):
                self._note(number, _Range(call.result, call.result + length))
            case "munmap", (int(start), int(length)) if self._loaded:
                # What is mapped there next will replace nothing.
                self._note(number, _Range(start, start + length))
            case "mprotect", (int(start), int(length), int(protection)):
                if self._loaded and protection & (_WRITE | _EXEC):
                    self._note(number, _Range(start, start + length))

    def _note(self, number: int, where: _Range, new: bool = False) -> None:
        heap = _Range(self.heap, self._break)
        strange = not (new or where.overlaps(heap) or self._known.overlap(where))
        self._changes.append(_Change(number, where, strange))

    def first_change(self, program: _Range) -> int | None:
        """Return the number of the call up to which code, or memory of the program, was changed;
        None if it never was."""
        kept = [program, *self._code[:-1]]
        for number, where, strange in self._changes:
            if strange or any(map(where.overlaps, kept)):
                return number
        return None


class _Origins:
    """Follows the places of calls, and with them where the program is."""

    def __init__(self, code: ProgramCode) -> None:
        self.first: Foreign | None = None
        self._code = code
        self._calls = 0
        self._inside: Entered | None = None
        self._shown = False
        """Whether the tracer shows places."""
        self._bases: frozenset[int] | None = None
        """By how much the program may have been moved; None before the first call."""
        self._memory = _Memory()

    def see(self, event: Event) -> None:
        match event:
            case Entered():
                if self._inside is not None and self._inside.callers:
                    self.first = self.first or Foreign(self._calls, _MISLEADS)
                self._calls += 1
                self._inside = event
                self._see_place(event.place, self._code.calls.get(event.function), _CALLS)
            case Returned(_, callers):
                if self._inside is not None:
                    self._see_callers(self._inside, callers)
                self._inside = None
            case SystemCall():
                self._shown |= event.place != 0
                check = told_check(event)
                if check is None:
                    self._memory.see(event, self._calls)
                elif not self._inside:
                    self._see_place(event.place, self._code.telling.get(check), _TELLS)

    def _see_place(self, place: int, places: frozenset[int] | None, what: str) -> None:
        if not self._shown:
            return
        bases = frozenset(place - own for own in places or () if self._is_base(place - own))
        self._bases = bases if self._bases is None else self._bases & bases
        if not self._bases:
            self.first = self.first or Foreign(self._calls, what)

    def _see_callers(self, entered: Entered, callers: tuple[int, ...]) -> None:
        """See where the program goes on, if it has stated that."""
        stated = entered.callers
        if not stated or not self._bases:
            return
        fitting = (b for b in self._bases if goes_on(stated, entered.place, self._code, b))
        if callers != stated or not any(fitting):
            self.first = self.first or Foreign(self._calls, _MISLEADS)

    def _is_base(self, base: int) -> bool:
        apart = self._memory.heap - (base + self._code.end)
        return base % _PAGE == 0 and 0 <= apart < _MOST_APART

    def end(self) -> None:
        """See whether the program has stayed as it was."""
        for base in self._bases or ():
            program = _Range(base + self._code.start, base + self._code.end)
            number = self._memory.first_change(program)
            if number is not None:
                self.first = self.first or Foreign(number, _CHANGES)


def first_foreign(events: Iterable[Event], code: ProgramCode) -> Foreign | None:
    """Return the first thing that a library did in place of a test program, or to it; None if there
    is none, or if the tracer does not show places."""
    origins = _Origins(code)
    for event in events:
        origins.see(event)
    origins.end()
    return origins.first
