"""Tracers: each runs a program and reports its calls and requests as events.

A tracer is a module with a class of its own, which `TRACERS` names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from harness.events import Event
from harness.process import Finished, Limits


@dataclass(frozen=True, slots=True)
class Command:
    """A program to trace, and where its input and output go."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None
    stdin: int | IO[bytes]
    stdout: int | IO[bytes]
    stderr: int | IO[bytes]


class Tracer(Protocol):
    """Runs programs and tells what they asked for."""

    name: str

    def run(self, command: Command, raw: Path, limits: Limits) -> Finished:
        """Runs the command; the tracer's own output is kept in the file ``raw``."""

    def events(self, raw: Path) -> Iterator[Event]:
        """Reads that file."""
