"""The interface of tracers: each runs a program, and reports its calls and requests as events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.errors import UserError
from harness.trace.events import Event
from harness.execution.output import Output
from harness.execution.limits import Finished, Limits
from harness.execution.sandbox import RunSandbox


@dataclass(frozen=True, slots=True)
class Confinement:
    """The sandbox that a program is traced in."""

    sandbox: RunSandbox
    shown: Path
    """The only folder of the host that the program can read, as `SHOWN`. It was made with
    `make_readable`."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to trace, with its arguments, its environment and its working folder; None stands
    for this one."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None
    confinement: Confinement | None = None
    """If set, the paths in ``argv`` and ``env`` are those inside of the sandbox, and ``cwd`` has no
    effect."""


@dataclass(frozen=True, slots=True)
class Streams:
    """The standard streams of a program, as `harness.execution.process.run` takes them."""

    stdin: int | bytes
    stdout: int | Output
    stderr: int | Output


class TracerError(UserError):
    """A program can't be traced."""


class Tracer(Protocol):
    """Runs programs, and reads the events of their runs."""

    name: str
    tools: tuple[str, ...]
    """The commands that it calls."""
    confines: bool
    """Whether it can trace in a `Confinement`."""
    takes_copies: bool
    """Whether it traces the copy of a test program; see `harness.checking.traced`."""

    def unsupported_reason(self, program: Path) -> str:
        """Return why it would miss calls of the program, and what to do; empty if it sees all."""

    def run(self, program: Program, streams: Streams, raw: Path, limits: Limits) -> Finished:
        """Run the program, and keep the tracer's own output at ``raw``, in a folder that was made
        with `make_writable_folder`. Raises `TracerError` or `OSError`."""

    def events(self, raw: Path, execs_to_enter: int = 0) -> Iterator[Event]:
        """Read the events back from there, those after so many calls of exec(). Raises
        `TracerError`."""
