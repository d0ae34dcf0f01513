"""Playing a workload with the replayer; see replayer/replay.c."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.execution.build import BUILD, ROOT, make
from harness.execution.build_error import BuildError
from harness.execution.output import Output
from harness.execution.limits import Finished, Limits
from harness.execution.process import run
from harness.text import printable_lines
from harness.workloads.allocators import Allocator

_SOURCE = ROOT / "replayer"
_REPLAYER = BUILD / "replayer" / "replay"
_MEMORY_MIB = 16 * 1024  # some allocators reserve gigabytes
_OUTPUT_MIB = 1
_LINE_CHARACTERS = 500
_FAILED, _COULD_NOT_RUN = 1, 2


@dataclass(frozen=True, slots=True)
class Measurements:
    """The measurements of a workload with an allocator."""

    operations: int
    peak_live: int
    """The most bytes that the workload has live at a time."""
    peak_held: int
    """The most bytes of the system's memory that the allocator holds for them."""
    seconds: float
    """The time of the fastest round; more than 0."""

    @property
    def utilisation(self) -> float:
        return self.peak_live / self.peak_held

    @property
    def calls_per_second(self) -> float:
        return self.operations / self.seconds


@dataclass(frozen=True, slots=True)
class Played:
    """A workload that was played through an allocator."""

    workload: Path
    allocator: Allocator
    measurements: Measurements | None
    fault: str = ""
    """What the allocator did wrong, and at which call, if there are no measurements."""


def build_replayer() -> None:
    """Build the replayer. Raises `BuildError`."""
    errors = make(_SOURCE, {"OUT": _REPLAYER.parent}, [_REPLAYER])
    if errors is not None:
        raise BuildError(next(iter(errors.splitlines()), "make failed"))


@dataclass(frozen=True, slots=True)
class _Ended:
    finished: Finished
    out: str
    stderr_line: str
    """The end of the last line on standard error, where the replayer reports what failed."""

    @property
    def status(self) -> int:
        return self.finished.status


def _replayer(args: Sequence[str | Path], seconds: float, preload: Path | None = None) -> _Ended:
    """Run the replayer in the user's environment, without other preloaded libraries."""
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    if preload is not None:
        env["LD_PRELOAD"] = str(preload)
    command = [str(_REPLAYER), *map(str, args)]
    limits = Limits(seconds, _MEMORY_MIB, _OUTPUT_MIB)
    out, errors = Output(limits.file_bytes), Output(limits.file_bytes)
    finished = run(command, limits, env=env, stdout=out, stderr=errors)
    lines = printable_lines(errors.text) or [""]
    return _Ended(finished, out.text, lines[-1][-_LINE_CHARACTERS:])


def _library(allocator: Allocator) -> list[Path]:
    return [] if allocator.library is None else [allocator.library]


def verify(workloads: Sequence[Path], allocators: Sequence[Allocator], seconds: float) -> None:
    """Raise `UserError` if a file is not a workload, or a library not an allocator."""
    for workload in workloads:
        ended = _replayer(["check", workload], seconds)
        if ended.status != 0:
            raise UserError(ended.stderr_line or f"{workload}: could not be read in {seconds:g} s")
    for allocator in allocators:
        ended = _replayer(["check", workloads[0], *_library(allocator)], seconds)
        if ended.status == _COULD_NOT_RUN:
            raise UserError(ended.stderr_line)


def _parse(text: str) -> Measurements | None:
    """Read the measurements, one a line: its name and its value. Return None if one is missing."""
    values = {name: value for name, _, value in (line.partition(" ") for line in text.splitlines())}
    try:
        return Measurements(
            int(values["operations"]),
            int(values["peak_live"]),
            int(values["peak_held"]),
            float(values["seconds"]),
        )
    except (KeyError, ValueError):
        return None


def _fault(ended: _Ended, seconds: float) -> str:
    if ended.finished.timed_out:
        return f"it was still running after {seconds:g} s"
    if ended.finished.too_much_output:
        return f"it wrote more than {_OUTPUT_MIB} MiB"
    if ended.status in (_FAILED, _COULD_NOT_RUN) and ended.stderr_line:
        return ended.stderr_line
    if ended.status < 0:
        return f"the replayer was killed by signal {-ended.status}"
    return f"the replayer ended with status {ended.status} and no measurements"


def play(workload: Path, allocator: Allocator, rounds: int, seconds: float) -> Played:
    """Play a verified workload."""
    args: list[str | Path] = ["play", str(rounds), workload, *_library(allocator)]
    ended = _replayer(args, seconds, allocator.preload)
    measurements = _parse(ended.out) if ended.status == 0 else None
    return Played(workload, allocator, measurements, "" if measurements else _fault(ended, seconds))


def replay(
    workloads: Sequence[Path], allocators: Sequence[Allocator], rounds: int, seconds: float
) -> Iterator[Played]:
    """Play each workload through each allocator, one after the other. All are verified before."""
    for workload in workloads:
        for allocator in allocators:
            yield play(workload, allocator, rounds, seconds)
