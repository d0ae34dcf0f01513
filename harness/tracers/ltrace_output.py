"""Reading what ltrace writes: a line for each system call, call of the allocator, and end.

Versions 0.7.3 and 0.7.9x write system calls, numbers and NULL differently, with prototypes and
without.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from seccomp import Arch, resolve_syscall

from harness.trace.events import (
    SPAWNING,
    Checking,
    Entered,
    Event,
    Exited,
    Killed,
    Replaced,
    Returned,
    Signalled,
    SystemCall,
)
from harness.trace.signatures import ALLOCATOR, FUNCTIONS, PRINTING, SYSTEM_CALLS
from harness.trace.words import signed_result, unsigned
from harness.tracers.tracer import TracerError

READ = {**SYSTEM_CALLS, **PRINTING}
"""The system calls whose arguments are read."""
CHECKING_WORDS, STATEMENT_WORDS = 3, 16
"""The words of the statement that a test program passes with a call, of which the first say what it
has checked and the others where it will go on; see tests/snippets/calls.h."""
_CALL_TAG, _CHECKED, _CLEARED = 0x5E7B11E0, 1, 2
"""What a test program tells with a call; see tests/snippets/snippet.h."""
_LEAST_SHOWN = {"mmap": 4}
"""How many arguments every version shows, if that is not all."""

_PLACE = r"(?:\[(?P<place>0x[0-9a-f]+)\] )?"
"""Where the program was, with ``-i``; in a call of either kind, that is where it returns to."""
_SYSTEM_NAME = r"(?:SYS_(?P<name>\w+)|(?P<named>\w+)@SYS)"
_BEGUN = r"\((?P<args>[^)]*)(?:\) += (?P<result>\S+)| <(?:unfinished|no return) \.\.\.>)\s*"
"""What follows the name in a call; without a result if something else is written before it."""
_SYSTEM_CALL = re.compile(_PLACE + _SYSTEM_NAME + _BEGUN)
_CALL = re.compile(rf"{_PLACE}(?:.*->)?(?P<name>{'|'.join(FUNCTIONS)}){_BEGUN}")
_UNTOLD = re.compile(rf"{_PLACE}{_SYSTEM_NAME}\([^)]*\) +=\s*")
"""A system call whose result is left out. That happens to one that starts a thread or a process, if
ltrace hears of the new one first."""
_RESUMED = re.compile(
    rf"{_PLACE}<\.\.\. (?:SYS_)?(?P<name>\w+)(?:@SYS)? resumed> (?P<args>.*?)\)"
    r" += (?P<result>\S+)\s*"
)
_SIGNALLED = re.compile(rf"{_PLACE}--- (?P<signal>SIG\w+) \(.*\) ---\s*")
_EXITED = re.compile(rf"{_PLACE}\+\+\+ exited \(status (?P<status>\d+)\) \+\+\+\s*")
_KILLED = re.compile(rf"{_PLACE}\+\+\+ killed by (?P<signal>\w+) \+\+\+\s*")
_EXEC = re.compile(rf"{_PLACE}--- Called exec\(\) ---\s*")
_ARRAY = re.compile(r",? *\[([^\]]*)\]")
_SOME_PROCESS = "1"
_REPLACING = ("execve", "execveat")
"""The system calls that do not return if they succeed, so that ltrace shows no second half."""
_NO_VALUE = "<void>"
_NULL = ("nil", "NULL")


def after_entering(lines: Iterator[str], execs: int) -> Iterator[str]:
    """Skip the lines on a process before it becomes the program in the inner sandbox."""
    entering = (number for number, line in enumerate(lines) if _EXEC.fullmatch(line))
    next(itertools.islice(entering, execs - 1, None), None)
    return lines


def read_events(lines: Iterator[str]) -> Iterator[Event]:
    """Yield the events in ltrace's output on one process. Lines that can't be read are skipped,
    because ltrace cuts its last line short if it is killed. Raises `TracerError` if a test
    program's checks are not to be seen."""
    pending: dict[str, str] = {}
    """The arguments of the system calls whose second half has not come yet."""
    for line in lines:
        try:
            if match := _SYSTEM_CALL.fullmatch(line):
                yield from _begun(match, pending)
            elif match := _CALL.fullmatch(line):
                yield from _called(match)
            elif match := _RESUMED.fullmatch(line):
                yield _resumed(match, pending)
            elif match := _UNTOLD.fullmatch(line):
                yield from _started(match)
            elif match := _SIGNALLED.fullmatch(line):
                yield Signalled(match["signal"])
            elif match := _EXITED.fullmatch(line):
                yield Exited(int(match["status"]))
            elif match := _KILLED.fullmatch(line):
                yield Killed(match["signal"])
            elif _EXEC.fullmatch(line):
                yield Replaced()
        except ValueError:
            continue


