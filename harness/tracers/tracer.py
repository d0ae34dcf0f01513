"""Tracers: each runs a program and reports its calls and requests as events.

A tracer is a module with a class of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from harness.errors import UserError
from harness.trace.events import Event
from harness.execution.process import Finished, Limits
from harness.execution.sandbox import Sandbox

SHOWN = "/osmem"
"""What a confined program sees of its `Confinement`."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """The sandbox a program is traced in."""

    sandbox: Sandbox
    shown: Path
    """A folder, made with `make_readable`, that is all the program can see, as `SHOWN`; a tracer
    may put files of its own there."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to trace, with its arguments and environment, in a folder (None: this one)."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None
    confinement: Confinement | None = None
    """Where there is one, the paths in ``argv`` and ``env`` are those inside, and ``cwd`` does not
    count."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a program's input comes from, and its output goes."""

    stdin: int | IO[bytes]
    stdout: int | IO[bytes]
    stderr: int | IO[bytes]


class TracerError(UserError):
    """A program can't be traced; the message says why, and what to do."""


class Tracer(Protocol):
    """Runs programs and tells what they asked for."""

    name: str
    tools: tuple[str, ...]
    """The commands it is made of."""
    confines: bool
    """Whether it works in a `Confinement`."""

    def unsupported_reason(self, program: Path) -> str:
        """Why it would not see all calls of the program, and what to do; empty if it does."""

    def run(self, program: Program, streams: Streams, raw: Path, limits: Limits) -> Finished:
        """Runs the program; the tracer's own output is kept at ``raw``, in a folder that was made
        with `make_writable_folder`. Raises `TracerError` or `OSError`."""

    def events(self, raw: Path, confined: bool) -> Iterator[Event]:
        """Reads that, of a program that was confined or not. Raises `TracerError`."""
