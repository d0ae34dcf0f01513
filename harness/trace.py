"""The canonical trace: calls of the allocator, and the requests made inside them.

It is the same on every run of the same program, so that it can be kept in a file and compared.
Its text reads like C, one call a line, its requests indented under it in the order they happened::

    os_malloc(1000) = heap+0x20
      sbrk(131072) = heap+0x0
    os_free(heap+0x20)
    exit 0

Addresses are relative. ``heap+N`` is N bytes above the break as it was before the first growth made
inside a call; ``mapK+N`` is N bytes into the K-th mapping made inside a call. An address that is
neither is ``?``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

FUNCTIONS = ("os_malloc", "os_calloc", "os_realloc", "os_free")
_POINTER_FIRST = ("os_realloc", "os_free")
_ARGUMENTS = {"os_malloc": 1, "os_calloc": 2, "os_realloc": 2, "os_free": 1}


class TraceError(Exception):
    """A text that is not a canonical trace; the message names the line."""


@dataclass(frozen=True, slots=True)
class Address:
    """A place in memory: ``offset`` bytes into the heap, or into a mapping counted from 1."""

    offset: int
    mapping: int | None = None

    def __str__(self) -> str:
        if self.mapping is None:
            return f"heap{self.offset:+#x}"
        return f"map{self.mapping}" + (f"{self.offset:+#x}" if self.offset else "")


@dataclass(frozen=True, slots=True)
class Unknown:
    """An address that lies neither in the heap nor in a mapping made inside a call."""

    def __str__(self) -> str:
        return "?"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A constant by its name in C, such as ``NULL`` or ``PROT_READ|PROT_WRITE``."""

    name: str

    def __str__(self) -> str:
        return self.name


NULL = Symbol("NULL")
UNKNOWN = Unknown()
UNKNOWN_NOTE = "/* ?: not in the heap, not in a mapping */"
PROTECTION = Symbol("PROT_READ|PROT_WRITE")
FLAGS = Symbol("MAP_PRIVATE|MAP_ANONYMOUS")

Value = int | Address | Unknown | Symbol
"""An argument or a result: sizes and statuses are numbers."""


def _written(name: str, args: tuple[Value, ...]) -> str:
    return f"{name}({', '.join(map(str, args))})"


def _with_note(line: str, values: Iterable[Value]) -> str:
    return f"{line} {UNKNOWN_NOTE}" if UNKNOWN in values else line


@dataclass(frozen=True, slots=True)
class Request:
    """What a call asked of the system: ``sbrk``, ``mmap``, ``munmap``, or one it should not use."""

    name: str
    args: tuple[Value, ...]
    result: Value

    def __str__(self) -> str:
        line = f"{_written(self.name, self.args)} = {self.result}"
        return _with_note(line, (*self.args, self.result))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the allocator. ``result`` is None for a function without one; a call that the
    program did not come back from is not ``finished``."""

    function: str
    args: tuple[Value, ...]
    result: Value | None = None
    requests: tuple[Request, ...] = ()
    finished: bool = True

    @property
    def head(self) -> str:
        """The call as written in a program: ``os_malloc(1000)``."""
        return _written(self.function, self.args)

    def lines(self) -> Iterator[str]:
        """The call and its requests as text."""
        line = self.head
        if not self.finished:
            line += " <unfinished>"
        elif self.result is not None:
            line += f" = {self.result}"
        values = self.args if self.result is None else (*self.args, self.result)
        yield _with_note(line, values)
        for request in self.requests:
            yield f"  {request}"


class How(StrEnum):
    """The ways a trace ends."""

    EXIT = "exit"
    KILLED = "killed by"
    EXEC = "exec"
    """The program became another one."""
    CUT_SHORT = "cut short"
    """The tracer stopped without saying how the program ended."""


@dataclass(frozen=True, slots=True)
class End:
    """How the program ended; ``detail`` is the exit status, or the signal's name."""

    how: How
    detail: int | str = ""
    inside: str = ""
    """The call it ended in, as written; empty outside of any."""

    def __str__(self) -> str:
        text = f"{self.how} {self.detail}" if self.detail != "" else self.how
        return f"{text} in {self.inside}" if self.inside else text


