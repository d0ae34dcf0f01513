#!/usr/bin/python3
"""Measure how `grade --dask` scales, with workers that sleep in place of grading.

The command, its database and its gradebook, the scheduler and the connections are the real ones;
only the workers, see `sleepers.py`, pause for as long as grading takes. Efficiency is the time that
all of them together paused, over the time that they had from the first submission to the last
grade. Prints a table; --json FILE keeps the measurements.

On a busy machine, the processor time for a submission says more than the time by the clock: the
command, and the scheduler, can't handle more submissions in a second than fit into a second of it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from checker_usage import PYTHON, REPORTING, measure_checker  # noqa: E402  (found above)
from measurements import json_option, keep  # noqa: E402
from submissions import MISTAKES, mistaken  # noqa: E402
from tables import show_table  # noqa: E402

THREADS = 8
"""Of each worker: so many submissions a machine grades at a time."""
SLEEPERS = Path(__file__).with_name("sleepers.py")
OPTIONS = ("--no-style", "--no-sandbox")
"""They change how long a worker would take, but nothing here."""
COLUMNS = {
    "workers": "{0.workers} of {0.pause:g} s",
    "submissions": "{0.submissions}",
    "first result": "{0.first:.1f} s",
    "all graded": "{0.grading:.1f} s",
    "whole": "{0.whole:.1f} s",
    "efficiency": "{0.efficiency:.0%}",
    "a second": "{0.rate:.0f}",
    "command": "{0.command_ms:.1f} ms",
    "scheduler": "{0.scheduler_ms:.1f} ms",
    "workers' own": "{0.sleepers_ms:.1f} ms",
    "writing": "{0.writing_ms:.1f} ms",
    "MiB": "{0.mib:.0f}",
}
"""The columns of the table; those in ms are processor time for a submission."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measurement:
    """How a batch was graded; all times are in seconds."""

    workers: int
    pause: float
    """How long a worker takes for a submission."""
    submissions: int
    first: float
    """From the start of the command to the first result."""
    grading: float
    """From the first submission that a worker begins to the last grade."""
    whole: float
    """From the start of the command to its end."""
    command_ms: float
    """Milliseconds of processor time of the command, for a submission, while it hands them out."""
    scheduler_ms: float
    """The same of the scheduler."""
    sleepers_ms: float
    """The same of all workers."""
    writing_ms: float
    """The same of the command after the last grade, when it writes the gradebook."""
    mib: float
    """The peak of the command's memory."""

    @property
    def rate(self) -> float:
        return self.submissions / self.grading

    @property
    def efficiency(self) -> float:
        return self.pause * self.rate / self.workers


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, and the processor time that some processes had until then."""

    time: float
    used: Sequence[float]

    @classmethod
    def now(cls, pids: Iterable[int]) -> Moment:
        return cls(time.monotonic(), [processor_seconds(pid) for pid in pids])


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def write_submissions(folder: Path, count: int) -> None:
    """Write as many submissions, all different."""
    for number in range(count):
        source = mistaken(folder / f"{number:05}" / "src", MISTAKES[number % len(MISTAKES)])
        with (source / "mistake.h").open("a") as header:
            header.write(f"/* {number} */\n")


def a_grade(folder: Path) -> bytes:
    """Grade a submission that fails some tests, and return its grade as it is stored."""
    mistaken(folder / "one" / "ana" / "src", "fit-worst")
    measure_checker(ROOT, ["grade", folder / "one", "--out", folder / "out", *OPTIONS])
    with sqlite3.connect(folder / "out" / "grades.sqlite") as database:
        ((grade,),) = database.execute("SELECT grade FROM grades")
    return bytes(grade)


# ---- The cluster ---------------------------------------------------------------------------------


@contextmanager
def started(*words: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    settings = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    environment = {**os.environ, **settings}
    with subprocess.Popen([PYTHON, *words], env=environment, stderr=subprocess.DEVNULL) as program:
        try:
            yield program
        finally:
            program.kill()


@contextmanager
def cluster(
    folder: Path, workers: int, pause: float, grade: Path
) -> Iterator[tuple[str, int, int]]:
    """Start a scheduler, and workers that sleep. Yield the address of the one, and the process IDs
    of both."""
    file = folder / "scheduler.json"
    words = ("-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--scheduler-file")
    with started(*words, file, "--host", "127.0.0.1", "--port", "0") as scheduler:
        while not file.exists() or '"address"' not in file.read_text():
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        threads = min(THREADS, workers)
        numbers = (workers // threads, threads, pause)
        with started(SLEEPERS, address, *map(str, numbers), grade) as sleepers:
            yield address, scheduler.pid, sleepers.pid


def measure(submissions: Path, grade: Path, workers: int, pause: float) -> Measurement:
    """Grade a folder with as many workers, each of which pauses for so many seconds."""
    count = len(list(submissions.iterdir()))
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        address, *pids = stack.enter_context(cluster(folder, workers, pause, grade))
        words = ["grade", f"{submissions}", "--out", f"{folder}/out", *OPTIONS, "--dask", address]
        moments: dict[str, Moment] = {}
        began = time.monotonic()
        with subprocess.Popen(
            [PYTHON, "-c", REPORTING, *words, "--progress", "json"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as command:
            assert command.stderr is not None
            for line in command.stderr:
                for sign in ('"begun"', '"done"', f'"done": {count},'):
                    if sign in line and sign not in moments:
                        moments[sign] = Moment.now((command.pid, *pids))
        whole = time.monotonic() - began
    if command.returncode != 0:
        sys.exit(f"expected status 0, found {command.returncode}: {line}")
    seconds, kib = json.loads(line)
    begun, first, last = moments.values()
    command_ms, scheduler_ms, sleepers_ms = (
        1000 * (after - before) / count for before, after in zip(begun.used, last.used)
    )
    return Measurement(
        workers,
        pause,
        count,
        first.time - began,
        last.time - begun.time,
        whole,
        command_ms,
        scheduler_ms,
        sleepers_ms,
        1000 * (seconds - last.used[0]) / count,
        kib / 1024,
    )


@click.command()
@click.option(
    "--workers",
    "counts",
    type=int,
    multiple=True,
    default=(8, 32, 128),
    show_default=True,
    metavar="N",
    help="Submissions that are graded at a time; repeatable.",
)
@click.option(
    "--seconds",
    "pauses",
    type=float,
    multiple=True,
    default=(1.1,),
    show_default=True,
    metavar="N",
    help="How long grading one takes; repeatable.",
)
@click.option(
    "--rounds", default=20, show_default=True, metavar="N", help="Submissions for each worker."
)
@click.option(
    "--submissions", type=int, metavar="N", help="Submissions in a batch, in place of --rounds."
)
@json_option
def main(
    counts: tuple[int, ...],
    pauses: tuple[float, ...],
    rounds: int,
    submissions: int | None,
    json_path: Path | None,
) -> None:
    """Measure how grading scales."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        grade = scratch / "grade"
        grade.write_bytes(a_grade(scratch))
        for workers in counts:
            folder = scratch / f"{workers}"
            write_submissions(folder, submissions or rounds * workers)
            found += [measure(folder, grade, workers, pause) for pause in pauses]
    show_table(COLUMNS, ([form.format(each) for form in COLUMNS.values()] for each in found))
    keep([asdict(each) for each in found], json_path)


if __name__ == "__main__":
    main()
