#!/usr/bin/python3
"""Measure tracing: ltrace beside uftrace, and the commands on a long trace.

Prints two tables; --json FILE keeps the measurements. The time of a tracer is that of the program
under it, without reading its output; the time of a command is all of its time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from subprocess import DEVNULL

import click

from measurements import json_option, keep
from tables import show_table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from harness.execution.build import build_library  # noqa: E402  (found by the line above)
from harness.execution.kit import UTILS  # noqa: E402
from harness.trace.canonical import canonicalise  # noqa: E402
from harness.execution.limits import UNLIMITED  # noqa: E402
from harness.suite import load_suite  # noqa: E402
from harness.tracers.tracer import Program, Streams, Tracer  # noqa: E402
from harness.tracers.ltrace import Ltrace  # noqa: E402
from harness.tracers.uftrace import Uftrace  # noqa: E402

LIBRARY = build_library(ROOT / "src", load_suite(ROOT / "tests" / "suite.toml").build_limits).folder


@dataclass(frozen=True)
class Traced:
    """The cost of a tracer, in seconds."""

    tracer: str
    start: float
    """The run of a program that makes no call."""
    run: float
    """The run of one that makes many calls."""
    read: float
    """Reading the tracer's output into a canonical trace."""


@dataclass(frozen=True)
class Command:
    """The cost of a command of the checker."""

    command: str
    seconds: float
    processor: float
    """Seconds of processor time, including the programs it started."""
    memory_mib: float
    """The peak of memory."""


def build_program(folder: Path) -> Path:
    """Build the program that is traced."""
    program = folder / "calls"
    flags = ["-O1", "-fcf-protection=none", f"-I{UTILS}", f"-L{LIBRARY}", "-Wl,-z,lazy"]
    source = ROOT / "bench" / "calls.c"
    subprocess.run(["gcc", *flags, "-o", program, source, "-losmem"], check=True)
    return program


def trace(tracer: Tracer, program: Path, calls: int) -> tuple[float, float]:
    """Return the seconds of a run, and of reading the tracer's output."""
    env = {**os.environ, "LD_LIBRARY_PATH": str(LIBRARY)}
    with tempfile.TemporaryDirectory() as scratch:
        raw = Path(scratch) / "raw"
        argv = [str(program), str(calls)]
        streams = Streams(DEVNULL, DEVNULL, DEVNULL)
        started = time.perf_counter()
        tracer.run(Program(argv, env, None), streams, raw, UNLIMITED)
        ended = time.perf_counter()
        parts = sum(1 for _ in canonicalise(tracer.events(raw)))
        if parts != calls + 1:
            sys.exit(f"{tracer.name}: expected {calls} calls, found {parts - 1}")
        return ended - started, time.perf_counter() - ended


def measure_tracer(tracer: Tracer, program: Path, calls: int, runs: int) -> Traced:
    """Return the median cost of several runs."""
    starts = [trace(tracer, program, 0)[0] for _ in range(runs)]
    many = [trace(tracer, program, calls) for _ in range(runs)]
    return Traced(
        tracer.name,
        median(starts),
        median(run for run, _ in many),
        median(read for _, read in many),
    )


def measure_command(*words: str) -> Command:
    """Measure a command of the checker."""
    started = time.perf_counter()
    process = subprocess.Popen([ROOT / "checker.py", *words], stdout=DEVNULL, stderr=DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"checker.py {' '.join(words)}: expected status 0, found {status >> 8}")
    seconds = time.perf_counter() - started
    return Command(words[0], seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure_commands(program: Path, folder: Path, calls: int) -> list[Command]:
    """Measure the commands on a long trace."""
    before, after = str(folder / "before.trace.gz"), str(folder / "after.trace.gz")

    def record(output: str) -> Command:
        return measure_command(
            "record", "--tracer", "uftrace", "-o", output, "--", str(program), str(calls)
        )

    return [
        record(before),
        record(after),
        measure_command("stat", before),
        measure_command("diff", before, after),
    ]


def show(traced: Sequence[Traced], commands: Sequence[Command], calls: int, many: int) -> None:
    """Print the measurements."""

    def row(one: Traced) -> tuple[str, ...]:
        each = (one.run - one.start) / calls * 1000
        return (one.tracer, *(f"{value:.3f}" for value in (one.start, one.run, each, one.read)))

    show_table(("tracer", "start", f"{calls} calls", "ms a call", "reading them"), map(row, traced))
    ltrace, uftrace = traced
    print(f"The run under ltrace takes {ltrace.run / uftrace.run:.0f} times as long.")
    show_table(
        (f"{many} calls", "seconds", "of processors", "MiB"),
        (
            (one.command, f"{one.seconds:.1f}", f"{one.processor:.1f}", f"{one.memory_mib:.0f}")
            for one in commands
        ),
    )


@click.command()
@click.option(
    "--calls", default=20_000, show_default=True, metavar="N", help="Calls under each tracer."
)
@click.option(
    "--many", default=1_000_000, show_default=True, metavar="N", help="Calls in the long trace."
)
@click.option(
    "--runs", default=5, show_default=True, metavar="N", help="Runs, of which the median counts."
)
@json_option
def main(calls: int, many: int, runs: int, json_path: Path | None) -> None:
    """Measure tracing."""
    with tempfile.TemporaryDirectory() as scratch:
        program = build_program(Path(scratch))
        tracers: tuple[Tracer, ...] = (Ltrace(), Uftrace())
        traced = [measure_tracer(tracer, program, calls, runs) for tracer in tracers]
        commands = measure_commands(program, Path(scratch), many)
    show(traced, commands, calls, many)
    measurements = {
        "calls": calls,
        "many": many,
        "tracers": [asdict(one) for one in traced],
        "commands": [asdict(command) for command in commands],
    }
    keep(measurements, json_path)


if __name__ == "__main__":
    main()
