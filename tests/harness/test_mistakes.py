"""Every plausible mistake costs points, and a student is told which call goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.checking.check import check, set_up
from harness.suite import load_suite
from harness.tracers.ltrace import Ltrace
from harness.results.verdict import Outcome
from submissions import PLANTED, Mistake, mistaken

SUITES = {
    "default": (load_suite(ROOT / "tests" / "suite.toml"), ()),
    "classic": (
        load_suite(ROOT / "tests" / "classic.toml"),
        ("preallocate-much-for-calloc",),
    ),
}
"""For each policy its suite, and what makes the plain implementation follow it."""

UNNOTICED = {
    "mapped-in-heap-list",
    "preallocate-unsplit-near-page",
    "realloc-extends-before-last",
    "realloc-grow-into-header",
    "realloc-grow-split-late",
    "realloc-growing-mapping-maps",
    "realloc-judges-mapping-by-size",
    "realloc-mapping-takes-neighbour",
    "realloc-mapping-to-heap-never-extends",
    "realloc-merged-freed-crashes",
    "realloc-move-never-extends",
    "realloc-small-mapping-grows-crashes",
    "realloc-threshold-one-step-early",
    "realloc-threshold-without-rounding",
    "search-bounded-by-threshold",
    "threshold-without-header-where-free",
    "unsplit-rest-forgotten-first",
}
"""What no test notices yet."""


def entry(mistake: Mistake) -> object:
    """A mistake as a parameter of a test, which may be known not to notice it."""
    marks = [pytest.mark.xfail(strict=True)] if mistake.name in UNNOTICED else []
    return pytest.param(mistake, id=mistake.name, marks=marks)


@pytest.mark.parametrize("mistake", [entry(m) for m in PLANTED if m.seen != "choice"])
def test_a_mistake_costs_points(tmp_path: Path, mistake: Mistake) -> None:
    suite, needed = SUITES[mistake.policy]
    source = mistaken(tmp_path / "src", *needed, mistake.name)
    verdicts = list(check(set_up(suite, source, Ltrace(), 2), 2))
    failed = [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASSED]
    assert failed != []
    assert all(verdict.reason for verdict in failed)
    unjudged = (Outcome.SKIPPED, Outcome.NOT_BUILT)
    assert [verdict for verdict in failed if verdict.outcome in unjudged] == []
