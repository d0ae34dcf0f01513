#!/usr/bin/python3
"""Measure the time and memory of `make grade`, with and without sandboxes.

Grades batches of different sizes: the time for one submission, and the memory, should not grow with
the number. All submissions are correct and different; their style is not judged. Prints a table;
--json FILE keeps the measurements.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import click

from checker_usage import measure_checker
from measurements import json_option, keep
from tables import show_table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from submissions import plain  # noqa: E402  (found by the line above)


def write_submissions(folder: Path, count: int) -> None:
    """Write ``count`` different submissions, all correct."""
    folder.mkdir()
    for number in range(count):
        source = plain(folder / f"{number:05}" / "src")
        with (source / "mistake.h").open("a") as header:
            header.write(f"/* {number} */\n")


def grade(folder: Path, out: Path, *options: str) -> dict[str, float]:
    """Measure the time of a batch, also for one submission, and the checker's peak of memory."""
    started = time.perf_counter()
    used = measure_checker(ROOT, ["grade", folder, "--out", out, "--no-style", *options])
    seconds = time.perf_counter() - started
    count = sum(1 for _ in folder.iterdir())
    return {
        "seconds": seconds,
        "seconds for one": seconds / count,
        "MiB": used.mib,
    }


@click.command()
@click.option(
    "--count",
    "counts",
    type=int,
    multiple=True,
    default=(5, 20),
    show_default=True,
    metavar="N",
    help="Submissions in a batch; repeatable.",
)
@json_option
def main(counts: tuple[int, ...], json_path: Path | None) -> None:
    """Measure grading."""
    measurements = {}
    with tempfile.TemporaryDirectory() as scratch:
        for count in counts:
            folder = Path(scratch) / f"submissions-{count}"
            write_submissions(folder, count)
            for name, options in {"in sandboxes": (), "without": ("--no-sandbox",)}.items():
                out = Path(scratch) / f"{count} {name}"
                measurements[f"{count} submissions, {name}"] = grade(folder, out, *options)
    show_table(
        ("measurement", "seconds", "seconds for one", "MiB"),
        ((name, *(f"{v:.2f}" for v in values.values())) for name, values in measurements.items()),
    )
    keep(measurements, json_path)


if __name__ == "__main__":
    main()
