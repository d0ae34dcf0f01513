"""The output of ``uftrace replay``: a line where a function begins, and one where it returns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from harness.trace.events import Entered, Returned
from harness.trace.signatures import (
    ALLOCATOR,
    FUNCTIONS,
    INT,
    POINTER,
    SIZE,
    SYSTEM_CALLS,
    Signature,
)
from harness.tracers.tracer import TracerError

RECORDED = {
    **ALLOCATOR,
    **SYSTEM_CALLS,
    "brk": Signature((POINTER,), INT),
    "sbrk": Signature((SIZE,), POINTER),
    "mmap64": SYSTEM_CALLS["mmap"],
}
"""The functions that are recorded with their arguments: the allocator's, and those of libc that
make requests. But for brk(), libc's have the signatures of the system calls."""


@dataclass(frozen=True, slots=True)
class LibcCall:
    """The library called a function of libc that requests memory from the kernel."""

    function: str
    args: tuple[int, ...]
    result: int


class Record(NamedTuple):
    """An event that uftrace recorded, and its time in nanoseconds of the monotonic clock."""

    time: int
    event: Entered | Returned | LibcCall


COMMAND = ("uftrace", "replay", "--no-pager", "--color=no", "--no-merge", "-f", "time")
_LINE = re.compile(
    r" *(?P<seconds>\d+)\.(?P<nanoseconds>\d{9}) \| +"
    r"(?:(?P<entered>\w+)\((?P<args>[^)]*)\) \{"
    r"|\}(?: = (?P<result>\w+);)? /\* (?P<returned>\w+) \*/)\n?"
)
_LOST = "LOST"
_LIBC_HEAP = ("malloc", "calloc", "realloc")
"""uftrace calls them as well, in the same process, so what they request can't be told apart."""


def read_records(lines: Iterable[str]) -> Iterator[Record]:
    """Yield the program's calls of the allocator, and the library's calls of libc inside them.
    Raises `TracerError` if records are missing or can't be used."""
    depth = 0
    libc_args: tuple[int, ...] = ()
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            if _LOST in line:
                raise TracerError(f"uftrace could not keep up: {line.strip()!r:.80}")
            continue
        seconds, nanoseconds, entered, args, result, returned = match.groups()
        function = entered or returned
        if function in FUNCTIONS:
            time = int(seconds + nanoseconds)
            if entered and depth == 0:
                yield Record(time, Entered(function, _numbers(function, args)))
            depth += 1 if entered else -1
            if returned and depth == 0:
                yield Record(time, Returned(int(result, 16) if result else None))
        elif depth > 0 and function in RECORDED:
            if entered:
                libc_args = _numbers(function, args)
            else:
                time = int(seconds + nanoseconds)
                value = int(result, 16) if result else 0
                yield Record(time, LibcCall(function, libc_args, value))
        elif depth > 0 and entered in _LIBC_HEAP:
            raise TracerError(
                f"the library calls libc's {entered}(), which uftrace shares with it;"
                " use --tracer ltrace"
            )


def _numbers(function: str, args: str) -> tuple[int, ...]:
    words = args.split(", ")
    expected = len(RECORDED[function].parameters)
    if len(words) != expected or not words[0]:
        raise TracerError(
            f"uftrace replay: expected {expected} arguments of {function}(), found"
            f" {args!r}; use --tracer ltrace"
        )
    return tuple(int(word, 16) for word in words)
