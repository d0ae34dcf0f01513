"""Playing a workload with the replayer; see replayer/replay.c."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.errors import UserError
from harness.execution.build import BUILD, ROOT, make
from harness.execution.build_error import BuildError
from harness.execution.process import Finished, Limits, run
from harness.workloads.allocators import Allocator
from harness.text import printable

_SOURCE = ROOT / "replayer"
_REPLAYER = BUILD / "replayer" / "replay"
_MEMORY_MIB = 16 * 1024  # some allocators reserve gigabytes
_OUTPUT_MIB = 1
_TOLD_CHARACTERS = 500
_FAILED, _COULD_NOT_RUN = 1, 2


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured."""

    operations: int
    peak_live: int
    """The most bytes that the workload has allocated at a time."""
    peak_held: int
    """The most bytes that the allocator holds of the system's memory for them."""
    seconds: float
    """The fastest round's; more than 0."""

    @property
    def utilisation(self) -> float:
        return self.peak_live / self.peak_held

    @property
    def calls_per_second(self) -> float:
        return self.operations / self.seconds


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a workload with an allocator."""

    workload: Path
    allocator: Allocator
    figures: Figures | None
    fault: str = ""
    """What the allocator did wrong, and where, if there are no figures."""


def build_replayer() -> None:
    """Raises `BuildError`."""
    said = make(_SOURCE, {"OUT": _REPLAYER.parent}, [_REPLAYER])
    if said is not None:
        raise BuildError(next(iter(said.splitlines()), "make failed"))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class _Ended:
    finished: Finished
    out: str
    told: str
    """The last line on standard error, or the end of it: the replayer's, if it wrote one."""

    @property
    def status(self) -> int:
        return self.finished.status


def _replayer(args: Sequence[str | Path], seconds: float, preload: Path | None = None) -> _Ended:
    """Runs the replayer, in the user's environment but for what else is preloaded there."""
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    if preload is not None:
        env["LD_PRELOAD"] = str(preload)
    command = [str(_REPLAYER), *map(str, args)]
    limits = Limits(seconds, _MEMORY_MIB, _OUTPUT_MIB)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        finished = run(command, limits, env=env, stdout=out, stderr=told)
        lines = [printable(line) for line in _text(told).splitlines()]
        return _Ended(finished, _text(out), lines[-1][-_TOLD_CHARACTERS:] if lines else "")


def _library(allocator: Allocator) -> list[Path]:
    return [] if allocator.library is None else [allocator.library]


def verify(workloads: Sequence[Path], allocators: Sequence[Allocator], seconds: float) -> None:
    """Raises `UserError` if a file is no workload, or a library no allocator."""
    for workload in workloads:
        ended = _replayer(["check", workload], seconds)
        if ended.status != 0:
            raise UserError(ended.told or f"{workload}: could not be read in {seconds:g} s")
    for allocator in allocators:
        ended = _replayer(["check", workloads[0], *_library(allocator)], seconds)
        if ended.status == _COULD_NOT_RUN:
            raise UserError(ended.told)


def _parse(text: str) -> Figures | None:
    """The figures, each a line of its name and its value; None if they are not all there."""
    values = {name: value for name, _, value in (line.partition(" ") for line in text.splitlines())}
    try:
        return Figures(
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
    if ended.status in (_FAILED, _COULD_NOT_RUN) and ended.told:
        return ended.told
    if ended.status < 0:
        return f"the replayer was killed by signal {-ended.status}"
    return f"the replayer ended with status {ended.status} and no figures"


def play(workload: Path, allocator: Allocator, rounds: int, seconds: float) -> Played:
    """Plays a workload that was checked."""
    args: list[str | Path] = ["play", str(rounds), workload, *_library(allocator)]
    ended = _replayer(args, seconds, allocator.preload)
    figures = _parse(ended.out) if ended.status == 0 else None
    return Played(workload, allocator, figures, "" if figures else _fault(ended, seconds))


def replay(
    workloads: Sequence[Path], allocators: Sequence[Allocator], rounds: int, seconds: float
) -> Iterator[Played]:
    """Plays each workload through each allocator, one after the other; all were checked."""
    for workload in workloads:
        for allocator in allocators:
            yield play(workload, allocator, rounds, seconds)
