#!/usr/bin/python3
"""Count the misuses of memory that end a program before it reaches its end, in our allocator and in
others; see attacks.c among the tests.

Prints a table in Markdown; --json FILE keeps the measurements.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click

from compared import installed_others, preloaded
from harness.workloads.allocators import Allocator
from measurements import json_option, keep
from tables import show_table

ROOT = Path(__file__).resolve().parent.parent
SIZES = (16, 100, 1000, 20_000, 300_000, 5_000_000)
OVERLAP = "overlap_after_double_free"
"""Its number is one of calls between the two frees."""
CALLS = range(1, 41)
SECONDS = 20


def build(folder: Path) -> Path:
    program = folder / "attacks"
    subprocess.run(
        ["gcc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", "-fno-builtin", "-pthread"]
        + [str(ROOT / "tests" / "allocator" / "attacks.c"), "-o", str(program)],
        check=True,
    )
    return program


def is_stopped(program: Path, allocator: Allocator, conf: str, name: str, number: int) -> bool:
    """Return whether a signal ended the program; not if it goes on forever."""
    env = {**os.environ, "OSMEM_CONF": conf}
    if allocator.preload is not None:
        env["LD_PRELOAD"] = str(allocator.preload)
    try:
        ended = subprocess.run(
            [program, name, str(number)], env=env, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return False
    return ended.returncode < 0


def count(
    program: Path, allocator: Allocator, conf: str, names: Iterable[str], numbers: Iterable[int]
) -> tuple[int, int]:
    """Return how many programs are stopped, and how many there are."""
    stopped = [
        is_stopped(program, allocator, conf, name, number) for name in names for number in numbers
    ]
    return sum(stopped), len(stopped)


@click.command()
@json_option
def main(json_path: Path | None) -> None:
    """Count the misuses of memory that end a program before it reaches its end."""
    ours = preloaded()
    runs = [("osmem, check:1", ours, "check:1"), ("osmem", ours, "")]
    runs += [(other.name, other, "") for other in installed_others()]
    counts = {}
    with tempfile.TemporaryDirectory() as scratch:
        program = build(Path(scratch))
        names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
        names.remove(OVERLAP)
        for label, allocator, conf in runs:
            counts[label] = (
                count(program, allocator, conf, names, SIZES),
                count(program, allocator, conf, [OVERLAP], CALLS),
            )
    show_table(
        ("allocator", "misuses stopped", "overlaps stopped"),
        (
            (label, *(f"{stopped} of {total}" for stopped, total in pair))
            for label, pair in counts.items()
        ),
    )
    keep(counts, json_path)


if __name__ == "__main__":
    main()
