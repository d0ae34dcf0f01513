"""ltrace: breakpoints at the program's calls of the allocator, and every system call.

What the allocator asked for is read from the system calls (``-S``), so that it does not matter how
it asked; calls that the library makes to its own functions are not the program's, and left out
(``@MAIN``). Read here are the notations of 0.7.3 and of the 0.7.9x line, which differ in the names
of system calls, in numbers, and in how NULL is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.events import Entered, Event, Exited, Killed, Replaced, Returned, SystemCall
from harness.process import Finished, Limits, kill_children, run
from harness.trace import FUNCTIONS
from harness.tracers import Command

_PROTOTYPES = Path(__file__).with_name("ltrace.conf")
_MEMORY_CALLS = {"brk": 1, "mmap": 6, "munmap": 2, "mremap": 4, "mprotect": 3, "madvise": 3}
"""The system calls that ask for memory, and how many arguments they have."""
_ADDRESS_RESULTS = ("brk", "mmap", "mremap")

_BEGUN = re.compile(
    r"(?:\[pid \d+\] )?(?:.*->)?(?P<name>os_\w+|SYS_\w+|\w+@SYS)\((?P<args>[^)]*?)"
    r"(?:\) += (?P<result>\S+)| <(?:unfinished|no return) \.\.\.>)\s*"
)
_RESUMED = re.compile(
    r"(?:\[pid \d+\] )?<\.\.\. (?P<name>\w+)(?:@SYS)? resumed> .*?\) += (?P<result>\S+)\s*"
)
_EXITED = re.compile(r"(?:\[pid \d+\] )?\+\+\+ exited \(status (\d+)\) \+\+\+\s*")
_KILLED = re.compile(r"(?:\[pid \d+\] )?\+\+\+ killed by (\w+) \+\+\+\s*")
_EXEC = re.compile(r"(?:\[pid \d+\] )?--- Called exec\(\) ---\s*")
_NO_VALUE = "<void>"
_NULL = ("nil", "NULL")


def _number(text: str) -> int:
    return 0 if text in _NULL else int(text, 0)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(_number, re.split(r", *", text))) if text else ()


def _signed(value: int) -> int:
    """A result of a system call, where -errno may be shown as a large number."""
    return value - 2**64 if value >= 2**64 - 4096 else value


def _system_call(name: str, args: str, result: str) -> SystemCall | None:
    if name not in _MEMORY_CALLS:
        return None
    value = _signed(_number(result))
    return SystemCall(name, _numbers(args)[: _MEMORY_CALLS[name]], value)


def read_events(lines: Iterator[str]) -> Iterator[Event]:
    """The events in ltrace's output. Lines that can't be read are passed over: ltrace cuts its last
    one where it is killed."""
    pending: dict[str, str] = {}
    """The arguments of system calls shown in two halves."""
    for line in lines:
        try:
            if match := _BEGUN.fullmatch(line):
                yield from _begun(match, pending)
            elif match := _RESUMED.fullmatch(line):
                yield from _resumed(match, pending)
            elif match := _EXITED.fullmatch(line):
                yield Exited(int(match[1]))
            elif match := _KILLED.fullmatch(line):
                yield Killed(match[1])
            elif _EXEC.fullmatch(line):
                yield Replaced()
        except ValueError:
            continue


def _system_call_name(name: str) -> str | None:
    if name.startswith("SYS_"):
        return name.removeprefix("SYS_")
    return name.removesuffix("@SYS") if name.endswith("@SYS") else None


def _begun(match: re.Match[str], pending: dict[str, str]) -> Iterator[Event]:
    args, result = match["args"], match["result"]
    system_call = _system_call_name(match["name"])
    if system_call is None:
        yield Entered(match["name"], _numbers(args))
        if result is not None:
            yield _returned(result)
    elif result is None:
        pending[system_call] = args
    elif event := _system_call(system_call, args, result):
        yield event


def _resumed(match: re.Match[str], pending: dict[str, str]) -> Iterator[Event]:
    name = match["name"].removeprefix("SYS_")
    if name in FUNCTIONS:
        yield _returned(match["result"])
    elif event := _system_call(name, pending.pop(name, ""), match["result"]):
        yield event


def _returned(result: str) -> Returned:
    return Returned(None if result == _NO_VALUE else _number(result))


class Ltrace:
    """The tracer that grades: it stands outside of the process it watches."""

    name = "ltrace"

    def run(self, command: Command, raw: Path, limits: Limits) -> Finished:
        """Runs a program under ltrace. A program that is out of time is killed before ltrace is, so
        that ltrace can still write in which call it was."""
        calls = "+".join(f"{function}@MAIN" for function in FUNCTIONS)
        ltrace = ["ltrace", "-S", "-F", str(_PROTOTYPES), "-o", str(raw), "-e", calls, "--"]
        return run(
            [*ltrace, *command.argv],
            limits,
            env=command.env,
            cwd=command.cwd,
            stdin=command.stdin,
            stdout=command.stdout,
            stderr=command.stderr,
            on_timeout=kill_children,
        )

    def events(self, raw: Path) -> Iterator[Event]:
        with raw.open(encoding="utf-8", errors="replace") as lines:
            yield from read_events(lines)
