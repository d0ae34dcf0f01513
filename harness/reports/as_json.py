"""Verdicts as JSON, for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness.reports.diagnosis import Told
from harness.results.verdict import Verdict


def render(verdicts: Sequence[Verdict], told: Told) -> str:
    """Return the verdicts, the points, and what is wrong::

    {"points", "max",
     "diagnosis": [{"name", "sentence", "rule", "points", "tests", "place"}],
     "observed": [{"sentence", "rule", "tests"}],
     "tests": [{"name", "outcome", "points", "max", "reason", "advice", "line"}]}

    A mistake that no test tells from others has their names, sentences and rules as "alternatives".
    """
    tests = [
        {
            "name": verdict.test.name,
            "outcome": verdict.outcome.value,
            "points": verdict.points,
            "max": verdict.test.points,
            "reason": verdict.reason,
            "advice": verdict.advice,
            "line": verdict.line,
        }
        for verdict in verdicts
    ]
    total = {
        "points": sum(verdict.points for verdict in verdicts),
        "max": sum(verdict.test.points for verdict in verdicts),
        "diagnosis": told.as_values(),
        "observed": told.observed_as_values(),
        "tests": tests,
    }
    return json.dumps(total, indent=2) + "\n"
