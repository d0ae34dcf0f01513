#!/usr/bin/python3
"""Measure a call among more and more live blocks, in our allocator and in others.

workload.c describes the calls. Prints a table in Markdown; --json FILE keeps the measurements. The
allocators take turns, and the best time of several runs counts, because noise only adds to it.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from compared import installed_others, ours, preloaded
from harness.workloads.allocators import Allocator
from measurements import json_option, keep
from tables import show_table

ROOT = Path(__file__).resolve().parent.parent
MIXES = ("churn", "realloc", "pairs", "again")
LIVE = (100, 1_000, 10_000, 100_000, 1_000_000)

Times = dict[str, dict[int, dict[str, float]]]
"""Nanoseconds per call, by mix, by live blocks and by allocator."""


def build_workload(folder: Path) -> Path:
    program = folder / "workload"
    subprocess.run(
        ["gcc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", f"-I{ROOT / 'utils'}"]
        + [str(ROOT / "bench" / "workload.c"), "-o", str(program)],
        check=True,
    )
    return program


def measure(program: Path, allocator: Allocator, mix: str, live: int, calls: int) -> float:
    """Measure one run, in nanoseconds per call."""
    env = dict(os.environ)
    if allocator.preload is not None:
        env["LD_PRELOAD"] = str(allocator.preload)
    library = str(allocator.library or "-")
    ended = subprocess.run(
        [program, library, mix, str(live), str(calls)], env=env, capture_output=True, text=True
    )
    if ended.returncode != 0 or ended.stderr:  # ld.so only warns of a library that it can't preload
        sys.exit(f"{allocator.name}: expected a time, found: {ended.stderr or ended.stdout}")
    return float(ended.stdout)


def measure_all(
    program: Path, allocators: Sequence[Allocator], live: Sequence[int], runs: int, calls: int
) -> Times:
    all_times: Times = {}
    for mix in MIXES:
        all_times[mix] = {}
        for count in live:
            times: dict[str, list[float]] = {allocator.name: [] for allocator in allocators}
            for _ in range(runs):
                for allocator in allocators:
                    time = measure(program, allocator, mix, count, calls)
                    times[allocator.name].append(time)
            all_times[mix][count] = {name: min(values) for name, values in times.items()}
    return all_times


def show(all_times: Times, allocators: Sequence[Allocator]) -> None:
    """Print the times, and the ratios that matter most: those of our two libraries."""
    names = [allocator.name for allocator in allocators]
    show_table(
        ("mix", "live blocks", *names, *(f"{name} / glibc" for name in names[:2])),
        (
            (
                mix,
                f"{count:,}",
                *(f"{times[name]:.0f}" for name in names),
                *(f"{times[name] / times['glibc']:.1f}" for name in names[:2]),
            )
            for mix, rows in all_times.items()
            for count, times in rows.items()
        ),
    )


def describe_machine() -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    release = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return f"{model}, {os.cpu_count()} cores, {release}, glibc {platform.libc_ver()[1]}"


@click.command()
@click.option(
    "--runs", default=5, show_default=True, metavar="N", help="Runs, of which the best counts."
)
@click.option(
    "--calls", default=4_000_000, show_default=True, metavar="N", help="Calls in each run."
)
@click.option(
    "--live", multiple=True, type=int, default=LIVE, metavar="N", help="Live blocks; repeatable."
)
@json_option
def main(runs: int, calls: int, live: tuple[int, ...], json_path: Path | None) -> None:
    """Measure a call among more and more live blocks, in our allocator and in others."""
    allocators = [ours(), preloaded("osmem-preload"), *installed_others()]
    with tempfile.TemporaryDirectory() as scratch:
        times = measure_all(build_workload(Path(scratch)), allocators, live, runs, calls)
    machine = describe_machine()
    print(f"Nanoseconds per call, the best of {runs} runs; {machine}")
    show(times, allocators)
    keep({"machine": machine, "ns_per_call": times}, json_path)


if __name__ == "__main__":
    main()
