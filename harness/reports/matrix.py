"""The matrix of mistakes and tests: as a table, as CSV, and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from statistics import median

from rich.console import Console
from rich.text import Text

from harness.checking.matrix import Cost, out_of_place
from harness.suite import Suite


def show(console: Console, suite: Suite, costs: Iterable[Cost]) -> list[Cost]:
    """Print a line for each mistake as it comes, then what mistakes cost; return all of them.

    A test that does not name the mistake's rule stands in brackets.
    """
    seen = []
    for cost in costs:
        seen.append(cost)
        stray = set(out_of_place(suite, cost))
        failed = (f"({f.test})" if f.test in stray else f.test for f in cost.failed)
        line = f"{cost.points:4d}  {cost.mistake.name}: {' '.join(failed) or '-'}"
        console.print(Text(line), soft_wrap=True)
    points = [cost.points for cost in seen if cost.mistake.seen == "ordinary"]
    if points:
        console.print(
            f"{len(seen)} mistakes; those that ordinary programs see cost a median of"
            f" {median(points):g} points, and {max(points)} at the most"
        )
    return seen


def as_csv(suite: Suite, costs: Sequence[Cost]) -> str:
    """A line for each mistake, a column for each test: its outcome, empty where it is passed."""
    out = io.StringIO()
    names = [test.name for test in suite.tests]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["mistake", "rule", "seen", "points", *names])
    for cost in costs:
        outcomes = {failure.test: failure.outcome for failure in cost.failed}
        row = [cost.mistake.name, cost.mistake.rule, cost.mistake.seen, cost.points]
        writer.writerow([*row, *(outcomes.get(name, "") for name in names)])
    return out.getvalue()


def as_json(suite: Suite, costs: Sequence[Cost]) -> str:
    """``[{"mistake", "rule", "seen", "points", "tests": {NAME: OUTCOME}, "out_of_place"}]``"""
    content = [
        {
            "mistake": cost.mistake.name,
            "rule": cost.mistake.rule,
            "seen": cost.mistake.seen,
            "points": cost.points,
            "tests": {failure.test: failure.outcome for failure in cost.failed},
            "out_of_place": out_of_place(suite, cost),
        }
        for cost in costs
    ]
    return json.dumps(content, indent=1) + "\n"
