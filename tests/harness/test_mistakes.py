"""A mistake costs what it is worth, once: it fails the tests that name its rule, and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

import pytest

from harness.checking.check import set_up
from harness.checking.matrix import Cost, costs, out_of_place
from harness.diagnosis.making import recorded_costs
from harness.diagnosis.recorder import Recorder, recorders
from harness.execution.build import ROOT
from harness.results.verdict import Outcome
from harness.specification.mistakes import read_mistakes
from harness.suite import Suite, load_suite
from harness.tracers.ltrace import Ltrace

# The matrix is made once.
pytestmark = pytest.mark.xdist_group("matrix")

SUITE = load_suite(ROOT / "tests" / "suite.toml")
PLAIN = ROOT / "tests" / "plain"
MISTAKES = {mistake.name: mistake for mistake in read_mistakes(ROOT / "tests" / "mistakes.toml")}
ALL_HARMED = {
    "appended-block-not-linked": "the set-up's blocks are never found again",
    "free-never": "nothing that was freed is found again",
    "header-24-bytes": "every block lies elsewhere",
    "heap-never-grows": "no set-up comes to its end",
    "preallocate-rest-misplaced": "the heap is broken from its first request on",
}
"""Mistakes that leave hardly a trace unharmed, and why; they may cost anything."""
ENTANGLED = {
    "align-to-16": "a rest may be as small as 8 bytes",
    "coalesce-ignores-status": "blocks in use are handed out again wherever one was freed",
    "fit-not-exact": "the largest block of the heap and the smallest rest serve no other size",
    "fit-with-header": "no header may be left over where a loss of 32 bytes has to show",
    "free-moves-break": "the heap's end is another one from then on",
    "grow-by-preallocation": "a free block lies at the heap's end after each growth",
    "grow-in-pages": "the set-up's blocks are larger than they were asked for",
    "large-served-from-heap": "calloc and realloc ask the same question",
    "realloc-always-moves": "no rule of os_realloc that keeps a block is reached",
    "realloc-heap-no-value": "no rule of os_realloc for heap blocks is reached",
    "realloc-heap-unchanged": "no rule of os_realloc for heap blocks is reached",
    "realloc-null": "os_realloc makes the first request of its tests",
    "realloc-room-counts-header": "growth by 8 bytes is no growth",
    "threshold-gap": "calloc asks the same question",
    "threshold-of-malloc-for-calloc": "a block that should be a mapping is not resized as one",
    "threshold-page-for-malloc": "set-ups take blocks of more than a page from the heap",
    "threshold-page-for-realloc": "a block of 80,000 bytes moves to a mapping",
    "threshold-without-header-where-free": "calloc asks the same question",
}
"""Mistakes that fail tests of other rules as well, and why."""
UNNOTICED = {
    "preallocate-unsplit-near-page": "a page this full has no room for a rest",
}
"""Mistakes that are none in the default suite, and why."""


@pytest.fixture(scope="module", params=["recorder", pytest.param("ltrace", marks=pytest.mark.slow)])
def matrix(request: pytest.FixtureRequest) -> Mapping[str, Cost]:
    """What each mistake costs in the default suite. With ltrace, it is judged where it changes
    something; 'make matrix' judges it in all tests."""
    setup = set_up(SUITE, PLAIN, Ltrace(), 2)
    if request.param == "recorder":
        recorded = recorded_costs(SUITE, setup.programs, 2)
        return {cost.mistake.name: cost for cost in recorded}
    with recorders(SUITE, setup.programs, len(MISTAKES)) as found:
        changed = {name: changed_by(name, found) for name in MISTAKES}
    costs_of = {}
    for name, tests in changed.items():
        alone = replace(setup, suite=SUITE.select(tests) if tests else replace(SUITE, tests=()))
        [costs_of[name]] = costs(alone, [MISTAKES[name]], 1)
    return costs_of


def changed_by(mistake: str, found: Mapping[str, Recorder]) -> tuple[str, ...]:
    """The tests that run in another way, or end in another way, with a mistake."""
    return tuple(
        name
        for name, recorder in found.items()
        if how_it_ran(recorder, mistake) != how_it_ran(recorder)
    )


def how_it_ran(recorder: Recorder, *mistakes: str) -> tuple[int, int, bool]:
    ran = recorder.run(mistakes)
    return ran.hash, ran.status, ran.in_loop


def cost_of(suite: Suite, names: Sequence[str]) -> Cost:
    """What several mistakes cost that are made at once."""
    at_once = replace(MISTAKES[names[0]], name=",".join(names))
    [cost] = costs(set_up(suite, PLAIN, Ltrace(), 2), [at_once], 1)
    return cost


def counting(suite: Suite) -> set[str]:
    return {test.name for test in suite.tests if not test.extra}


def test_each_mistake_is_noticed(matrix: Mapping[str, Cost]) -> None:
    assert {name for name, cost in matrix.items() if not cost.failed} == set(UNNOTICED)


def test_what_ordinary_programs_see_costs_points_and_nothing_else_does(
    matrix: Mapping[str, Cost],
) -> None:
    for name, cost in matrix.items():
        assert (cost.points > 0) == (
            cost.mistake.seen == "ordinary" and name not in UNNOTICED
        ), name


def test_a_mistake_fails_the_tests_that_name_its_rule_and_no_others(
    matrix: Mapping[str, Cost],
) -> None:
    strays = {
        name for name, cost in matrix.items() if set(out_of_place(SUITE, cost)) & counting(SUITE)
    }
    assert strays == {*ALL_HARMED, *ENTANGLED}


def test_every_failure_is_judged(matrix: Mapping[str, Cost]) -> None:
    unjudged = (Outcome.SKIPPED, Outcome.NOT_BUILT)
    for cost in matrix.values():
        assert not [failure for failure in cost.failed if failure.outcome in unjudged]


def test_what_was_found_reads_unlike_what_was_expected(matrix: Mapping[str, Cost]) -> None:
    for name, cost in matrix.items():
        for failure in cost.failed:
            _, _, said = failure.reason.partition("expected ")
            expected, _, found = said.partition(", found ")
            assert not said or expected != found, f"{name}: {failure}"


def test_no_mistake_is_taken_for_an_attack_on_the_test(matrix: Mapping[str, Cost]) -> None:
    for cost in matrix.values():
        assert not [f for f in cost.failed if "changed the memory of the test" in f.reason]


def test_mistakes_cost_what_they_are_worth(matrix: Mapping[str, Cost]) -> None:
    ordinary = [cost.points for cost in matrix.values() if cost.mistake.seen == "ordinary"]
    assert len(matrix) >= 150
    assert median(ordinary) <= 10
    assert all(cost.points <= 40 for name, cost in matrix.items() if name not in ALL_HARMED)


@pytest.mark.parametrize(
    ("mistake", "most"),
    [
        ("coalesce-never", 30),
        ("split-never", 50),
        ("fit-first", 15),
        ("fit-last-of-equals", 8),
        ("preallocate-never", 12),
        ("preallocate-header-too", 12),
        ("preallocate-whole", 12),
        ("munmap-payload-only", 12),
    ],
)
def test_common_mistakes_cost_at_most(matrix: Mapping[str, Cost], mistake: str, most: int) -> None:
    assert 0 < matrix[mistake].points <= most


def test_a_large_preallocation_is_split_even_by_a_request_of_nearly_a_page() -> None:
    classic = load_suite(ROOT / "tests" / "classic.toml")
    follows_it = "preallocate-much-for-calloc"
    assert not cost_of(classic, [follows_it]).failed
    cost = cost_of(classic, [follows_it, *UNNOTICED])
    assert [failure.test for failure in cost.failed] == ["calloc-no-preallocate"]
    assert cost.points > 0


UNHANDLED = [name for name, mistake in MISTAKES.items() if mistake.rule == "refusal"]
NOT_UNDONE = [
    "preallocated-before-refusal",
    "state-before-refusal",
    "realloc-refusal-keeps-neighbours",
    "realloc-refusal-frees",
    "realloc-refused-move-frees",
    "realloc-failure-frees",
]


@pytest.mark.parametrize(
    ("mistakes", "failed"),
    [
        (UNHANDLED, {"extra-huge-size", "extra-refusal", "extra-first-refusal", "extra-errno"}),
        (NOT_UNDONE, {"extra-huge-size", "extra-refusal", "extra-first-refusal"}),
    ],
    ids=["unhandled", "not-undone"],
)
def test_refusals_cost_no_points_and_extra_tests_show_them(
    mistakes: list[str], failed: set[str]
) -> None:
    cost = cost_of(SUITE, mistakes)
    assert cost.points == 0
    assert {failure.test for failure in cost.failed} == failed
