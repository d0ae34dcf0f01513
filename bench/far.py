#!/usr/bin/python3
"""Measure a call in heaps of many GiB, of which only the end is used; see far.c.

Prints a table in Markdown; --json FILE keeps the measurements.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import click

from compared import ours
from measurements import json_option, keep
from tables import show_table

ROOT = Path(__file__).resolve().parent.parent
GIB = (1, 15, 17, 100)
LIVE = (1_000, 100_000)


def build(folder: Path) -> Path:
    """Build far.c with our allocator."""
    library = ours().library
    assert library is not None
    program = folder / "far"
    subprocess.run(
        ["gcc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", "-rdynamic", f"-I{ROOT / 'utils'}"]
        + [str(ROOT / "bench" / "far.c"), str(library)]
        + [f"-Wl,-rpath,{library.parent}", "-o", str(program)],
        check=True,
    )
    return program


def measure(program: Path, gib: int, live: int, calls: int) -> float:
    """Measure one run, in nanoseconds per call."""
    command = [str(program), str(gib), str(live), str(calls)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@click.command()
@click.option(
    "--runs", default=5, show_default=True, metavar="N", help="Runs, of which the best counts."
)
@click.option(
    "--calls", default=1_000_000, show_default=True, metavar="N", help="Calls in each run."
)
@json_option
def main(runs: int, calls: int, json_path: Path | None) -> None:
    """Measure a call in heaps of many GiB, of which only the end is used."""
    with tempfile.TemporaryDirectory() as scratch:
        program = build(Path(scratch))
        times = {
            gib: {
                live: min(measure(program, gib, live, calls) for _ in range(runs)) for live in LIVE
            }
            for gib in GIB
        }
    print(f"Nanoseconds per call, the best of {runs} runs")
    show_table(
        ("heap", *(f"{live:,} live blocks" for live in LIVE)),
        ((f"{gib} GiB", *(f"{time:.0f}" for time in row.values())) for gib, row in times.items()),
    )
    keep(times, json_path)


if __name__ == "__main__":
    main()
