"""strace, outside of the process, records the system calls beside a tracer that is inside.

With ``--seccomp-bpf`` the program stops at these system calls only, so that strace costs nothing
for a million calls of the allocator.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from harness.trace.events import SPAWNING, Event, Exited, Killed, Replaced, SystemCall
from harness.trace.signatures import SYSTEM_CALLS

_PROCESS = ("execve", "execveat", *sorted(SPAWNING))

_LINE = re.compile(r"(?P<seconds>\d+)\.(?P<nanoseconds>\d{9}) (?P<what>.*)\n?")
_CALL = re.compile(r"(?P<name>\w+)\((?P<args>.*)\) += (?P<result>-?\w+).*")
_ENDED = re.compile(r"\+\+\+ (?:exited with (?P<status>\d+)|killed by (?P<signal>\w+).*) \+\+\+")
_NAMED_FILE = re.compile(r"<[^>]*>")


class Stamped(NamedTuple):
    """An event, and its time in nanoseconds of the monotonic clock."""

    time: int
    event: Event


def command(output: Path, traced: list[str]) -> list[str]:
    """Return the command that runs another one under strace, which writes a file ``output.PID`` for
    each process."""
    return [
        *("strace", "--seccomp-bpf", "--follow-forks", "--output-separately", "-o", str(output)),
        *(
            "--decode-fds=path",
            "--const-print-style=raw",
            "--quiet=attach,personality,thread-execve",
        ),
        "--absolute-timestamps=format:unix,precision:ns",
        f"--trace={','.join((*SYSTEM_CALLS, *_PROCESS))}",
        "--",
        *traced,
    ]


def clock_offset() -> int:
    """Return the nanoseconds by which strace's clock, which can be set, is ahead of the monotonic
    clock."""

    def sample() -> tuple[int, int]:
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        now = time.clock_gettime_ns(time.CLOCK_REALTIME)
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        return after - before, now - (before + after) // 2

    return min(sample() for _ in range(20))[1]


def read_program(lines: Iterable[str], offset: int, own_files: str) -> Iterator[Stamped]:
    """Yield the events of a process from the exec() on by which it became the program. Mappings of
    files whose names begin with ``own_files`` are the tracer's, and left out."""
    started = False
    own: set[int] = set()
    for line in lines:
        found = _LINE.fullmatch(line)
        event = _event(found["what"]) if found else None
        if found is None or event is None:
            continue
        if not started:
            started = isinstance(event, Replaced)
            continue
        match event:
            case SystemCall("mmap", _, start) if f"<{own_files}" in line:
                own.add(start)
            case SystemCall("munmap", (start, _)) if start in own:
                own.remove(start)
            case _:
                yield Stamped(int(found["seconds"] + found["nanoseconds"]) - offset, event)


def _event(what: str) -> Event | None:
    if ended := _ENDED.fullmatch(what):
        return Killed(ended["signal"]) if ended["signal"] else Exited(int(ended["status"]))
    match = _CALL.fullmatch(what)
    if match is None or match["result"] == "?":
        return None
    name, result = match["name"], int(match["result"], 0)
    if name in SYSTEM_CALLS:
        return SystemCall(name, _numbers(match["args"]), result)
    return Replaced() if name.startswith("execve") and result == 0 else SystemCall(name, (), result)


def _numbers(args: str) -> tuple[int, ...]:
    words = _NAMED_FILE.sub("", args).split(", ")
    return tuple(0 if word == "NULL" else int(word, 0) for word in words)
