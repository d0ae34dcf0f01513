"""A mistake costs what it is worth, once: it fails the tests that name its rule, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import pytest

from harness.checking.check import set_up
from harness.checking.matrix import Cost, costs, out_of_place
from harness.execution.build import ROOT
from harness.results.verdict import Outcome
from harness.specification.mistakes import read_mistakes
from harness.suite import Suite, load_suite
from harness.tracers.ltrace import Ltrace

SUITE = load_suite(ROOT / "tests" / "suite.toml")
ALL_HARMED = {
    "align-to-16": "every block has another size",
    "appended-block-not-linked": "the set-up's blocks are never found again",
    "coalesce-ignores-status": "blocks in use are handed out again",
    "fit-not-exact": "no freed block serves its own size again",
    "fit-with-header": "no freed block serves its own size again",
    "free-never": "nothing that was freed is found again",
    "header-24-bytes": "every block lies elsewhere",
    "heap-never-grows": "no set-up comes to its end",
    "preallocate-rest-misplaced": "the heap is broken from its first request on",
}
"""Mistakes that leave hardly a trace unharmed, and why; they may cost anything."""
ENTANGLED = {
    "align-never": "the same rounding decides where a request goes, and where the heap ends",
    "fit-last": "a rest is taken where it lies",
    "fit-worst": "a rest is taken where it lies",
    "free-moves-break": "the heap's end is another one from then on",
    "freed-mapping-stays-in-list": "it crashes wherever a mapping was freed before",
    "grow-by-preallocation": "a free block lies at the heap's end after each growth",
    "grow-in-pages": "the set-up's blocks are larger than they were asked for",
    "large-served-from-heap": "calloc and realloc ask the same question",
    "mapping-replaces-heap-list": "the heap is lost wherever a mapping is made",
    "realloc-always-moves": "no rule of os_realloc that keeps a block is reached",
    "realloc-copies-64-kib": "the contents of every large block that moves are lost",
    "realloc-copies-header-too-much": "the next header is overwritten wherever a block moves",
    "realloc-copies-nothing": "the contents of every block that moves are lost",
    "realloc-copies-too-little": "the contents of every block that moves are lost",
    "realloc-heap-no-value": "no rule of os_realloc for heap blocks is reached",
    "realloc-heap-unchanged": "no rule of os_realloc for heap blocks is reached",
    "realloc-leaks-moved-block": "a block leaks wherever one moves",
    "realloc-next-free-unchanged": "a block that should move does not",
    "realloc-null": "os_realloc makes the first request of its tests",
    "realloc-room-counts-header": "growth by 8 bytes is no growth",
    "threshold-gap": "calloc asks the same question",
    "threshold-of-malloc-for-calloc": "a block that should be a mapping is not resized as one",
    "threshold-one-step-early": "the test of os_realloc takes the largest heap block first",
    "threshold-page-for-malloc": "set-ups take blocks of more than a page from the heap",
    "threshold-page-for-realloc": "a block of 80,000 bytes moves to a mapping",
    "threshold-without-header-where-free": "calloc asks the same question",
}
"""Mistakes that fail tests of other rules as well, and why."""
UNNOTICED = {
    "preallocate-unsplit-near-page": "a page this full has no room for a rest",
}
"""Mistakes that are none in the default suite, and why."""


@pytest.fixture(scope="module")
def matrix() -> Mapping[str, Cost]:
    """What each mistake costs in the default suite."""
    mistakes = read_mistakes(ROOT / "tests" / "mistakes.toml")
    setup = set_up(SUITE, ROOT / "tests" / "plain", Ltrace(), 2)
    return {cost.mistake.name: cost for cost in costs(setup, mistakes, 2)}


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
        assert not [name for name, outcome in cost.failed if outcome in unjudged]


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
