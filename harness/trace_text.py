"""The text form of a canonical trace, read back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from harness.trace import (
    ARGUMENTS,
    UNKNOWN,
    Address,
    Call,
    End,
    How,
    Part,
    Request,
    Symbol,
    Trace,
    Value,
    gather,
)

_POINTER_FIRST = ("os_realloc", "os_free")


class TraceError(Exception):
    """A text that is not a canonical trace; the message names the line."""


_CALL = re.compile(
    r"(?P<indent>(?:  )?)(?P<name>\w+)\((?P<args>[^)]*)\)"
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


def _is_sound(call: Call) -> bool:
    """Whether a call is one of the allocator's functions, with arguments as it takes them."""
    if len(call.args) != ARGUMENTS.get(call.function):
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


@lru_cache(maxsize=1 << 15)
def _read_line(line: str) -> Call | Request | End:
    """Raises `ValueError`. A long trace has few lines that are not in it many times over."""
    if ended := _END.fullmatch(line):
        return _read_end(ended)
    match = _CALL.fullmatch(line)
    if match is None:
        raise ValueError(line)
    args = tuple(map(_read_value, match["args"].split(", "))) if match["args"] else ()
    result = None if match["result"] is None else _read_value(match["result"])
    if match["indent"] and result is not None:
        return Request(match["name"], args, result)
    call = Call(match["name"], args, result, (), match["unfinished"] is None)
    if match["indent"] or not _is_sound(call):
        raise ValueError(line)
    return call


class _Reader:
    """Puts lines together to the parts of a trace."""

    def __init__(self) -> None:
        self._call: Call | None = None
        self._requests: list[Request] = []

    def read(self, line: str) -> Iterator[Part]:
        """What is complete with this line. Raises `ValueError`."""
        read = _read_line(line)
        if not isinstance(read, Request):
            yield from self._complete()
            self._call = read if isinstance(read, Call) else None
        elif self._call is None:
            raise ValueError(line)
        else:
            self._requests.append(read)
        if isinstance(read, End):
            yield read

    def _complete(self) -> Iterator[Call]:
        call = self._call
        if call is None:
            return
        if self._requests:
            requests = tuple(self._requests)
            call = Call(call.function, call.args, call.result, requests, call.finished)
            self._requests.clear()
        yield call


def read_parts(lines: Iterable[str], source: str, first: int = 1) -> Iterator[Part]:
    """Reads the text form back, a part at a time; ``source`` names it in errors (`TraceError`), and
    ``first`` is the number that its first line has there."""
    reader = _Reader()
    part: Part | None = None
    number = first - 1
    for number, line in enumerate(lines, first):
        line = line.rstrip("\n")
        if isinstance(part, End):
            raise TraceError(
                f"{source}:{number}: expected nothing after {str(part)!r}, found {line!r:.60}"
            )
        try:
            for part in reader.read(line):
                yield part
        except ValueError:
            raise TraceError(
                f"{source}:{number}: expected a call, a request or the end, found {line!r:.60}"
            ) from None
    if not isinstance(part, End):
        raise TraceError(
            f"{source}:{number + 1}: expected a last line such as 'exit 0', found the end of the"
            " text: it was cut short, record it again"
        )


def read_trace(lines: Iterable[str], source: str) -> Trace:
    """Reads all of the text form back; see `read_parts`."""
    return gather(read_parts(lines, source))
