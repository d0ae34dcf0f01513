#!/usr/bin/python3
"""Measure many threads that allocate and free at once, in our allocator and others; see threads.c.

Prints a table in Markdown; --json FILE keeps the measurements. The allocators take turns, and the
best of several runs counts, because noise only adds to the time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from compared import installed_others, preloaded
from harness.workloads.allocators import Allocator
from measurements import json_option, keep
from tables import show_table

ROOT = Path(__file__).resolve().parent.parent
MIXES = ("server", "handoff")

Figures = dict[str, dict[str, dict[str, float]]]
"""Millions of calls per second and MiB of memory, by mix and by allocator."""


def build(folder: Path) -> Path:
    program = folder / "threads"
    subprocess.run(
        ["gcc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", "-fno-builtin", "-pthread"]
        + [str(ROOT / "bench" / "threads.c"), "-o", str(program)],
        check=True,
    )
    return program


def measure(
    program: Path, allocator: Allocator, mix: str, threads: int, calls: int
) -> tuple[float, float]:
    """Measure one run: millions of calls per second, and MiB."""
    env = dict(os.environ)
    if allocator.preload is not None:
        env["LD_PRELOAD"] = str(allocator.preload)
    command = [str(program), mix, str(threads), str(calls)]
    ended = subprocess.run(command, env=env, capture_output=True, text=True)
    if ended.returncode != 0 or ended.stderr:  # ld.so only warns of a library that it can't preload
        sys.exit(f"{allocator.name}: expected a rate, found: {ended.stderr or ended.stdout}")
    rate, kib = ended.stdout.split()
    return float(rate), float(kib) / 1024


def measure_all(
    program: Path, allocators: Sequence[Allocator], threads: int, runs: int, calls: int
) -> Figures:
    """Measure all allocators: the best rate, and the median of the memory."""
    figures: Figures = {}
    for mix in MIXES:
        found: dict[str, list[tuple[float, float]]] = {one.name: [] for one in allocators}
        for _ in range(runs):
            for allocator in allocators:
                found[allocator.name].append(measure(program, allocator, mix, threads, calls))
        figures[mix] = {
            name: {
                "calls_per_us": max(rate for rate, _ in measured),
                "mib": sorted(mib for _, mib in measured)[len(measured) // 2],
            }
            for name, measured in found.items()
        }
    return figures


def show(figures: Figures) -> None:
    """Print the figures, and the ratio of the rates that matters most."""
    names = list(next(iter(figures.values())))
    show_table(
        ("mix", "", *names, "osmem / glibc"),
        (
            (
                mix,
                label,
                *(f"{row[name][key]:.1f}" for name in names),
                f"{row['osmem'][key] / row['glibc'][key]:.2f}",
            )
            for mix, row in figures.items()
            for key, label in (("calls_per_us", "million calls / s"), ("mib", "MiB"))
        ),
    )


@click.command()
@click.option(
    "--runs", default=5, show_default=True, metavar="N", help="Runs, of which the best counts."
)
@click.option(
    "--calls", default=8_000_000, show_default=True, metavar="N", help="Calls in each run."
)
@click.option("--threads", default=8, show_default=True, metavar="N", help="Threads.")
@json_option
def main(runs: int, calls: int, threads: int, json_path: Path | None) -> None:
    """Measure many threads that allocate and free at once."""
    allocators = [preloaded(), *installed_others()]
    with tempfile.TemporaryDirectory() as scratch:
        figures = measure_all(build(Path(scratch)), allocators, threads, runs, calls)
    print(f"{threads} threads on {os.cpu_count()} cores, the best of {runs} runs")
    show(figures)
    keep(figures, json_path)


if __name__ == "__main__":
    main()
