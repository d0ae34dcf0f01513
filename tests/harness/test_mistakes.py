"""Every plausible mistake costs points, and a student is told which call goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.checking.check import check, set_up
from harness.suite import Suite, load_suite
from harness.tracers.ltrace import Ltrace
from harness.results.verdict import Outcome
from submissions import MISTAKES, mistaken


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load_suite(ROOT / "tests" / "suite.toml")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_costs_points(suite: Suite, tmp_path: Path, mistake: str) -> None:
    verdicts = list(check(set_up(suite, mistaken(tmp_path / "src", mistake), Ltrace(), 2), 2))
    failed = [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASSED]
    assert failed != []
    assert all(verdict.reason for verdict in failed)
    unjudged = (Outcome.SKIPPED, Outcome.NOT_BUILT)
    assert [verdict for verdict in failed if verdict.outcome in unjudged] == []
