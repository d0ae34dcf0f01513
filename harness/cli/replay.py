"""The command that plays workloads through allocators."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli.options import DEFAULT_SOURCE, DEFAULT_SUITE, source_option
from harness.cli.results_file import ResultsFile, json_option
from harness.reports import replay as report
from harness.reports import terminal
from harness.suite import load_suite
from harness.workloads.allocators import KNOWN, Allocator, library_allocator, named_allocator
from harness.workloads.replay import build_replayer, replay, verify


def _allocators(source: Path, against: str) -> list[Allocator]:
    """Return the allocator of ``source``, and those in a list with commas."""
    limits = load_suite(DEFAULT_SUITE).build_limits
    name = "osmem" if source == DEFAULT_SOURCE else str(source)
    others = [named_allocator(other.strip(), limits) for other in against.split(",")]
    return [library_allocator(name, source, limits), *others]


@click.command("replay")
@click.argument(
    "workloads",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE...",
)
@source_option
@click.option(
    "--against",
    default="glibc",
    show_default=True,
    metavar="NAMES",
    help=f"Compare with these, separated by commas: {', '.join(KNOWN)}, or the path of a"
    " libosmem.so, its folder or its sources, or of a libosmem-preload.so.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    metavar="N",
    help="Play each workload N times; the fastest round counts.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=120,
    show_default=True,
    metavar="N",
    help="Time limit per workload.",
)
@json_option("result")
def replay_command(
    workloads: tuple[Path, ...],
    source: Path,
    against: str,
    rounds: int,
    seconds: float,
    json_file: ResultsFile | None,
) -> None:
    """Play workloads through allocators.

    FILE is a workload, a list of calls, such as those in bench/workloads; docs/workloads.md
    describes the format. Prints the time per call and the utilisation of memory for each allocator,
    and their ratios to those of the first one, from --src.
    """
    allocators = _allocators(source, against)
    build_replayer()
    verify(workloads, allocators, seconds)
    played = report.show(
        terminal.make_console(),
        [workload.stem for workload in workloads],
        allocators,
        replay(workloads, allocators, rounds, seconds),
    )
    if json_file is not None:
        json_file.write(report.render(played))
    sys.exit(any(result.measurements is None for result in played))
