#!/usr/bin/python3
"""Measure everything, and print a page in Markdown; --json FILE keeps the measurements.

The parts run one after another, so that they do not disturb each other.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from compared import PRELOADED, installed_others, preloaded
from measurements import json_option, keep

ROOT = Path(__file__).resolve().parent.parent
WORKLOADS = sorted(str(path) for path in (ROOT / "bench" / "workloads").glob("*.rep"))
PARTS = {
    "check": ("What `make check` takes", ["bench/check.py"]),
    "diagnosis": ("Which mistakes are named", ["bench/diagnosis.py"]),
    "tracing": ("What a call takes under each tracer", ["bench/tracing.py"]),
    "replay": ("Workloads, replayed", ["checker.py", "replay", *WORKLOADS]),
    "heavy": ("Workloads of 30 MiB and more, replayed", ["checker.py", "replay"]),
    "far": ("A call in heaps of many GiB", ["bench/far.py"]),
    "threads": ("Many threads at once", ["bench/threads.py"]),
    "returned": ("Memory that comes back", ["bench/returned.py"]),
    "misuse": ("Misuses of memory that end a program", ["bench/misuse.py"]),
    "allocators": ("A call among more and more live blocks", ["bench/allocators.py"]),
}
"""The heading and the command of each part; each command takes --json FILE."""
FENCE = "```"


def names_of_others() -> str:
    """Return the path of our other library, and the names of the installed allocators, with
    commas."""
    ours = preloaded(str(PRELOADED.relative_to(ROOT)))
    return ",".join(allocator.name for allocator in (ours, *installed_others()))


def write_heavy_workloads(folder: Path) -> list[str]:
    """Write the workloads that are too large to be kept as files; return their paths."""
    subprocess.run([ROOT / "bench" / "workloads" / "heavy.py", folder], check=True)
    return sorted(map(str, folder.glob("*.rep")))


@click.command()
@json_option
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(json_path: Path | None, parts: tuple[str, ...]) -> None:
    """Measure everything, or only some parts."""
    measurements = {}
    with tempfile.TemporaryDirectory() as scratch:
        for part in parts or PARTS:
            heading, command = PARTS[part]
            kept = Path(scratch) / part
            fence, options = "", []
            if part in ("replay", "heavy"):  # compare named allocators, and print no Markdown
                fence, options = FENCE, ["--against", names_of_others()]
            if part == "heavy":
                options += ["--rounds", "3", *write_heavy_workloads(Path(scratch))]
            print(f"## {heading}\n{fence}", flush=True)
            ended = subprocess.run(
                ["/usr/bin/python3", *command, *options, "--json", kept], cwd=ROOT
            )
            if ended.returncode:
                sys.exit(f"{command[0]}: expected status 0, found {ended.returncode}")
            print(f"{fence}\n", flush=True)
            measurements[part] = json.loads(kept.read_text())
    keep(measurements, json_path)


if __name__ == "__main__":
    main()