@dataclass(frozen=True, slots=True)
class Trace:
    """All the calls of one run, and how it ended."""

    calls: tuple[Call, ...]
    end: End

    def lines(self) -> list[str]:
        """The trace as lines of text, without line ends."""
        return [line for call in self.calls for line in call.lines()] + [str(self.end)]

    def text(self) -> str:
        """The text form, as it is kept in a file."""
        return "\n".join(self.lines()) + "\n"


_CALL = re.compile(
    r"(?P<indent> *)(?P<name>\w+)\((?P<args>[^)]*)\)"
    r"(?: = (?P<result>\S+)|(?P<unfinished> <unfinished>))?"
    r"(?: /\*.*\*/)?"
)
_ADDRESS = re.compile(r"(?:heap|map(?P<mapping>[1-9]\d*))(?P<offset>[+-]0x[0-9a-f]+)?")
_END = re.compile(
    r"(?:exit (?P<status>\d+)|killed by (?P<signal>\w+)|(?P<other>exec|cut short))"
    r"(?: in (?P<inside>.+))?"
)


def _read_value(text: str) -> Value:
    if text == "?":
        return UNKNOWN
    if match := _ADDRESS.fullmatch(text):
        offset, mapping = match["offset"], match["mapping"]
        return Address(int(offset, 16) if offset else 0, int(mapping) if mapping else None)
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"[A-Z][\w|]*", text):
        return Symbol(text)
    raise ValueError(text)


def _read_call(match: re.Match[str]) -> Call:
    args = tuple(map(_read_value, match["args"].split(", "))) if match["args"] else ()
    result = None if match["result"] is None else _read_value(match["result"])
    return Call(match["name"], args, result, (), match["unfinished"] is None)


def _is_sound(call: Call) -> bool:
    """Whether a call is one of the allocator's functions, with arguments as it takes them."""
    if len(call.args) != _ARGUMENTS.get(call.function):
        return False
    pointers, sizes = (
        (call.args[:1], call.args[1:]) if call.function in _POINTER_FIRST else ((), call.args)
    )
    return all(isinstance(size, int) for size in sizes) and not any(
        isinstance(pointer, int) for pointer in pointers
    )


def _read_end(match: re.Match[str]) -> End:
    inside = match["inside"] or ""
    if match["status"]:
        return End(How.EXIT, int(match["status"]), inside)
    if match["signal"]:
        return End(How.KILLED, match["signal"], inside)
    return End(How(match["other"]), "", inside)


def read_trace(lines: Iterable[str], source: str) -> Trace:
    """Reads the text form back; ``source`` names it in errors (`TraceError`)."""
    calls: list[Call] = []
    end: End | None = None
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\n")
        wrong = TraceError(
            f"{source}:{number}: expected a call, a request or the end, found {line!r:.60}"
        )
        if end is not None:
            raise TraceError(
                f"{source}:{number}: expected nothing after {str(end)!r}, found {line!r:.60}"
            )
        try:
            if ended := _END.fullmatch(line):
                end = _read_end(ended)
                continue
            match = _CALL.fullmatch(line)
            if match is None:
                raise wrong
            call = _read_call(match)
        except ValueError:
            raise wrong from None
        if not match["indent"]:
            if not _is_sound(call):
                raise wrong
            calls.append(call)
        elif calls and call.result is not None:
            request = Request(call.function, call.args, call.result)
            last = calls[-1]
            calls[-1] = Call(
                last.function, last.args, last.result, (*last.requests, request), last.finished
            )
        else:
            raise wrong
    if end is None:
        raise TraceError(
            f"{source}: expected a last line such as 'exit 0', found the end of the text"
        )
    return Trace(tuple(calls), end)


def read_trace_file(path: Path) -> Trace:
    """Reads a trace file; raises `TraceError` or `OSError`."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        return read_trace(lines, str(path))
