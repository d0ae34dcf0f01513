"""What a program printed, by the call that it printed it in.

The tracer sees how many bytes each write takes. They come through a pipe in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.results.verdict import Printed
from harness.text import printable
from harness.trace.events import Entered, Event, Returned, SystemCall

_STREAMS = (1, 2)
"""Standard output and standard error."""
_LINE_LENGTH = 300


def _writes(events: Iterable[Event]) -> Iterator[tuple[int, int]]:
    """Yield the call that each write is in, by its number, or 0 outside of calls; and its bytes."""
    calls = inside = 0
    for event in events:
        match event:
            case Entered():
                calls += 1
                inside = calls
            case Returned():
                inside = 0
            case SystemCall("write", (descriptor, *_), written) if descriptor in _STREAMS:
                yield inside, max(written, 0)


def printed_in_calls(content: bytes, events: Iterable[Event]) -> tuple[Printed, ...]:
    """Return what was printed, cut where it is by another call than before. What no write accounts
    for comes last, as printed outside of calls: a tracer may not see writes."""
    pieces: list[tuple[int, bytes]] = []
    for call, count in (*_writes(events), (0, len(content))):
        piece, content = content[:count], content[count:]
        if pieces and pieces[-1][0] == call:
            pieces[-1] = (call, pieces[-1][1] + piece)
        elif piece:
            pieces.append((call, piece))
    return tuple(Printed(call, piece.decode("utf-8", errors="replace")) for call, piece in pieces)


def first_line(printed: Iterable[Printed], inside: bool) -> str:
    """Return the first line that is not blank and was printed inside of calls, or outside of them:
    printable, and cut to a bounded length. It is empty if there is none."""
    lines = (
        printable(line).strip()
        for each in printed
        if bool(each.call) is inside
        for line in each.text.splitlines()
    )
    return next(filter(None, lines), "")[:_LINE_LENGTH]
