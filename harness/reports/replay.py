"""What came of playing workloads: a table for people, and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from statistics import geometric_mean

from rich.console import Console
from rich.text import Text

from harness.workloads.allocators import Allocator
from harness.workloads.replay import Figures, Played

_WORKLOAD, _ALL = "workload", "all"
_FIGURES = f"{'ns/call':>9}  {'ratio':>6}  {'use':>6}  {'ratio':>6}"


def _ratios(figures: Figures, first: Figures) -> tuple[float, float]:
    """Time and utilisation over the first allocator's."""
    return figures.seconds / first.seconds, figures.utilisation / first.utilisation


def _ratio(ratio: float) -> str:
    return f"{ratio:6.2f}" if ratio >= 0.1 else f"{ratio:6.3f}"


def _cells(figures: Figures, first: Figures | None) -> str:
    """The figures and, where there is something to compare them with, how many times as much."""
    slower, fuller = map(_ratio, _ratios(figures, first)) if first else ("", "")
    ns_per_call = 1e9 / figures.calls_per_second
    return f"{ns_per_call:9.1f}  {slower:6}  {figures.utilisation:6.1%}  {fuller}"


def show(
    console: Console,
    names: Sequence[str],
    allocators: Sequence[Allocator],
    all_played: Iterable[Played],
) -> list[Played]:
    """Prints a row for each workload with each allocator as it comes, then the means of the ratios
    to the first allocator; returns all. ``names`` are the workloads'."""
    left = max(map(len, (_WORKLOAD, *names)))
    middle = max(len(allocator.name) for allocator in allocators)

    def row(workload: str, allocator: str, text: Text | str, style: str = "") -> None:
        line = Text(f"{workload:{left}}  {allocator:{middle}}  ", style)
        line.append(text).rstrip()
        console.print(line, soft_wrap=True)

    row(_WORKLOAD, "", _FIGURES, "dim")
    seen: list[Played] = []
    first: Figures | None = None
    for played in all_played:
        seen.append(played)
        is_first = played.allocator is allocators[0]
        name = played.workload.stem if is_first else ""
        if played.figures is None:
            row(name, played.allocator.name, Text(f"failed: {played.fault}", "red"))
        else:
            row(name, played.allocator.name, _cells(played.figures, None if is_first else first))
        if is_first:
            first = played.figures
    for allocator in allocators[1:]:
        if ratios := _all_ratios(seen, allocators[0], allocator):
            slower, fuller = map(geometric_mean, zip(*ratios, strict=True))
            cells = f"{'':9}  {_ratio(slower)}  {'':6}  {_ratio(fuller)}"
            row(_ALL, allocator.name, cells, "bold")
    return seen


def _all_ratios(
    seen: Sequence[Played], first: Allocator, allocator: Allocator
) -> list[tuple[float, float]]:
    """An allocator's ratios in the workloads that both have played to the end."""

    def figures_of(wanted: Allocator) -> list[Figures | None]:
        return [played.figures for played in seen if played.allocator is wanted]

    pairs = zip(figures_of(allocator), figures_of(first), strict=True)
    return [_ratios(figures, base) for figures, base in pairs if figures and base]


def render(all_played: Sequence[Played]) -> str:
    """``{"played": [{"workload", "allocator", "fault", "figures": {...} or null}]}``, figures by
    the names that the replayer has for them."""
    played = [
        {
            "workload": str(played.workload),
            "allocator": played.allocator.name,
            "fault": played.fault,
            "figures": _figures(played.figures) if played.figures else None,
        }
        for played in all_played
    ]
    return json.dumps({"played": played}, indent=2) + "\n"


def _figures(figures: Figures) -> dict[str, float]:
    return {
        **asdict(figures),
        "utilisation": round(figures.utilisation, 4),
        "calls_per_second": round(figures.calls_per_second),
    }
