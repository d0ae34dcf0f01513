"""The canonical trace: the calls of the allocator, and the requests made inside each.

Every run of the same program leaves the same trace, so that a trace can be kept in a file and
compared. Its text reads like C: one call a line, and its requests indented under it, in order::

    os_malloc(1000) = heap+0x20
      sbrk(131072) = heap+0x0
    os_free(heap+0x20)
    exit 0

Addresses are relative. ``heap+N`` is N bytes above the start of the heap, which is the break before
the first growth inside a call. ``mapK+N`` is N bytes into the K-th mapping made inside a call. Any
other address is ``?``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """A place in memory: ``offset`` bytes into the heap, or into a mapping by its number."""

    offset: int
    mapping: int | None = None

    def __str__(self) -> str:
        if self.mapping is None:
            return f"heap{self.offset:+#x}"
        return f"map{self.mapping}" + (f"{self.offset:+#x}" if self.offset else "")


@dataclass(frozen=True, slots=True)
class Near:
    """An address in the judged part: ``offset`` bytes from a block of the set-up, or from the
    heap's end."""

    name: str
    offset: int

    def __str__(self) -> str:
        return self.name + (f"{self.offset:+#x}" if self.offset else "")


_QUESTION = "?"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An address that is neither in the heap nor in a mapping made inside a call."""

    def __str__(self) -> str:
        return _QUESTION


@dataclass(frozen=True, slots=True)
class Symbol:
    """A constant, by its name in C: ``NULL``, or ``PROT_READ|PROT_WRITE``."""

    name: str

    def __str__(self) -> str:
        return self.name


NULL = Symbol("NULL")
UNKNOWN = Unknown()
UNKNOWN_NOTE = "/* ?: not in the heap, not in a mapping */"
PROTECTION = Symbol("PROT_READ|PROT_WRITE")
FLAGS = Symbol("MAP_PRIVATE|MAP_ANONYMOUS")
_STANDARD_MAPPING = f", {PROTECTION}, {FLAGS}, -1, 0)"


def shortened(line: str) -> str:
    """Return a line of a trace's text without what is equal in all correct mappings."""
    return line.replace(_STANDARD_MAPPING, ", ...)")


Value = int | Address | Near | Unknown | Symbol
"""An argument or a result. Sizes and statuses are numbers."""


def _in_c(name: str, args: tuple[Value, ...]) -> str:
    return f"{name}({', '.join(map(str, args))})"


def _with_note(line: str) -> str:
    return f"{line} {UNKNOWN_NOTE}" if _QUESTION in line else line


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the system inside a call: ``sbrk``, ``mmap``, ``munmap``, or one that the
    assignment does not allow."""

    name: str
    args: tuple[Value, ...]
    result: Value

    def __str__(self) -> str:
        return _with_note(f"{_in_c(self.name, self.args)} = {self.result}")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the allocator. ``result`` is None if the function returns nothing; a call that did
    not return is not ``finished``. ``line`` is the line of the test program that it is in, as far
    as that is known, and else 0; equal calls may come from different lines."""

    function: str
    args: tuple[Value, ...]
    result: Value | None = None
    requests: tuple[Request, ...] = ()
    finished: bool = True
    line: int = field(default=0, compare=False)

    @property
    def head(self) -> str:
        """The call as a program writes it: ``os_malloc(1000)``."""
        return _in_c(self.function, self.args)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the call and of its requests."""
        line = self.head
        if not self.finished:
            line += " <unfinished>"
        elif self.result is not None:
            line += f" = {self.result}"
        yield _with_note(line)
        for request in self.requests:
            yield f"  {request}"


_PAGE = 4096


def whole_pages(length: int) -> int:
    """Return the bytes that a mapping of this length takes up: the system maps whole pages."""
    return length + -length % _PAGE


def threads_or_processes(count: int) -> str:
    """Return "1 thread or process", or the like for another number."""
    return "1 thread or process" if count == 1 else f"{count} threads or processes"


class How(StrEnum):
    """The ways in which a trace ends."""

    EXIT = "exit"
    KILLED = "killed by"
    EXEC = "exec"
    """The program became another one."""
    CUT_SHORT = "cut short"
    """The tracer stopped without saying how the program ended."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of the program; ``detail`` is its exit status, or the name of the signal."""

    how: How
    detail: int | str = ""
    inside: str = ""
    """The call that it ended in, as `Call.head`; empty outside of calls."""
    untraced: int = 0
    """How many threads and processes the program started: their calls are not in the trace."""

    def __str__(self) -> str:
        text = f"{self.how} {self.detail}" if self.detail != "" else str(self.how)
        if self.inside:
            text += f" in {self.inside}"
        if self.untraced:
            text += f", {threads_or_processes(self.untraced)} not traced"
        return text

    def lines(self) -> Iterator[str]:
        """Yield the line of the end."""
        yield str(self)


class Phase(StrEnum):
    """The phases of a test program that judges one rule, in this order."""

    SET_UP = "set-up"
    """Builds the state that the rule is judged in. What comes before it takes up the memory that is
    preallocated, however much that is."""
    JUDGED = "judged part"
    CLEAN_UP = "clean-up"


@dataclass(frozen=True, slots=True)
class Mark:
    """The beginning of a phase."""

    phase: Phase

    def lines(self) -> Iterator[str]:
        """Yield the line of the text."""
        yield f"-- {self.phase}"


Part = Call | Mark | End
"""A part of a trace. A trace that is too long for memory is a stream of parts: its calls and marks,
then its end."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The calls of one run, and its end."""

    calls: tuple[Call, ...]
    end: End
    marks: tuple[tuple[int, Mark], ...] = ()
    """Each with the number of calls before it."""

    def parts(self) -> Iterator[Part]:
        """Yield the calls and marks, then the end."""
        done = 0
        for calls, mark in self.marks:
            yield from self.calls[done:calls]
            yield mark
            done = calls
        yield from self.calls[done:]
        yield self.end

    def before(self, phase: Phase) -> int | None:
        """Return the number of calls before a phase; None if it never began."""
        return next((calls for calls, mark in self.marks if mark.phase is phase), None)

    def lines(self) -> list[str]:
        """Return the lines of the text, without line ends."""
        return [line for part in self.parts() for line in part.lines()]

    def text(self) -> str:
        """Return the text as a file keeps it."""
        return "\n".join(self.lines()) + "\n"


def gather(parts: Iterable[Part]) -> Trace:
    """Collect a stream of parts into a trace."""
    calls: list[Call] = []
    marks: list[tuple[int, Mark]] = []
    end: End | None = None
    for part in parts:
        match part:
            case Call():
                calls.append(part)
            case Mark():
                marks.append((len(calls), part))
            case End():
                end = part
    assert end is not None, "a stream ends with it"
    return Trace(tuple(calls), end, tuple(marks))
