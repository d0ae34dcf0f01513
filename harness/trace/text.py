"""Reading the text of a canonical trace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from harness.errors import UserError
from harness.trace.signatures import ALLOCATOR, SIZE
from harness.trace.trace import (
    UNKNOWN,
    Address,
    Call,
    End,
    How,
    Mark,
    Part,
    Phase,
    Request,
    Symbol,
    Trace,
    Value,
    gather,
)

_ARE_SIZES = {
    name: [parameter is SIZE for parameter in signature.parameters]
    for name, signature in ALLOCATOR.items()
}
"""For each argument of a function, whether it is a size; if not, it is a pointer."""


class TraceError(UserError):
    """A text that is not a canonical trace; the message names the line."""


_CALL = re.compile(
    r"(?P<indent>(?:  )?)(?P<name>\w+)\((?P<args>[^)]*)\)"
    r"(?: = (?P<result>\S+)|(?P<unfinished> <unfinished>))?"
    r"(?: /\*.*\*/)?"
)
_ADDRESS = re.compile(r"(?:heap|map(?P<mapping>[1-9]\d*))(?P<offset>[+-]0x[0-9a-f]+)?")
_NEGATIVE = re.compile(r"-\d+")
_SYMBOL = re.compile(r"[A-Z][\w|]*")
_MARK = re.compile(rf"-- (?P<phase>{'|'.join(Phase)})")
_END = re.compile(
    r"(?:exit (?P<status>\d+)|killed by (?P<signal>\w+)|(?P<other>exec|cut short))"
    r"(?: in (?P<inside>.+?))?"
    r"(?:, (?P<untraced>[1-9]\d*) (?:thread or process|threads or processes) not traced)?"
)


def _read_value(text: str) -> Value:
    if text.isdecimal():
        return int(text)
    if match := _ADDRESS.fullmatch(text):
        mapping, offset = match.groups()
        return Address(int(offset, 16) if offset else 0, int(mapping) if mapping else None)
    if text == "?":
        return UNKNOWN
    if _NEGATIVE.fullmatch(text):
        return int(text)
    if _SYMBOL.fullmatch(text):
        return Symbol(text)
    raise ValueError(text)


def _read_end(match: re.Match[str]) -> End:
    inside, untraced = match["inside"] or "", int(match["untraced"] or 0)
    if match["status"]:
        return End(How.EXIT, int(match["status"]), inside, untraced)
    if match["signal"]:
        return End(How.KILLED, match["signal"], inside, untraced)
    return End(How(match["other"]), "", inside, untraced)


@lru_cache(maxsize=1 << 15)
def _read_line(line: str) -> Call | Request | Mark | End:
    """Read a line, or remember how it was read: a long trace repeats most of its lines. Raises
    `ValueError`."""
    match = _CALL.fullmatch(line)
    if match is None:
        if ended := _END.fullmatch(line):
            return _read_end(ended)
        if marked := _MARK.fullmatch(line):
            return Mark(Phase(marked["phase"]))
        raise ValueError(line)
    indent, name, words, result, unfinished = match.groups()
    args = tuple(map(_read_value, words.split(", "))) if words else ()
    value = None if result is None else _read_value(result)
    if indent and value is not None:
        return Request(name, args, value)
    if indent or [isinstance(arg, int) for arg in args] != _ARE_SIZES.get(name):
        raise ValueError(line)
    return Call(name, args, value, (), unfinished is None)


def _with_requests(call: Call, requests: list[Request]) -> Call:
    if not requests:
        return call
    return Call(call.function, call.args, call.result, tuple(requests), call.finished)


def read_parts(lines: Iterable[str], source: str, first: int = 1) -> Iterator[Part]:
    """Yield the parts of a trace from the lines of its text.

    A `TraceError` names the text by ``source``, and its first line by the number ``first``.
    """
    call: Call | None = None
    requests: list[Request] = []
    end: End | None = None
    number = first - 1
    for number, line in enumerate(lines, first):
        line = line.rstrip("\n")
        if end is not None:
            raise TraceError(
                f"{source}:{number}: expected nothing after {str(end)!r}, found {line!r:.60}"
            )
        try:
            read = _read_line(line)
            if isinstance(read, Request):
                if call is None:
                    raise ValueError(line)
                requests.append(read)
                continue
        except ValueError:
            raise TraceError(
                f"{source}:{number}: expected a call, a request or the end, found {line!r:.60}"
            ) from None
        if call is not None:
            yield _with_requests(call, requests)
            requests.clear()
        call = None
        match read:
            case Call():
                call = read
            case Mark():
                yield read
            case End():
                end = read
                yield end
    if end is None:
        raise TraceError(
            f"{source}:{number + 1}: expected a last line such as 'exit 0', found the end of the"
            " text: it was cut short, record it again"
        )


def read_trace(lines: Iterable[str], source: str) -> Trace:
    """Return the trace from the lines of its text; see `read_parts`."""
    return gather(read_parts(lines, source))
