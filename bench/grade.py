#!/usr/bin/python3
"""Measure the time and memory of `make grade`, with and without sandboxes.

Grades batches of different sizes: the time for one submission, and the memory, should not grow with
the number. All submissions are correct and different; their style is not judged. --beside measures
another commit as well, turn by turn. --pages measures what pages for a browser add, in a batch of
submissions that all have a mistake. Prints a table; --json FILE keeps the measurements.

Processor time is that of all processes. It depends less on other work of the machine than the time
by the clock does, but a busy machine doubles it, too: compare only what was measured together.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import click

from checker_usage import measure_checker, seconds_of_children
from measurements import json_option, keep
from other_commit import checkout
from tables import show_table

ROOT = Path(__file__).resolve().parent.parent
SUITE = ROOT / "tests" / "suite.toml"
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from submissions import MISTAKES, mistaken, plain  # noqa: E402  (found by the lines above)
from harness.checking.check import check, set_up  # noqa: E402
from harness.checking.run import library_variables  # noqa: E402
from harness.execution.build import Library  # noqa: E402
from harness.grading.keys import rules_key  # noqa: E402
from harness.grading.store import Store  # noqa: E402
from harness.reports.gradebook import write_gradebook  # noqa: E402
from harness.reports.html_grades import GradePages  # noqa: E402
from harness.suite import load_suite  # noqa: E402
from harness.tracers.ltrace import Ltrace  # noqa: E402


def write_submissions(folder: Path, count: int) -> None:
    """Write ``count`` different submissions, all correct."""
    folder.mkdir()
    for number in range(count):
        source = plain(folder / f"{number:05}" / "src")
        with (source / "mistake.h").open("a") as header:
            header.write(f"/* {number} */\n")


def grade(folder: Path, out: Path, *options: str, root: Path = ROOT) -> dict[str, float]:
    """Measure the time of a batch, also for one submission, and the checker's peak of memory."""
    started = time.perf_counter()
    used = measure_checker(root, ["grade", folder, "--out", out, "--no-style", *options])
    seconds = time.perf_counter() - started
    count = sum(1 for _ in folder.iterdir())
    return {
        "seconds": seconds,
        "seconds for one": seconds / count,
        "processor, for one": used.all_seconds / count,
        "of it the checker's process": used.seconds / count,
        "MiB": used.mib,
    }


def show(measurements: dict[str, dict[str, float]]) -> None:
    """Print measurements of batches."""
    columns = next(iter(measurements.values()))
    show_table(
        ("measurement", *columns),
        ((name, *(f"{v:.2f}" for v in values.values())) for name, values in measurements.items()),
    )


# ---- Another commit ------------------------------------------------------------------------------


