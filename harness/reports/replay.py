"""The measurements of workloads: a table for people, and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from statistics import geometric_mean

from rich.console import Console
from rich.text import Text

from harness.workloads.allocators import Allocator
from harness.workloads.replay import Measurements, Played

_WORKLOAD, _ALL = "workload", "all"
_COLUMNS = f"{'ns/call':>9}  {'ratio':>6}  {'use':>6}  {'ratio':>6}"


def _ratios(measurements: Measurements, first: Measurements) -> tuple[float, float]:
    """Return time and utilisation, relative to the first allocator's."""
    return measurements.seconds / first.seconds, measurements.utilisation / first.utilisation


def _ratio(ratio: float) -> str:
    return f"{ratio:6.2f}" if ratio >= 0.1 else f"{ratio:6.3f}"


def _cells(measurements: Measurements, first: Measurements | None) -> str:
    """Return a row's cells: time and utilisation, and their ratios to the first if it is given."""
    slower, fuller = map(_ratio, _ratios(measurements, first)) if first else ("", "")
    ns_per_call = 1e9 / measurements.calls_per_second
    return f"{ns_per_call:9.1f}  {slower:6}  {measurements.utilisation:6.1%}  {fuller}"


def show(
    console: Console,
    names: Sequence[str],
    allocators: Sequence[Allocator],
    all_played: Iterable[Played],
) -> list[Played]:
    """Print a row for each workload with each allocator as it comes, then the means of the ratios
    to the first allocator. Return everything played. ``names`` are the workloads'."""
    left = max(map(len, (_WORKLOAD, *names)))
    middle = max(len(allocator.name) for allocator in allocators)

    def row(workload: str, allocator: str, text: Text | str, style: str = "") -> None:
        line = Text(f"{workload:{left}}  {allocator:{middle}}  ", style)
        line.append(text).rstrip()
        console.print(line, soft_wrap=True)

    row(_WORKLOAD, "", _COLUMNS, "dim")
    seen: list[Played] = []
    first: Measurements | None = None
    for played in all_played:
        seen.append(played)
        is_first = played.allocator is allocators[0]
        name = played.workload.stem if is_first else ""
        if played.measurements is None:
            row(name, played.allocator.name, Text(f"failed: {played.fault}", "red"))
        else:
            row(
                name,
                played.allocator.name,
                _cells(played.measurements, None if is_first else first),
            )
        if is_first:
            first = played.measurements
    for allocator in allocators[1:]:
        if ratios := _all_ratios(seen, allocators[0], allocator):
            slower, fuller = map(geometric_mean, zip(*ratios, strict=True))
            cells = f"{'':9}  {_ratio(slower)}  {'':6}  {_ratio(fuller)}"
            row(_ALL, allocator.name, cells, "bold")
    return seen


def _all_ratios(
    seen: Sequence[Played], first: Allocator, allocator: Allocator
) -> list[tuple[float, float]]:
    """Return an allocator's ratios for the workloads that both have played to the end."""

    def measurements_of(wanted: Allocator) -> list[Measurements | None]:
        return [played.measurements for played in seen if played.allocator is wanted]

    pairs = zip(measurements_of(allocator), measurements_of(first), strict=True)
    return [_ratios(measurements, base) for measurements, base in pairs if measurements and base]


def render(all_played: Sequence[Played]) -> str:
    """``{"played": [{"workload", "allocator", "fault", "figures": {...} or null}]}``; the names in
    ``figures`` are the replayer's."""
    played = [
        {
            "workload": str(played.workload),
            "allocator": played.allocator.name,
            "fault": played.fault,
            "figures": _as_dict(played.measurements) if played.measurements else None,
        }
        for played in all_played
    ]
    return json.dumps({"played": played}, indent=2) + "\n"


def _as_dict(measurements: Measurements) -> dict[str, float]:
    return {
        **asdict(measurements),
        "utilisation": round(measurements.utilisation, 4),
        "calls_per_second": round(measurements.calls_per_second),
    }
