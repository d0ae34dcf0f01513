#!/usr/bin/python3
"""Measure `make check`, and the work in it that is not the checker's own.

Runs in a copy of the checkout, so that a clean tree is clean. Prints a table; --json FILE keeps the
measurements, each of which is the median of several runs. --beside measures `make check` with
another commit, turn by turn.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import click

from checker_usage import environment, measure_checker
from measurements import json_option, keep
from other_commit import checkout
from tables import show_table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from submissions import attacking  # noqa: E402  (found by the line above)


def run(command: Sequence[str | Path], folder: Path, status: int = 0) -> str:
    """Run a command, which has to exit with ``status``. Return its standard error."""
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if ended.returncode != status:
        sys.exit(f"{command}: expected status {status}, found {ended.returncode}: {ended.stderr}")
    return ended.stderr


def seconds(work: Callable[[], object], runs: int, before: Callable[[], object] = int) -> float:
    """Return the median time that ``work`` takes."""
    times = []
    for _ in range(runs):
        before()
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


def measure(copy: Path, runs: int, hostile: bool) -> dict[str, float]:
    """Return the measurements in seconds, by name."""
    checker: list[str | Path] = ["./checker.py", "check"]
    jobs = len(os.sched_getaffinity(0))
    ltrace = f"LD_LIBRARY_PATH=src xargs -P{jobs} -n1 ltrace -S -e 'os_*@MAIN' -o /dev/null"

    def clean() -> None:
        run(["make", "clean"], copy)

    measurements = {
        "make check, from a clean tree": seconds(lambda: run(["make", "check"], copy), runs, clean),
        "the checker, all built": seconds(lambda: run(checker, copy), runs),
        "one test, all built": seconds(lambda: run([*checker, "malloc-arrays"], copy), runs),
        "the checker's own process, of that time": median(
            measure_checker(copy, ["check"]).seconds for _ in range(runs)
        ),
        "for comparison: make -C src": seconds(
            lambda: run(["make", "-C", "src"], copy),
            runs,
            lambda: run(["make", "-C", "src", "clean"], copy),
        ),
        "for comparison: compiling the 40 programs": seconds(
            lambda: run(["make", f"-j{jobs}", "-C", "tests/snippets", "OUT=../../programs"], copy),
            runs,
            lambda: shutil.rmtree(copy / "programs", ignore_errors=True),
        ),
        "for comparison: ltrace on the 40 programs": seconds(
            lambda: run(
                ["sh", "-c", f"find programs -name 'test-*' ! -name '*.*' | {ltrace}"], copy
            ),
            runs,
        ),
    }
    if hostile:
        for attack in ("segfault", "sleep"):
            source = attacking(copy / attack, attack)
            measurements[f"40 programs with the attack '{attack}'"] = seconds(
                lambda: run([*checker, "--src", source], copy, status=1), 1
            )
    return measurements


def beside(commit: str, copy: Path, scratch: Path, runs: int) -> dict[str, float]:
    """Return the times of `make check` with a copy of this checkout, and with another commit."""
    with checkout(commit, scratch / "other") as other:
        roots = {commit: other, "this checkout": copy}
        times: dict[str, list[float]] = {}
        for root in roots.values():
            run(["make", "check"], root)
        for state in ("everything built", "from a clean tree"):
            for _ in range(runs):
                for name, root in roots.items():
                    if state != "everything built":
                        run(["make", "clean"], root)
                    taken = seconds(lambda: run(["make", "check"], root), 1)
                    times.setdefault(f"make check, {state}, {name}", []).append(taken)
    return {name: median(taken) for name, taken in times.items()}


@click.command()
@click.option(
    "--runs", default=5, show_default=True, metavar="N", help="Runs, of which the median counts."
)
@click.option(
    "--hostile",
    is_flag=True,
    help="Also measure submissions that crash, or never end, in all tests.",
)
@click.option(
    "--beside", "beside_commit", metavar="COMMIT", help="Measure this commit as well, turn by turn."
)
@json_option
def main(runs: int, hostile: bool, beside_commit: str | None, json_path: Path | None) -> None:
    """Measure 'make check'."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "osmem"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("build", ".git", "*.o", "*.so"))
        if beside_commit:
            measurements = beside(beside_commit, copy, Path(scratch), runs)
        else:
            measurements = measure(copy, runs, hostile)
    show_table(
        ("measurement", "seconds"), ((name, f"{value:.2f}") for name, value in measurements.items())
    )
    keep(measurements, json_path)


if __name__ == "__main__":
    main()