def beside(commit: str, folder: Path, scratch: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Measure a batch with this checkout and with another commit, turn by turn. Return the medians,
    after one submission that needs what is built once."""
    with checkout(commit, scratch / "other") as other:
        roots = {commit: other, "this checkout": ROOT}
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in roots}
        write_submissions(scratch / "first", 1)
        for root in roots.values():
            grade(scratch / "first", scratch / f"first {root.name}", root=root)
        for number in range(rounds):
            for name, root in roots.items():
                out = scratch / f"{number} {root.name}"
                runs[name].append(grade(folder, out, root=root))
    return {
        name: {key: median(run[key] for run in of_one) for key in of_one[0]}
        for name, of_one in runs.items()
    }


# ---- Where the time goes -------------------------------------------------------------------------


def parts() -> dict[str, float]:
    """Measure the processor time of what a submission can't do without, outside of sandboxes."""
    suite = load_suite(SUITE)
    seconds = {}

    @contextmanager
    def measured(name: str) -> Iterator[None]:
        before = seconds_of_children()
        yield
        seconds[name] = seconds_of_children() - before

    with tempfile.TemporaryDirectory() as scratch:
        source = plain(Path(scratch) / "src")
        with measured("make, with the compiler"):
            utils = f"UTILS_PATH={ROOT / 'utils'}"
            subprocess.run(["make", "-s", "-C", source, utils], check=True)
        setup = set_up(suite, source, Ltrace(), len(os.sched_getaffinity(0)))
        with measured("the tests' programs under ltrace"):
            list(check(setup, 1))
        assert isinstance(setup.library, Library)
        env = library_variables(setup.library.folder, suite.policy)
        with measured("the same without ltrace"):
            for program in map(str, setup.programs.values()):
                subprocess.run([program], env=env, cwd=scratch, stdout=subprocess.DEVNULL)
    return seconds


# ---- Pages ---------------------------------------------------------------------------------------


def write_mistaken(folder: Path, count: int) -> None:
    """Write ``count`` submissions, each with a planted mistake, from all of their list."""
    apart = 1 + len(MISTAKES) // count
    for number, mistake in enumerate(islice(cycle((*MISTAKES[::apart], *MISTAKES)), count)):
        mistaken(folder / f"{number:05}" / "src", mistake)


def pages(folder: Path, out: Path) -> dict[str, float]:
    """Measure the processor time of a batch, with all programs, and how much of it pages take."""
    grade(folder, out, "--no-sandbox")
    used = seconds_of_children()
    names = [path.name for path in sorted(folder.iterdir())]
    suite = load_suite(SUITE)
    store = Store(f"sqlite:///{out / 'grades.sqlite'}", rules_key(suite, False, None))
    grades = list(store.graded(names))
    seconds = {}
    for kept, shown in {"without": None, "with": GradePages(suite, "")}.items():
        started = time.process_time()
        write_gradebook(out / kept, grades, pages=shown)
        seconds[kept] = time.process_time() - started
    for_pages = seconds["with"] - seconds["without"]
    return {
        "batch": used,
        "pages": for_pages,
        "share": for_pages / used,
        "failed tests": sum(bool(t.reason) for each in grades for t in each.grade.tests)
        / len(names),
    }


@click.command()
@click.option(
    "--count",
    "counts",
    type=int,
    multiple=True,
    metavar="N",
    help="Submissions in a batch; repeatable.  [default: 5 and 20; 8 with --beside]",
)
@click.option(
    "--beside", "beside_commit", metavar="COMMIT", help="Measure this commit as well, turn by turn."
)
@click.option("--rounds", default=3, show_default=True, metavar="N", help="Turns of --beside.")
@click.option("--pages", "shown", type=int, metavar="N", help="Measure pages for N submissions.")
@json_option
def main(
    counts: tuple[int, ...],
    beside_commit: str | None,
    rounds: int,
    shown: int | None,
    json_path: Path | None,
) -> None:
    """Measure grading, or what pages add to it."""
    measurements: dict[str, dict[str, float]] = {}
    if shown:
        with tempfile.TemporaryDirectory() as scratch:
            write_mistaken(Path(scratch) / "submissions", shown)
            found = pages(Path(scratch) / "submissions", Path(scratch) / "out")
        print(
            f"{shown} submissions, each with {found['failed tests']:.1f} failed tests:"
            f" {found['batch']:.1f} s of processor time, of which"
            f" {found['pages']:.2f} s ({found['share']:.1%}) for pages"
        )
        keep(found, json_path)
        return
    with tempfile.TemporaryDirectory() as scratch:
        for count in counts or ((8,) if beside_commit else (5, 20)):
            folder = Path(scratch) / f"submissions-{count}"
            write_submissions(folder, count)
            if beside_commit:
                both = beside(beside_commit, folder, Path(scratch) / f"{count}", rounds)
                measurements |= {f"{count} submissions, {name}": v for name, v in both.items()}
                continue
            for name, options in {"in sandboxes": (), "without": ("--no-sandbox",)}.items():
                out = Path(scratch) / f"{count} {name}"
                measurements[f"{count} submissions, {name}"] = grade(folder, out, *options)
    show(measurements)
    print("Processor time of what a submission can't do without, in seconds:")
    for name, value in (for_one := parts()).items():
        print(f"  {value:.2f}  {name}")
    keep({**measurements, "parts": for_one}, json_path)


if __name__ == "__main__":
    main()
