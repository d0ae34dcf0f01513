"""ltrace: stops the program at its calls of the allocator, and at every system call.

Requests are read from the system calls (``-S``), so that it does not matter how the library makes
them. Calls of the library to its own functions are left out (``@MAIN``).

The module reads the output of 0.7.3 and of the 0.7.9x line, which write system calls, numbers and
NULL differently, with prototypes and without.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

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
from harness.tracers.linkage import NOT_LINKED, read_linkage
from harness.execution.limits import Finished, Limits
from harness.execution.process import is_plain_file, run
from harness.execution.process_tree import kill_below, usage_below
from harness.execution.sandbox import OUT, SHOWN
from harness.trace.signatures import (
    ALLOCATOR,
    FUNCTIONS,
    INT,
    POINTER,
    PRINTING,
    SIZE,
    SYSTEM_CALLS,
    Signature,
)
from harness.trace.words import signed_result, unsigned
from harness.tracers.tracer import Program, Streams

_PROTOTYPES = "ltrace.conf"
_TYPES = {POINTER: "addr", SIZE: "ulong", INT: "int", None: "void"}
"""The names of types in prototypes. With them, ltrace shows pointers as addresses, and sizes as
unsigned numbers."""

_READ = {**SYSTEM_CALLS, **PRINTING}
"""The system calls whose arguments are read."""
_LEAST_SHOWN = {"mmap": 4}
"""How many arguments every version shows, if that is not all."""

_PLACE = re.compile(r"\[(0x[0-9a-f]+)\] ")
"""Where the program was, with ``-i``; in a call of either kind, that is where it returns to."""
_BEGUN = re.compile(
    rf"(?:.*->)?(?P<name>{'|'.join(FUNCTIONS)}|SYS_\w+|\w+@SYS)\((?P<args>[^)]*?)"
    r"(?:\) += (?P<result>\S+)| <(?:unfinished|no return) \.\.\.>)\s*"
)
_CALL_TAG, _CHECKED, _CLEARED = 0x5E7B11E0, 1, 2
"""What a test program tells with a call; see tests/snippets/snippet.h."""
_CHECKING_WORDS, _STATEMENT_WORDS = 3, 16
"""The words of the statement that it passes with a call, of which the first say what it has checked
and the others where it will go on; see tests/snippets/calls.h."""
_STATEMENT = f"array({_TYPES[POINTER]}, {_STATEMENT_WORDS})*"
_ARRAY = re.compile(r",? *\[([^\]]*)\]")
_UNTOLD = re.compile(r"(?P<name>SYS_\w+|\w+@SYS)\([^)]*\) +=\s*")
"""A system call whose result is left out. That happens to one that starts a thread or a process, if
ltrace hears of the new one first."""
_SOME_PROCESS = "1"
_RESUMED = re.compile(
    r"<\.\.\. (?P<name>\w+)(?:@SYS)? resumed> (?P<args>.*?)\) += (?P<result>\S+)\s*"
)
_SIGNALLED = re.compile(r"--- (SIG\w+) \(.*\) ---\s*")
_EXITED = re.compile(r"\+\+\+ exited \(status (\d+)\) \+\+\+\s*")
_KILLED = re.compile(r"\+\+\+ killed by (\w+) \+\+\+\s*")
_EXEC = re.compile(r"--- Called exec\(\) ---\s*")
_REPLACING = ("execve", "execveat")
"""The system calls that do not return if they succeed, so that ltrace shows no second half."""
_NO_VALUE = "<void>"
_NULL = ("nil", "NULL")


def _number(text: str) -> int:
    return 0 if text in _NULL else int(text, 0)


@lru_cache(maxsize=256)  # a call returns with the statement that it began with
def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(_number, re.split(r", *", text.strip()))) if text.strip() else ()


def _statements(args: str) -> tuple[tuple[int, ...], ...]:
    """Return the arrays among the arguments of a call."""
    return tuple(_numbers(array) for array in _ARRAY.findall(args))


@cache
def _name_of(number: int) -> str:
    """Return the name of a system call that ltrace, older than the call, shows by its number."""
    try:
        return str(resolve_syscall(Arch(), number).decode())
    except ValueError:
        return str(number)


def _system_call(name: str, args: str, result: str, place: int) -> SystemCall:
    if name.isdecimal():
        name = _name_of(int(name))
    if name in SPAWNING:
        return SystemCall(name, (), signed_result(_number(result)), place)
    if name not in _READ:
        return SystemCall(name, (), 0, place)
    count = len(_READ[name].parameters)
    numbers = _numbers(args)[:count]
    if len(numbers) < _LEAST_SHOWN.get(name, count):
        raise ValueError(args)
    return SystemCall(name, numbers, signed_result(_number(result)), place)


def _after_entering(lines: Iterator[str], execs: int) -> Iterator[str]:
    """Skip the lines on a process before it becomes the program in the inner sandbox."""
    entering = (n for n, line in enumerate(lines) if _EXEC.fullmatch(_split_place(line)[1]))
    next(itertools.islice(entering, execs - 1, None), None)
    return lines


def _read_events(lines: Iterator[str]) -> Iterator[Event]:
    """Yield the events in ltrace's output on one process. Lines that can't be read are skipped,
    because ltrace cuts its last line short if it is killed."""
    pending: dict[str, str] = {}
    """The arguments of the system calls whose second half has not come yet."""
    for line in lines:
        place, line = _split_place(line)
        try:
            if match := _BEGUN.fullmatch(line):
                yield from _begun(match, pending, place)
            elif match := _UNTOLD.fullmatch(line):
                yield from _started(match, place)
            elif match := _RESUMED.fullmatch(line):
                yield _resumed(match, pending, place)
            elif match := _SIGNALLED.fullmatch(line):
                yield Signalled(match[1])
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


def _split_place(line: str) -> tuple[int, str]:
    """Return the place that a line begins with, 0 if there is none, and the rest of the line."""
    match = _PLACE.match(line)
    return (int(match[1], 16), line[match.end() :]) if match else (0, line)


def _begun(match: re.Match[str], pending: dict[str, str], place: int) -> Iterator[Event]:
    args, result = match["args"], match["result"]
    system_call = _system_call_name(match["name"])
    if system_call is None:
        # Without prototypes ltrace assumes four arguments, all signed.
        numbers = tuple(map(unsigned, _numbers(_ARRAY.sub("", args))))
        count = len(ALLOCATOR[match["name"]].parameters)
        statement, *changed = _statements(args) or ((),)
        line, checking, callers = _told(numbers[count:], statement)
        yield Entered(match["name"], numbers[:count], line, checking, place, callers)
        if result is not None:
            yield _returned(match["name"], result, changed)
    elif result is None:
        pending[system_call] = args
        if system_call in _REPLACING:
            yield _system_call(system_call, args, "0", place)
    else:
        yield _system_call(system_call, args, result, place)


def _told(
    more: tuple[int, ...], statement: tuple[int, ...]
) -> tuple[int, Checking | None, tuple[int, ...]]:
    """Return the line of a call, how it is checked, and its callers, as a test program tells in the
    arguments after the function's own."""
    tag, line = divmod(next(iter(more), 0), 1 << 32)
    bits = tag ^ _CALL_TAG
    if bits & ~(_CHECKED | _CLEARED):
        return 0, None, ()
    checking, callers = statement[:_CHECKING_WORDS], statement[_CHECKING_WORDS:]
    if not bits & _CHECKED or len(statement) < _STATEMENT_WORDS:
        return line, None, callers
    return line, Checking(bool(bits & _CLEARED), *checking), callers


