#!/usr/bin/python3
"""Measure how `grade --dask` scales, with workers that sleep in place of grading.

The coordinator, the store, the scheduler and the network connections are the real ones; only the
work of a submission is a pause of as long as grading takes. Efficiency is the time that all workers
together paused, over the time that they had; then workers that take no time at all show how many
submissions a second the rest can handle. Prints a table; --json FILE keeps the measurements.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from distributed import Client, LocalCluster, get_worker

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from harness.grading.batch import Submission, list_folder  # noqa: E402  (found by the line above)
from harness.grading.coordinator import Coordinator, Done, Terms  # noqa: E402
from harness.grading.dask_engine import DaskEngine, Work  # noqa: E402
from harness.grading.dask_worker import BatchOrder  # noqa: E402
from harness.grading.prepare import make_grader  # noqa: E402
from harness.grading.rules import load_rules  # noqa: E402
from harness.grading.runs import grade_all  # noqa: E402
from harness.grading.store import Store  # noqa: E402
from harness.grading.submission import Grader  # noqa: E402
from harness.results.grade import Status  # noqa: E402
from harness.suite import load_suite  # noqa: E402
from harness.tracers.ltrace import Ltrace  # noqa: E402
from measurements import json_option, keep  # noqa: E402
from tables import show_table  # noqa: E402

PROCESSES = 4
"""The workers' threads are spread over so many processes, or fewer."""
RULES = "scale"


def write_submissions(folder: Path, count: int) -> Sequence[Submission]:
    """Write as many submissions, all different."""
    for number in range(count):
        source = folder / f"{number:05}" / "src"
        source.mkdir(parents=True)
        (source / "osmem.c").write_text(f"/* {number} */\n" + "int x;\n" * 500)
    return list_folder(folder).submissions


def sleeping(seconds: float, grade: str) -> Work:
    """Return work that takes so many seconds, and always ends with the same grade."""

    def work(
        order: BatchOrder, key: str, source: str, content: str, packed: bytes
    ) -> tuple[str, str, float, str]:
        time.sleep(seconds)
        return str(get_worker().name), grade, seconds, ""

    return work


def measure(
    grader: Grader, submissions: Sequence[Submission], workers: int, seconds: float
) -> dict[str, float]:
    """Hand submissions to as many workers, each of which takes some seconds for one."""
    logging.disable()
    processes = min(PROCESSES, workers)
    grade = grader.without_tests(Status.REFUSED, "nobody looked at it").to_json()
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory())
        cluster = stack.enter_context(
            LocalCluster(
                n_workers=processes,
                threads_per_worker=workers // processes,
                dashboard_address=":0",
                silence_logs=logging.CRITICAL,
                local_directory=scratch,
            )
        )
        client = stack.enter_context(Client(cluster))
        work = sleeping(seconds, grade)
        engine = DaskEngine(client, lambda _: grader, style=False, work=work)
        store = Store(f"sqlite:///{scratch}/grades.sqlite", RULES)
        began = time.monotonic()
        first = 0.0
        terms = Terms(store, grader, RULES)
        for event in grade_all(Coordinator(engine, lambda _: terms), submissions):
            if isinstance(event, Done) and not first:
                first = time.monotonic() - began
        wall = time.monotonic() - began
    return {
        "workers": workers,
        "seconds": seconds,
        "wall": wall,
        "first": first,
        "efficiency": seconds * len(submissions) / (wall * workers),
        "a second": len(submissions) / wall,
    }


@click.command()
@click.option(
    "--workers",
    "counts",
    type=int,
    multiple=True,
    default=(8, 32, 128),
    show_default=True,
    metavar="N",
    help="Workers in a cluster; repeatable.",
)
@click.option(
    "--seconds", default=1.1, show_default=True, metavar="N", help="How long grading one takes."
)
@click.option(
    "--rounds", default=20, show_default=True, metavar="N", help="Submissions for each worker."
)
@json_option
def main(counts: tuple[int, ...], seconds: float, rounds: int, json_path: Path | None) -> None:
    """Measure how grading scales."""
    suite = load_suite(ROOT / "tests" / "suite.toml")
    measurements = []
    with tempfile.TemporaryDirectory() as scratch:
        rules = load_rules(suite)
        grader = make_grader(suite, rules, Ltrace(), 1, "scale", Path(scratch), None)
        submissions = write_submissions(Path(scratch, "submissions"), rounds * max(counts))
        for count in counts:
            measurements.append(measure(grader, submissions[: rounds * count], count, seconds))
        measurements.append(measure(grader, submissions, PROCESSES, 0))
    show_table(
        ("workers, and their seconds for one", "seconds", "first", "efficiency", "a second"),
        (
            (
                f"{each['workers']} of {each['seconds']:g} s",
                f"{each['wall']:.1f}",
                f"{each['first']:.1f}",
                f"{each['efficiency']:.0%}" if each["seconds"] else "",
                f"{each['a second']:.0f}",
            )
            for each in measurements
        ),
    )
    keep(measurements, json_path)


if __name__ == "__main__":
    main()
