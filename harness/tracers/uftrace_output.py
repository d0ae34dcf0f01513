"""The text of ``uftrace replay``: a line where a function is entered, and one where it is left."""

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
"""The functions that are recorded with their arguments: the allocator's, and those of libc, which
are like the system calls but for brk()."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The library called one of libc's functions that ask the kernel for memory."""

    function: str
    args: tuple[int, ...]
    result: int


class Told(NamedTuple):
    """What uftrace tells, and when it was: nanoseconds of the clock that only goes forward."""

    time: int
    event: Entered | Returned | Asked


COMMAND = ("uftrace", "replay", "--no-pager", "--color=no", "--no-merge", "-f", "time")
_LINE = re.compile(
    r" *(?P<seconds>\d+)\.(?P<nanoseconds>\d{9}) \| +"
    r"(?:(?P<entered>\w+)\((?P<args>[^)]*)\) \{"
    r"|\}(?: = (?P<result>\w+);)? /\* (?P<left>\w+) \*/)\n?"
)
_LOST = "LOST"
_LIBC_HEAP = ("malloc", "calloc", "realloc")
"""uftrace uses them, too, in the same process: what they ask for is no account of the library."""


def read_replay(lines: Iterable[str]) -> Iterator[Told]:
    """The program's calls of the allocator, and what the library asked for inside of them."""
    depth = 0
    asked: tuple[int, ...] = ()
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            if _LOST in line:
                raise TracerError(f"uftrace could not keep up, and says {line.strip()!r:.80}")
            continue
        seconds, nanoseconds, entered, args, result, left = match.groups()
        function = entered or left
        if function in FUNCTIONS:
            time = int(seconds + nanoseconds)
            if entered and depth == 0:
                yield Told(time, Entered(function, _numbers(function, args)))
            depth += 1 if entered else -1
            if left and depth == 0:
                yield Told(time, Returned(int(result, 16) if result else None))
        elif depth > 0 and function in RECORDED:
            if entered:
                asked = _numbers(function, args)
            else:
                time = int(seconds + nanoseconds)
                yield Told(time, Asked(function, asked, int(result, 16) if result else 0))
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