def _begun(match: re.Match[str], pending: dict[str, str]) -> Sequence[Event]:
    """Return the system call of a line, unless its result comes later."""
    name, args, result = match["name"] or match["named"], match["args"], match["result"]
    if result is None:
        pending[name] = args
        if name not in _REPLACING:
            return ()
    return (_system_call(name, args, result or "0", _place(match)),)


def _called(match: re.Match[str]) -> Iterator[Event]:
    name, args, result = match["name"], match["args"], match["result"]
    # Without prototypes ltrace assumes four arguments, all signed.
    numbers = tuple(map(unsigned, _numbers(_ARRAY.sub("", args))))
    count = len(ALLOCATOR[name].parameters)
    statement, *changed = _statements(args) or ((),)
    line, checking, callers = _told(numbers[count:], statement)
    yield Entered(name, numbers[:count], line, checking, _place(match), callers)
    if result is not None:
        yield _returned(name, result, changed)


def _started(match: re.Match[str]) -> Sequence[Event]:
    call = _system_call(match["name"] or match["named"], "", _SOME_PROCESS, _place(match))
    return (call,) if call.name in SPAWNING else ()


def _resumed(match: re.Match[str], pending: dict[str, str]) -> Event:
    name = match["name"]
    if name in FUNCTIONS:
        return _returned(name, match["result"], _statements(match["args"]))
    return _system_call(name, pending.pop(name, ""), match["result"], _place(match))


def _place(match: re.Match[str]) -> int:
    place = match["place"]
    return int(place, 16) if place else 0


def _system_call(name: str, args: str, result: str, place: int) -> SystemCall:
    if name.isdecimal():
        name = _name_of(int(name))
    if name in SPAWNING:
        return SystemCall(name, (), signed_result(_number(result)), place)
    if name not in READ:
        return SystemCall(name, (), 0, place)
    count = len(READ[name].parameters)
    numbers = _numbers(args)[:count]
    if len(numbers) < _LEAST_SHOWN.get(name, count):
        raise ValueError(args)
    return SystemCall(name, numbers, signed_result(_number(result)), place)


@cache
def _name_of(number: int) -> str:
    """Return the name of a system call that ltrace, older than the call, shows by its number."""
    try:
        return str(resolve_syscall(Arch(), number).decode())
    except ValueError:
        return str(number)


def _returned(function: str, result: str, statements: Sequence[tuple[int, ...]]) -> Returned:
    # Without prototypes ltrace shows a result of os_free(), too.
    nothing = ALLOCATOR[function].result is None or result == _NO_VALUE
    statement = next(iter(statements), ())
    return Returned(None if nothing else _number(result), statement[CHECKING_WORDS:])


def _told(
    more: tuple[int, ...], statement: tuple[int, ...]
) -> tuple[int, Checking | None, tuple[int, ...]]:
    """Return the line of a call, how it is checked, and its callers, as a test program tells in the
    arguments after the function's own."""
    tag, line = divmod(next(iter(more), 0), 1 << 32)
    bits = tag ^ _CALL_TAG
    if bits & ~(_CHECKED | _CLEARED):
        return 0, None, ()
    checking, callers = statement[:CHECKING_WORDS], statement[CHECKING_WORDS:]
    if not bits & _CHECKED:
        return line, None, callers
    if len(statement) < STATEMENT_WORDS:
        raise TracerError(
            f"expected {STATEMENT_WORDS} words that say how line {line} is checked, found"
            f" {len(statement)} in ltrace's output",
            "see whether ltrace can read its prototypes, and the program's memory",
        )
    return line, Checking(bool(bits & _CLEARED), *checking), callers


def _statements(args: str) -> tuple[tuple[int, ...], ...]:
    """Return the arrays among the arguments of a call."""
    return tuple(map(_numbers, _ARRAY.findall(args)))


@lru_cache(maxsize=256)  # a call returns with the statement that it began with
def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(_number, text.split(","))) if text and not text.isspace() else ()


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        if text.strip() in _NULL:
            return 0
        raise
