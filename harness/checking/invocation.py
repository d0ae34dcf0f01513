"""A traced run of any program of the user's, outside of a suite."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL

from harness.checking.loading import loading_environment
from harness.execution.build import Library
from harness.execution.limits import UNLIMITED
from harness.execution.sandbox import scratch_folder
from harness.execution.tools import require_tools
from harness.trace.canonical import canonicalise
from harness.trace.trace import End, How, Part, threads_or_processes
from harness.tracers.tracer import Program, Streams, Tracer, TracerError


@dataclass(frozen=True, slots=True)
class Invocation:
    """A program of the user's, with its arguments and the library that it loads."""

    program: Path
    args: Sequence[str]
    library: Library
    """The library that the program loads if it finds no other."""
    replace: bool
    """Whether the program loads it in place of any other."""


def trace_program(invocation: Invocation, tracer: Tracer, output: int) -> Iterator[Part]:
    """Run any program as the user would run it, and yield its trace. What it prints goes to the
    file ``output``. Raises `UserError` or `OSError`."""
    program = invocation.program
    require_tools("readelf", "ldd")
    if why := tracer.unsupported_reason(program):
        raise TracerError(f"{program}: {why}")
    here = sys.stdin.fileno() if sys.stdin is not None else DEVNULL
    streams = Streams(here, output, sys.stderr.fileno())
    with scratch_folder() as scratch:
        links = scratch / "library"
        links.mkdir()
        env = loading_environment(program, invocation.library, invocation.replace, links)
        command = Program([str(program.resolve()), *invocation.args], env, None)
        raw = scratch / "trace"
        finished = tracer.run(command, streams, raw, UNLIMITED)
        for number, part in enumerate(canonicalise(tracer.events(raw))):
            if number == 0 and isinstance(part, End) and part.how is How.CUT_SHORT:
                raise TracerError(
                    f"{program}: {tracer.name} could not run it, and ended with status"
                    f" {finished.status}; does it run without a tracer?"
                )
            yield part


def is_whole(end: End) -> bool:
    """Return whether a program exited outside of the allocator, and all its calls are in its
    trace."""
    return end.how is How.EXIT and not end.inside and not end.untraced


def missing_calls(calls: int, end: End) -> str:
    """Return which calls a trace lacks, in one line, given how many it has and its end; empty if it
    has all."""
    if end.untraced:
        others = threads_or_processes(end.untraced)
        return f"the calls of {others} that it started were not seen"
    if calls:
        return ""
    return (
        "no call of os_malloc() and the like was seen; is it linked with -losmem, and does it make"
        " any?"
    )
