#!/usr/bin/python3
"""Measure which mistakes the diagnosis names, of those that are planted, and how long it takes.

The plain implementation makes them all, one to three at a time, and some four to six; what is named
is held against what was made. Some mistakes are also made where the table does not know them.
Prints a table; --json FILE keeps the measurements.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from harness.checking.programs import build_programs  # noqa: E402  (found by the line above)
from harness.diagnosis.diagnose import find_causes  # noqa: E402
from harness.diagnosis.recorder import Recorder, recorders  # noqa: E402
from harness.diagnosis.table import Table, table_of  # noqa: E402
from harness.suite import Suite, load_suite  # noqa: E402
from measurements import json_option, keep  # noqa: E402
from tables import show_table  # noqa: E402

SUITES = ("suite.toml", "classic.toml")
PAIRS, TRIPLES, MANY, PAIRED = 500, 200, 200, 10
SEED = 14
_REPETITIONS = 3
"""Each diagnosis is timed so often; the best counts, because others use the machine as well."""
KEPT_OUT = (
    "align-to-16",
    "threshold-page-for-malloc",
    "threshold-gap",
    "munmap-in-pages",
    "preallocate-page-too",
    "preallocate-rest-counts-its-header",
    "grow-in-pages",
    "fit-first-of-large",
    "split-from-header",
    "coalesce-pairs",
    "calloc-clears-one-element",
    "free-twice",
    "realloc-takes-one-neighbour",
    "realloc-leaks-moved-block",
    "realloc-splits-mapping",
)
"""Mistakes that the table does not know, for that measurement. Some test tells each of them from
all others."""

Made = Sequence[str]


class Bench:
    """The tests of a suite, run with mistakes that are then diagnosed."""

    def __init__(self, suite: Suite, table: Table, stack: ExitStack, workers: ThreadPoolExecutor):
        self.table = table
        self.names = [mistake.name for mistake in table.mistakes]
        self._workers = workers
        self.seconds: list[float] = []
        programs = build_programs(suite, os.cpu_count() or 1)
        self._recorders = stack.enter_context(recorders(suite, programs, len(self.names)))

    def named(self, table: Table, made: Made) -> list[tuple[str, ...]]:
        """Return what is named after a run with some mistakes, each with its alternatives."""

        def text(recorder: Recorder) -> str:
            return recorder.trace(made).text()

        traces = self._workers.map(text, self._recorders.values())
        found = dict(zip(self._recorders, traces))
        times = []
        for _ in range(_REPETITIONS):
            started = time.thread_time()
            causes = find_causes(table, found).causes
            times.append(time.thread_time() - started)
        self.seconds.append(min(times))
        return [cause.names for cause in causes]

    def count(self, cases: Iterable[Made], table: Table, unknown: Made = ()) -> Counter[str]:
        """Count the cases in which all mistakes are named, or at least one, or a wrong one."""
        counted: Counter[str] = Counter()
        for made in cases:
            known = [name for name in made if name not in unknown]
            named = self.named(table, made)
            right = [name for name in known if any(name in names for names in named)]
            wrong = [names for names in named if not set(names) & set(known)]
            counted["cases"] += 1
            counted["all"] += not wrong and len(right) == len(known)
            counted["some"] += not wrong and bool(right)
            counted["none"] += not named
            counted["wrong"] += bool(wrong)
        return counted


def measure(
    suite: Suite, workers: ThreadPoolExecutor
) -> dict[str, Counter[str] | dict[str, float]]:
    """Return the measurements of a suite, by name."""
    started = time.thread_time()
    table = table_of(suite)
    loading = time.thread_time() - started
    if table is None:
        sys.exit(f"{suite.path}: expected a table of mistakes, found none; see 'make diagnosis'")
    chosen = random.Random(SEED)
    with ExitStack() as stack:
        bench = Bench(suite, table, stack, workers)
        others = [name for name in bench.names if name not in KEPT_OUT]
        paired = [(name, other) for name in KEPT_OUT for other in chosen.sample(others, PAIRED)]
        smaller = table.without(KEPT_OUT)
        counts: dict[str, Counter[str] | dict[str, float]] = {
            "none": bench.count([()], table),
            "one": bench.count([(name,) for name in bench.names], table),
            "two": bench.count([chosen.sample(bench.names, 2) for _ in range(PAIRS)], table),
            "three": bench.count([chosen.sample(bench.names, 3) for _ in range(TRIPLES)], table),
            "four to six": bench.count(
                [chosen.sample(bench.names, 4 + number % 3) for number in range(MANY)], table
            ),
            "one unknown": bench.count([(name,) for name in KEPT_OUT], smaller, KEPT_OUT),
            "one unknown, one known": bench.count(paired, smaller, KEPT_OUT),
            "one unknown, three known": bench.count(
                [(name, *chosen.sample(others, 3)) for name in KEPT_OUT for _ in range(PAIRED)],
                smaller,
                KEPT_OUT,
            ),
        }
        counts["seconds"] = {
            "loading": loading,
            "median": median(bench.seconds),
            "most": max(bench.seconds),
        }
    return counts


@click.command()
@json_option
def main(json_path: Path | None) -> None:
    """Measure which mistakes the diagnosis names."""
    measurements = {}
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        for name in SUITES:
            counts = measure(load_suite(ROOT / "tests" / name), workers)
            seconds = counts.pop("seconds")
            measurements[name] = {**counts, "seconds": seconds}
            columns = ("cases", "all", "some", "none", "wrong")
            show_table(
                (f"mistakes made, {name}", "cases", *(f"{column} named" for column in columns[1:])),
                ((made, *(str(c[k]) for k in columns)) for made, c in counts.items()),
            )
            show_table(
                ("processor time of a diagnosis", "seconds"),
                ((what, f"{value:.3f}") for what, value in seconds.items()),
            )
    keep(measurements, json_path)


if __name__ == "__main__":
    main()
