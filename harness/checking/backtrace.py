"""Where a library crashed: the functions that were running, with file and line.

A test runs the same each time, so a program that crashed is run once more, under gdb. In a sandbox,
gdb takes the place of the tracer: it is out of reach of the program.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from shutil import which

from harness.checking.check import Setup
from harness.checking.run import Runner
from harness.execution.budget import BudgetUsedUp
from harness.execution.build import LIBRARY, Library
from harness.execution.build_error import BuildError
from harness.execution.output import Output
from harness.execution.process import run
from harness.execution.process_tree import usage_below
from harness.execution.sandbox import make_writable_folder, scratch_folder
from harness.results.alike import group_alike
from harness.results.verdict import Outcome, Verdict
from harness.text import printable
from harness.trace.signatures import FUNCTIONS
from harness.trace.trace import How

_GDB = (
    *("gdb", "-nx", "-q", "-batch"),
    *("-iex", "set auto-load no", "-iex", "set debuginfod enabled off"),
    # A process that leads its group, as gdb starts it, has to fork to enter a sandbox.
    *("-ex", "set startup-with-shell off", "-ex", "set follow-fork-mode child"),
    *("-ex", "set width 0", "-ex", "set print address off"),
    *("-ex", "set print frame-arguments none"),
    *("-ex", "set print frame-info location-and-address", "-ex", "run", "-ex", "bt 24"),
    *("-ex", "info sharedlibrary", "--args"),
)
_FRAME = re.compile(
    r"#\d+ +(?:(?P<address>0x[0-9a-f]+) in )?(?P<function>[^ ]+) \(.*\)"
    r"(?: at (?P<file>.+):(?P<line>\d+)| from (?P<library>.+))?"
)
_LIBRARY = re.compile(
    r"(?P<start>0x[0-9a-f]+) +(?P<end>0x[0-9a-f]+) +(?:Yes|No)(?: \(\*\))? +(?P<path>.+)"
)
"""A line of the list of shared libraries."""
_VARIANT = re.compile(r"__(mem\w+?|str\w+?)_(?:sse|avx|evex|erms|generic|unaligned)\w*")
"""The name of a function of the C library that is there for several processors."""
_INTERNAL = re.compile(r"__(?:GI_)?(?=[a-z])")
"""How the C library's own names of its functions begin."""
_LIBC = "libc.so"
_OUTPUT_BYTES = 1 << 16
_LINE_LENGTH = 4000
"""The longest line that is read, which takes time by its square."""
_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Frame:
    """A function that was running, and where in the submission it was; ``line`` is 0 if that is not
    known, or elsewhere."""

    function: str
    file: str
    """The path of the file, relative to the sources as far as the compiler was told so."""
    line: int

    def __str__(self) -> str:
        return f"{self.function} at {self.file}:{self.line}" if self.line else self.function


@dataclass(frozen=True, slots=True)
class _Libraries:
    """Which shared library an address is in."""

    ranges: Sequence[tuple[range, str]]

    def at(self, address: str | None) -> str:
        """Return the file name of the library; empty if it is not known."""
        at = int(address, 16) if address else 0
        return next((name for addresses, name in self.ranges if at in addresses), "")


def frames_of(output: str) -> list[Frame]:
    """Return the frames in gdb's output, from the innermost to the function that the program
    called; none if it does not reach that far. Of functions of the C library that called each
    other, only the one that was called from outside is among them."""
    lines = [line for line in output.splitlines() if len(line) <= _LINE_LENGTH]
    libraries = _libraries(lines)
    frames: list[Frame] = []
    in_libc = False
    for match in filter(None, map(_FRAME.fullmatch, lines)):
        library = Path(match["library"] or "").name or libraries.at(match["address"])
        if in_libc and library.startswith(_LIBC):
            frames.pop()
        in_libc = library.startswith(_LIBC)
        frames.append(_frame(match, library))
        if match["function"] in FUNCTIONS:
            return frames
    return []


def _libraries(lines: Iterable[str]) -> _Libraries:
    found = filter(None, map(_LIBRARY.fullmatch, lines))
    return _Libraries(
        [(range(int(m["start"], 16), int(m["end"], 16)), Path(m["path"]).name) for m in found]
    )


def _frame(match: re.Match[str], library: str) -> Frame:
    name = printable(match["function"])[:_NAME_LENGTH]
    variant = _VARIANT.fullmatch(name)
    if variant or library.startswith(_LIBC):
        name = variant[1] if variant else _INTERNAL.sub("", name)
        return Frame(f"{name} of the C library", "", 0)
    if library not in ("", LIBRARY):
        return Frame(name, "", 0)
    if match["file"] is None:
        return Frame(name, "", 0)
    path = PurePath(match["file"])
    file = path.name if path.is_absolute() or ".." in path.parts else str(path)
    return Frame(name, printable(file)[:_NAME_LENGTH], int(match["line"]))


def _backtrace(runner: Runner, program: Path, library: Library) -> list[Frame]:
    with scratch_folder(runner.scratch) as scratch:
        out = scratch / "out"
        make_writable_folder(out)
        debugged = runner.program(program, library, scratch, as_linked=True)
        argv = [*_GDB, *debugged.argv]
        if debugged.confinement is not None:
            sandbox, shown = debugged.confinement.sandbox, debugged.confinement.shown
            argv = sandbox.confine_watched(_GDB, debugged.argv, shown, out, debugged.env)
        output = Output(_OUTPUT_BYTES)
        run(
            argv,
            runner.limits,
            env=debugged.env,
            cwd=debugged.cwd,
            stdout=output,
            measure=lambda pid: usage_below(pid, "gdb"),
        )
        return frames_of(output.text)


def _told(frames: Sequence[Frame]) -> str:
    innermost, *callers = frames
    told = f"it crashed in {innermost}"
    return told + "".join(f", called from {frame}" for frame in callers)


def with_backtraces(setup: Setup, verdicts: Sequence[Verdict], most: int) -> list[Verdict]:
    """Return the verdicts, and say of crashed tests where that happened: of those that crashed
    alike, for the first one, and for so many at ``most``. Nothing is added without gdb, or if
    nothing is left of the budget."""
    crashed = [v for v in verdicts if v.outcome is Outcome.CRASHED and _by_signal(v)]
    if not crashed or which("gdb") is None or isinstance(setup.library, BuildError):
        return list(verdicts)
    places = {}
    for alike in group_alike(crashed)[:most]:
        test = alike[0].test
        program = setup.programs[test.name]
        if isinstance(program, Path):
            with contextlib.suppress(BudgetUsedUp):
                places[test.name] = _backtrace(setup.runner, program, setup.library)
    return [_with_place(verdict, places.get(verdict.test.name, [])) for verdict in verdicts]


def _by_signal(verdict: Verdict) -> bool:
    end = verdict.found.end if verdict.found is not None else None
    return end is not None and end.how is How.KILLED and bool(end.inside)


def _with_place(verdict: Verdict, frames: Sequence[Frame]) -> Verdict:
    if not frames:
        return verdict
    return replace(verdict, advice="\n".join(filter(None, (_told(frames), verdict.advice))))
