"""The matrix of planted mistakes and tests: what each mistake costs, and by which tests.

The plain implementation is built once, and makes the mistakes that its environment names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from harness.checking.check import Setup, check_test
from harness.execution.workers import Workers, result_of
from harness.results.verdict import Outcome, Verdict
from harness.specification.mistakes import Mistake
from harness.suite import Suite

_VARIABLE = "OSMEM_MISTAKES"


class Failure(NamedTuple):
    """A test that fails by a mistake."""

    test: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a mistake costs."""

    mistake: Mistake
    failed: tuple[Failure, ...]
    """In the suite's order."""
    points: int
    """The points lost by it."""


def costs(setup: Setup, mistakes: Sequence[Mistake], jobs: int) -> Iterator[Cost]:
    """Yield what each mistake costs, in their order, as soon as it is known."""
    with Workers(jobs) as workers:
        futures = [workers.submit(_cost, setup, mistake) for mistake in mistakes]
        workers.begin()
        yield from (result_of(future) for future in futures)


def _cost(setup: Setup, mistake: Mistake) -> Cost:
    runner = replace(setup.runner, variables={_VARIABLE: mistake.name})
    making = replace(setup, runner=runner)
    verdicts = [check_test(making, test) for test in setup.suite.tests]
    return cost_of(mistake, [v for v in verdicts if v.outcome is not Outcome.PASSED])


def cost_of(mistake: Mistake, failed: Sequence[Verdict]) -> Cost:
    """Return what a mistake costs by these tests that it fails."""
    return Cost(
        mistake,
        tuple(Failure(v.test.name, v.outcome, v.reason) for v in failed),
        sum(verdict.test.points for verdict in failed),
    )


def out_of_place(suite: Suite, cost: Cost) -> list[str]:
    """Name the tests that fail by a mistake though they do not name its rule."""
    rules = {test.name: test.rules for test in suite.tests}
    return [f.test for f in cost.failed if cost.mistake.rule not in rules[f.test]]
