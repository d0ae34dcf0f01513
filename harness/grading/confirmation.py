"""Confirming passed tests: some are repeated with randomized sizes before their points count.

Every rule that passed tests judge is judged again by at least one of them; which one, nobody can
guess. If a repetition fails, all passed tests are repeated, and each loses its own points only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from harness.checking.check import Setup, not_run
from harness.checking.judge import judge
from harness.execution.budget import BudgetUsedUp, charging_this_thread
from harness.execution.build import Library
from harness.grading.randomized import randomize
from harness.results.verdict import Outcome, Verdict
from harness.specification.rules import RULES
from harness.suite import Test

_SHOWN = 3
"""How many tests a flag names."""


@dataclass(frozen=True, slots=True)
class Confirmer:
    """Repeats the tests that a submission has passed."""

    setup: Setup
    player: Path
    """The program that makes the calls; see `harness.grading.script`."""
    seed: str
    """The seed of the choice and of the sizes."""

    def repetitions(self, passed: Sequence[Test]) -> dict[str, Verdict]:
        """Return the verdicts on repetitions, by the names of the tests."""
        verdicts = self._repeat(_covering(passed, Random(self.seed)))
        if any(verdict.outcome is not Outcome.PASSED for verdict in verdicts.values()):
            verdicts |= self._repeat([test for test in passed if test.name not in verdicts])
        return verdicts

    def first_failure(self, passed: Sequence[Test]) -> Verdict | None:
        """Repeat passed tests that together judge all rules that these do, until one fails. Return
        the verdict on that one."""
        repeated = map(self.repetition, _covering(passed, Random(f"{self.seed} once more")))
        judged = (verdict for verdict in repeated if verdict is not None)
        return next((each for each in judged if each.outcome is not Outcome.PASSED), None)

    def _repeat(self, tests: Sequence[Test]) -> dict[str, Verdict]:
        verdicts = ((test.name, self.repetition(test)) for test in tests)
        return {name: verdict for name, verdict in verdicts if verdict is not None}

    def repetition(self, test: Test) -> Verdict | None:
        """Repeat a test. Return None if its calls can't be repeated."""
        setup, suite = self.setup, self.setup.suite
        assert isinstance(setup.library, Library)
        random = Random(f"{self.seed} {test.name}")
        script = randomize(test, suite.policy, random)
        if script is None:
            return None
        try:
            with charging_this_thread():
                run = setup.runner.run(self.player, setup.library, script.text().encode())
                expected = script.expected_trace(suite.policy)
                return judge(test, expected, run, suite.policy, suite.run_limits)
        except BudgetUsedUp as used_up:
            return not_run(test, used_up)


def _judged_rules(test: Test) -> Collection[str]:
    """Return the rules that a test confirms; its own name where it judges none, or just all."""
    return test.rules if test.rules and test.rules != frozenset(RULES) else (test.name,)


def _covering(tests: Sequence[Test], random: Random) -> list[Test]:
    """Return tests that together judge all rules that any of them judges, chosen at random."""
    chosen: list[Test] = []
    covered: set[str] = set()
    for test in random.sample(tests, len(tests)):
        if not covered.issuperset(_judged_rules(test)):
            chosen.append(test)
            covered.update(_judged_rules(test))
    return chosen


def confirmed(verdict: Verdict, repetition: Verdict | None) -> Verdict:
    """Return the verdict on a test, given that on its repetition; None if it was not repeated."""
    if repetition is None:
        return verdict
    oddities = (*verdict.oddities, *repetition.oddities)
    if repetition.outcome is Outcome.PASSED:
        return replace(verdict, oddities=oddities)
    match repetition.outcome:
        case Outcome.NOT_RUN:
            others = "its repetition was"
        case Outcome.SKIPPED:
            others = "its repetition could not be judged:"
        case _:
            others = "but not with others:"
    reason = f"passes with the published sizes, {others} {repetition.reason}"
    return replace(repetition, reason=reason, oddities=oddities)


def unconfirmed_flag(repetitions: Mapping[str, Verdict]) -> list[str]:
    """Return a flag that names the tests whose repetitions failed; none if there are no such."""
    harmless = (Outcome.PASSED, Outcome.NOT_RUN, Outcome.SKIPPED)
    failed = [name for name, verdict in repetitions.items() if verdict.outcome not in harmless]
    if not failed:
        return []
    more = f" and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
    return [f"passes {', '.join(failed[:_SHOWN])}{more}, but not with randomized sizes"]
