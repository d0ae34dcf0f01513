"""Building the allocator and the driver, and playing programs of calls on them.

See driver.c for what a program is, and how the memory handed out is checked.
"""

from __future__ import annotations

import os
import shutil
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

ROOT = Path(__file__).resolve().parent.parent.parent
UNTOUCHED = 77
"""What errno is before every call."""


@dataclass(frozen=True)
class Report:
    """What a program of calls led to."""

    trace: Trace
    results: list[int]
    """What each call returned, as the machine has it."""
    errnos: list[int]
    """After each call."""
    wrong: list[str]
    """The checks of the memory handed out that failed."""


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
        """Runs one program on a fresh heap."""
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


def build_driver(
    folder: Path, source: Path = ROOT / "src", flags: str = "-O2 -g", compiler: str = "gcc"
) -> Path:
    """Builds a library and the driver in ``folder``; returns the program."""
    shutil.copytree(source, folder / "src", ignore=shutil.ignore_patterns("*.o", "*.d", "*.so"))
    shutil.copytree(ROOT / "utils", folder / "utils")
    subprocess.run(
        ["make", "-s", "-C", folder / "src", f"CC={compiler}", f"CFLAGS={flags}"], check=True
    )
    program = folder / "driver"
    source_file = ROOT / "tests" / "allocator" / "driver.c"
    options = f"{flags} -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -rdynamic".split()
    library = [f"-L{folder / 'src'}", "-losmem", f"-Wl,-rpath,{folder / 'src'}"]
    subprocess.run(
        [compiler, *options, f"-I{ROOT / 'utils'}", source_file, *library, "-o", program],
        check=True,
    )
    return program
