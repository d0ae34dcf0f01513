"""Verdicts as JSON, for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from harness.results.verdict import Verdict


def render(verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts and the points::

    {"points", "max", "tests": [{"name", "outcome", "points", "max", "reason", "advice"}]}
    """
    tests = [
        {
            "name": verdict.test.name,
            "outcome": verdict.outcome.value,
            "points": verdict.points,
            "max": verdict.test.points,
            "reason": verdict.reason,
            "advice": verdict.advice,
        }
        for verdict in verdicts
    ]
    total = {
        "points": sum(verdict.points for verdict in verdicts),
        "max": sum(verdict.test.points for verdict in verdicts),
        "tests": tests,
    }
    return json.dumps(total, indent=2) + "\n"
