"""A grade as the results.json of a Gradescope autograder."""

from __future__ import annotations

import json
from typing import Any

from harness.reports.audience import tr
from harness.reports.student import diagnosis_lines, explanation, overview, style_lines
from harness.results.grade import Graded
from harness.results.verdict import Outcome
from harness.text import printable


def _entry(name: str, points: int, most: int, passed: bool, lines: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "score": points,
        "max_score": most,
        "status": "passed" if passed else "failed",
        "output": "\n".join(lines),
        "visibility": "visible",
    }


def render(graded: Graded) -> str:
    """Return the score, its reason, and an entry for each test and for style."""
    grade = graded.grade
    entries = [
        _entry(
            printable(test.name),
            test.points,
            test.max_points,
            test.outcome is Outcome.PASSED,
            explanation(test),
        )
        for test in grade.tests
    ]
    style = grade.style
    if style.max_points:
        full = style.points == style.max_points
        entries.append(
            _entry(tr("style"), style.points, style.max_points, full, style_lines(style))
        )
    result = {
        "score": grade.points,
        "output": "\n".join([*overview(graded), "", *diagnosis_lines(grade)]).rstrip(),
        # Without these, a server may be set to show HTML.
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "tests": entries,
    }
    return json.dumps(result, indent=2) + "\n"
