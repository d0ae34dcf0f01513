"""How fast a batch was, as a file of its own: all other results are the same whenever and wherever
they are made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from harness.text import printable
from harness.whole_file import remove_unfinished, write_whole

TIMING = "timing.json"
_SLOWEST = 10


def write_timing(
    folder: Path, seconds: Mapping[str, float], wall: float, workers: int, cores: int
) -> None:
    """Write the figures of a batch, given the seconds that each graded submission took, by its
    name; all are of wall time. Raises `OSError`."""
    times = sorted(seconds.values())
    slowest = sorted(seconds, key=lambda name: (-seconds[name], name))[:_SLOWEST]
    per_second = len(times) / wall
    content = {
        "graded": len(times),
        "seconds": round(wall, 3),
        "workers": workers,
        "cores": cores,
        "per_second": round(per_second, 3),
        "per_second_and_core": round(per_second / cores, 3),
        "p50": round(_percentile(times, 50), 3),
        "p95": round(_percentile(times, 95), 3),
        "slowest": [
            {"submission": printable(name), "seconds": round(seconds[name], 3)} for name in slowest
        ],
    }
    remove_unfinished(folder, TIMING)
    write_whole(folder / TIMING, json.dumps(content, indent=1) + "\n")


def _percentile(ordered: list[float], percent: int) -> float:
    """Return the smallest value that so many percent of all do not exceed."""
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]
