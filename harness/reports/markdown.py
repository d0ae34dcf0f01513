"""A grade in Markdown: the summary of a job, as GitHub Actions shows it."""

from __future__ import annotations

import re

from harness.reports.audience import tr
from harness.reports.student import diagnosis_lines, overview
from harness.results.grade import Graded, Status, TestResult
from harness.results.verdict import Outcome
from harness.text import printable

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+.!|&~:@$=^-])")


def _plain(text: str) -> str:
    """Return a text that is shown as it is."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def _row(test: TestResult) -> str:
    cells = (test.name, tr(test.outcome), f"{test.points}/{test.max_points}", test.reason)
    return f"| {' | '.join(map(_plain, cells))} |\n"


def render(graded: Graded) -> str:
    """Return the points, what is wrong, and a table of the tests that did not pass."""
    grade = graded.grade
    points, *others = overview(graded)
    parts = [f"## {_plain(graded.submission)}: {_plain(points)}\n"]
    parts += [f"- {_plain(line)}\n" for line in others]
    if diagnosis := diagnosis_lines(grade):
        # Nothing is special in an indented block.
        parts += ["\n", *(f"    {printable(line)}\n" for line in diagnosis)]
    failed = [test for test in grade.tests if test.outcome is not Outcome.PASSED]
    if grade.status is Status.GRADED and failed:
        heads = map(tr, ("test", "outcome", "points", "reason"))
        parts.append(f"\n| {' | '.join(heads)} |\n| --- | --- | --: | --- |\n")
        parts += map(_row, failed)
    return "".join(parts)
