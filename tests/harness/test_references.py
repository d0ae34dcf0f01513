"""The references of both suites follow the specification, and both implementations pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.checking.check import check, set_up
from harness.execution.build import ROOT
from harness.results.verdict import Outcome
from harness.specification.model import expect
from harness.specification.rules import RULES
from harness.suite import Suite, Test, load_suite
from harness.trace.file import read_trace_file
from harness.trace.trace import End, How
from harness.tracers.ltrace import Ltrace
from submissions import plain

SUITES = {name: load_suite(ROOT / "tests" / f"{name}.toml") for name in ("suite", "classic")}
TESTS = [
    pytest.param(suite, test, id=f"{name}-{test.name}")
    for name, suite in SUITES.items()
    for test in suite.tests
]


@pytest.mark.parametrize(("suite", "test"), TESTS)
def test_a_reference_is_the_trace_of_the_model(suite: Suite, test: Test) -> None:
    reference = read_trace_file(test.reference)
    assert [step.call for step in expect(reference.calls, suite.policy)] == list(reference.calls)
    assert reference.end == End(How.EXIT, 0)


@pytest.mark.parametrize("name", SUITES)
def test_each_test_has_a_program_and_a_reference_and_there_are_no_others(name: str) -> None:
    suite = SUITES[name]
    assert {test.snippet for test in suite.tests} == set(suite.snippets.glob("test-*.c"))
    assert {test.reference for test in suite.tests} == set(suite.references.glob("*.trace"))


def test_the_points_are_those_of_the_assignment() -> None:
    families = {"malloc": 35, "calloc": 20, "realloc": 30, "all": 5}
    for suite in SUITES.values():
        assert sum(not test.extra for test in suite.tests) == 40
        for family, points in families.items():
            assert sum(t.points for t in suite.tests if t.name.split("-")[0] == family) == points


READINGS: dict[str, list[str]] = {
    "plain": [],
    "one-at-a-time": ['MISTAKE "neighbours-one-at-a-time"'],
}
"""What the plain implementation is built with for a reading of the specification."""


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("source", ["src", *READINGS])
def test_both_implementations_earn_every_point(name: str, source: str, tmp_path: Path) -> None:
    """No test that counts depends on when free blocks are merged.

    The allocator merges them at once, and the plain implementation before it searches. In one
    reading of the specification, os_realloc takes in free neighbours one at a time.
    """
    if source == "src":
        folder = ROOT / "src"
    else:
        folder = plain(tmp_path / "src", *READINGS[source])
    suite = SUITES[name]
    verdicts = list(check(set_up(suite, folder, Ltrace(), 2), 2))
    failed = {v.test.name for v in verdicts if v.outcome is not Outcome.PASSED}
    assert failed == ({"extra-neighbours-as-one"} if source == "one-at-a-time" else set())
    assert sum(verdict.points for verdict in verdicts) == 90


def test_the_specification_lists_the_rules_that_tests_name() -> None:
    page = (ROOT / "docs" / "specification.md").read_text()
    table = page.partition("| rule | in a sentence |\n")[2].partition("\n\n")[0]
    listed = dict(re.findall(r"^\| `([\w-]+)` \| (.*) \|$", table, re.MULTILINE))
    assert listed == {name: rule.sentence for name, rule in RULES.items()}


def test_each_rule_says_where_to_look_in_the_code() -> None:
    for name, rule in RULES.items():
        assert rule.look.startswith("Look at ") and rule.look.endswith("."), name


def test_each_rule_has_a_test_that_judges_it() -> None:
    for suite in SUITES.values():
        judged = {rule for test in suite.tests if test.name != "all" for rule in test.rules}
        assert set(RULES) - judged == {"header"}  # every address shows it
