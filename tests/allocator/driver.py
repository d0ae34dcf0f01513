"""Playing programs of calls on the driver, which is linked with an allocator.

See driver.c for the format of programs, and for the checks of the returned memory.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from harness.trace.canonical import canonicalise
from harness.trace.events import Entered, Event, Exited, Killed, Returned, SystemCall
from harness.trace.signatures import ALLOCATOR
from harness.trace.trace import Trace, gather

UNTOUCHED = 77
"""The value of errno before each call."""


@dataclass(frozen=True)
class Report:
    """The report on a program of calls."""

    trace: Trace
    results: list[int]
    """The result of each call, in the machine's own addresses."""
    errnos: list[int]
    """The value of errno after each call."""
    wrong: list[str]
    """The checks of the returned memory that failed."""


def _read_events(lines: Sequence[list[str]]) -> Iterator[Event]:
    function = ""
    for kind, *rest in lines:
        match kind:
            case "call":
                function = rest[0]
                yield Entered(function, tuple(map(int, rest[1:])))
            case "system":
                yield SystemCall(rest[0], tuple(map(int, rest[1:-1])), int(rest[-1]))
            case "return":
                yield Returned(None if ALLOCATOR[function].result is None else int(rest[0]))
            case "exit":
                yield Exited(int(rest[0]))
            case "killed":
                yield Killed(signal.Signals(int(rest[0])).name)


class Driver:
    """A running driver; a context manager."""

    def __init__(self, program: Path, conf: str = "") -> None:
        self._process = subprocess.Popen(
            [str(program)],
            env={**os.environ, "OSMEM_CONF": conf, "ASAN_OPTIONS": "detect_leaks=0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Driver:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def play(self, operations: Sequence[str]) -> Report:
        """Play a program on a fresh heap."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n".join((*operations, "end\n")))
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            lines.append(line.split())
            if lines[-1][0] in ("exit", "killed"):
                break
        return Report(
            gather(canonicalise(_read_events(lines))),
            [int(words[1]) for words in lines if words[0] == "return"],
            [int(words[2]) for words in lines if words[0] == "return"],
            [" ".join(words) for words in lines if words[0] == "wrong"],
        )
