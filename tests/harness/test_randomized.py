"""Tests with randomized sizes differ from the published ones, and a right allocator passes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from harness.checking.check import Setup, check_test, set_up
from harness.checking.programs import build_player
from harness.execution.build import ROOT
from harness.grading.confirmation import Confirmer
from harness.grading.randomized import randomize
from harness.grading.rules import load_rules
from harness.grading.script import Script, published_script
from harness.results.verdict import Outcome
from harness.specification.operations import Operation
from harness.specification.rules import RULES
from harness.suite import Suite, Test, load_suite
from harness.tracers.ltrace import Ltrace

SUITES = {name: load_suite(ROOT / "tests" / f"{name}.toml") for name in ("suite", "classic")}
TESTS = [
    pytest.param(suite, test, id=f"{name}-{test.name}")
    for name, suite in SUITES.items()
    for test in suite.tests
    if not test.extra
]
SEEDS = range(20)


def drawn(suite: Suite, test: Test, seed: object) -> Script:
    script = randomize(test, suite.policy, Random(f"{seed}"))
    assert script is not None
    return script


def operations(script: Script) -> list[Operation]:
    return [line for line in script.lines if isinstance(line, Operation)]


@pytest.mark.parametrize(("suite", "test"), TESTS)
def test_no_seed_gives_the_published_sizes(suite: Suite, test: Test) -> None:
    published = published_script(test, suite.policy)
    scripts = [drawn(suite, test, seed) for seed in SEEDS[:: 1 if test.name != "all" else 10]]
    assert published is not None
    texts = [script.text() for script in scripts]
    assert published.text() not in texts
    assert len(set(texts)) > len(texts) / 2
    for script in scripts:
        for before, after in zip(operations(published), operations(script), strict=True):
            assert (before.function, before.slot) == (after.function, after.slot)
            assert (0 in before.sizes) == (0 in after.sizes)


@pytest.mark.parametrize(("suite", "test"), TESTS)
def test_a_seed_gives_the_same_sizes_each_time(suite: Suite, test: Test) -> None:
    assert drawn(suite, test, 1) == drawn(suite, test, 1)


@pytest.mark.parametrize("threshold", ["malloc-no-preallocate", "realloc-no-preallocate"])
def test_a_threshold_stays_where_it_is(threshold: str) -> None:
    suite = SUITES["suite"]
    [test] = suite.select((threshold,)).tests
    for seed in SEEDS:
        sizes = {operation.sizes for operation in operations(drawn(suite, test, seed))}
        assert {(128 * 1024 - 40,), (128 * 1024 - 39,)} <= sizes


@pytest.fixture(scope="module", params=SUITES)
def setup(request: pytest.FixtureRequest) -> Setup:
    """The allocator, with a suite."""
    return set_up(SUITES[request.param], ROOT / "src", Ltrace(), 2)


def test_a_right_allocator_passes_all_and_is_not_flagged(setup: Setup) -> None:
    for seed in ("one", "two"):
        confirmer = Confirmer(setup, build_player(setup.suite, 2), seed)
        for test in (test for test in setup.suite.tests if not test.extra):
            verdict = confirmer.repetition(test)
            assert verdict is not None
            assert (verdict.outcome, verdict.reason) == (Outcome.PASSED, ""), test.name
            assert verdict.oddities == ()


@pytest.mark.parametrize(
    "mistake",
    ["align-never", "preallocate-per-function", "calloc-not-cleared", "threshold-page-for-malloc"],
)
def test_a_mistake_that_a_test_does_not_notice_does_not_fail_its_repetition(mistake: str) -> None:
    setup = set_up(SUITES["suite"], ROOT / "tests" / "plain", Ltrace(), 2)
    setup = replace(setup, runner=replace(setup.runner, variables={"OSMEM_MISTAKES": mistake}))
    confirmer = Confirmer(setup, build_player(setup.suite, 2), "one")
    counting = [test for test in setup.suite.tests if not test.extra]
    passed = [test for test in counting if check_test(setup, test).outcome is Outcome.PASSED]
    assert 0 < len(passed) < len(counting)
    for test in passed:
        verdict = confirmer.repetition(test)
        assert verdict is not None
        assert (verdict.outcome, verdict.reason) == (Outcome.PASSED, ""), test.name


def test_every_rule_is_confirmed_by_a_test_that_no_one_can_guess(setup: Setup) -> None:
    tests = [test for test in setup.suite.tests if test.name.startswith(("malloc-", "calloc-p"))]
    player = build_player(setup.suite, 2)
    choices = set()
    for seed in ("one", "two", "three", "four"):
        repeated = Confirmer(setup, player, seed).repetitions(tests)
        chosen = [test for test in tests if test.name in repeated]
        assert frozenset().union(*(test.rules for test in chosen)) == frozenset().union(
            *(test.rules for test in tests)
        )
        assert len(chosen) < len(tests)
        choices.add(frozenset(repeated))
    assert len(choices) > 1


def test_all_tests_with_points_are_repeated_unless_the_suite_names_some(tmp_path: Path) -> None:
    for given, names in (
        ("", {"malloc-arrays", "all"}),
        ('randomized = ["all"]\n', {"all"}),
        ("randomized = []\n", set()),
    ):
        suite = tmp_path / "suite.toml"
        suite.write_text(
            f'extends = "{ROOT}/tests/suite.toml"\n{given}'
            'only = ["malloc-arrays", "all", "extra-errno"]\n'
        )
        assert {test.name for test in load_rules(load_suite(suite)).randomized} == names


def test_tests_that_name_no_rule_or_all_are_repeated_themselves(setup: Setup) -> None:
    [test] = setup.suite.select(("all",)).tests
    assert test.rules == frozenset(RULES)
    [other] = setup.suite.select(("malloc-arrays",)).tests
    player = build_player(setup.suite, 2)
    assert set(Confirmer(setup, player, "one").repetitions([test, other])) == {"all", other.name}