def _started(match: re.Match[str], place: int) -> Iterator[Event]:
    call = _system_call(_system_call_name(match["name"]) or "", "", _SOME_PROCESS, place)
    if call.name in SPAWNING:
        yield call


def _resumed(match: re.Match[str], pending: dict[str, str], place: int) -> Event:
    name = match["name"].removeprefix("SYS_")
    if name in FUNCTIONS:
        return _returned(name, match["result"], _statements(match["args"]))
    return _system_call(name, pending.pop(name, ""), match["result"], place)


def _returned(function: str, result: str, statements: Sequence[tuple[int, ...]]) -> Returned:
    # Without prototypes ltrace shows a result of os_free(), too.
    nothing = ALLOCATOR[function].result is None or result == _NO_VALUE
    statement = next(iter(statements), ())
    return Returned(None if nothing else _number(result), statement[_CHECKING_WORDS:])


class Ltrace:
    """The tracer for grading: it is outside of the process, which can't change what it sees."""

    name = "ltrace"
    tools: tuple[str, ...] = ("ltrace",)
    confines = True

    def unsupported_reason(self, program: Path) -> str:
        linkage = read_linkage(program)
        if linkage is None:
            return NOT_LINKED
        unseen = linkage.imported if linkage.second_plt else linkage.imported - linkage.by_plt
        if not unseen:
            return ""
        return (
            f"ltrace does not see its calls of {', '.join(sorted(unseen))}, which do not go through"
            " the PLT that it watches (full RELRO and CET, or -fno-plt): compile it with"
            " -fplt -fcf-protection=none, link it with -Wl,-z,lazy, or use --tracer uftrace"
        )

    def run(self, program: Program, streams: Streams, raw: Path, limits: Limits) -> Finished:
        """Run a program under ltrace. A program that is out of time is killed before ltrace is, so
        that ltrace can still write in which call it was."""
        confinement = program.confinement
        if confinement is None:
            prototypes = raw.with_name(_PROTOTYPES)
            argv = [*_command(prototypes, raw), "--", *program.argv]
        else:
            prototypes = confinement.shown / _PROTOTYPES
            sandbox, inside = confinement.sandbox, Path(SHOWN)
            ltrace = _command(inside / prototypes.name, Path(OUT) / raw.name)
            argv = sandbox.confine_watched(
                [*ltrace, "--"], program.argv, confinement.shown, raw.parent, program.env
            )
        prototypes.write_text(_prototypes())
        return run(
            argv,
            limits,
            env=program.env,
            cwd=program.cwd,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            measure=lambda pid: usage_below(pid, "ltrace"),
            on_excess=lambda pid: kill_below(pid, "ltrace"),
        )

    def events(self, raw: Path, execs_to_enter: int = 0) -> Iterator[Event]:
        if not is_plain_file(raw):  # ltrace ended before it made the file
            return
        with raw.open(encoding="utf-8", errors="replace") as lines:
            entered = _after_entering(lines, execs_to_enter) if execs_to_enter else lines
            yield from _read_events(entered)


def _prototypes() -> str:
    # The statement is shown when the call begins, and once more when it returns.
    told = (_TYPES[SIZE], _STATEMENT, f"+{_STATEMENT}")
    calls = [_prototype(name, signature, told) for name, signature in ALLOCATOR.items()]
    requests = [_prototype(f"SYS_{name}", signature) for name, signature in _READ.items()]
    return "".join(f"{line}\n" for line in (*calls, *requests))


def _prototype(name: str, signature: Signature, more: Sequence[str] = ()) -> str:
    parameters = ", ".join([*map(_TYPES.__getitem__, signature.parameters), *more])
    return f"{_TYPES[signature.result]} {name}({parameters});"


def _command(prototypes: Path, raw: Path) -> list[str]:
    calls = "+".join(f"{function}@MAIN" for function in FUNCTIONS)
    options = ["-S", "-i", "-A", str(_STATEMENT_WORDS), "-F", str(prototypes), "-o", str(raw)]
    return ["ltrace", *options, "-e", calls]
