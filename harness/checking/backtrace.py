"""Where a library crashed: the functions that were running, with file and line.

A test runs the same each time, so a program that crashed is run once more, under gdb. In a sandbox,
gdb takes the place of the tracer: it is out of reach of the program.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import which

from harness.checking.check import Setup
from harness.checking.run import Runner
from harness.execution.budget import BudgetUsedUp
from harness.execution.build import Library
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
    *("-ex", "set print frame-arguments none", "-ex", "run", "-ex", "bt 24", "--args"),
)
_FRAME = re.compile(
    r"#\d+ +(?:0x[0-9a-f]+ in )?(?P<function>[^ ]+) \(.*\)"
    r"(?: at (?P<file>.+):(?P<line>\d+)| from (?P<library>.+))?"
)
_VARIANT = re.compile(r"__(mem\w+?|str\w+?)_(?:sse|avx|evex|erms|generic|unaligned)\w*")
"""The name of a function of the C library that is there for several processors."""
_OUTPUT_BYTES = 1 << 16
_LINE_LENGTH = 4000
"""The longest line that is read, which takes time by its square."""
_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Frame:
    """A function that was running, and where it was; ``line`` is 0 if that is not known."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.function} at {self.file}:{self.line}" if self.line else self.function


def frames_of(output: str) -> list[Frame]:
    """Return the frames in gdb's output, from the innermost to the function that the program
    called; none if it does not reach that far."""
    frames = []
    lines = (line for line in output.splitlines() if len(line) <= _LINE_LENGTH)
    for match in filter(None, map(_FRAME.fullmatch, lines)):
        name = printable(match["function"])[:_NAME_LENGTH]
        file = printable(Path(match["file"] or "").name)[:_NAME_LENGTH]
        if variant := _VARIANT.fullmatch(name):
            frames.append(Frame(f"{variant[1]} of the C library", "", 0))
        else:
            frames.append(Frame(name, file, int(match["line"] or 0)))
        if name in FUNCTIONS:
            return frames
    return []


def _backtrace(runner: Runner, program: Path, library: Library) -> list[Frame]:
    with scratch_folder(runner.scratch) as scratch:
        out = scratch / "out"
        make_writable_folder(out)
        debugged = runner.program(program, library, scratch, debugged=True)
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
