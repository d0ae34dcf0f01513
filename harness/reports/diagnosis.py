"""A diagnosis in words: what is wrong, how it was found, where to look, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from harness.reports.audience import tr
from harness.results.diagnosis import Cause, Diagnosis, Observation
from harness.results.grade import TestResult
from harness.results.verdict import Outcome
from harness.specification.rules import RULES
from harness.text import printable

LEGEND = (
    'Calls are counted from the beginning of a test\'s judged part, those "of the program" from the'
    " program's beginning; blockN is the N-th block of the set-up before the judged part, mapN the"
    " N-th mapping made in the judged part."
)
"""How reasons name calls and places."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A mistake, or something observed: its sentence, and what belongs to it."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A diagnosis of a submission, beside the results of its tests."""

    diagnosis: Diagnosis
    tests: Sequence[TestResult]
    programs: str = ""
    """The folder of the test programs, for their paths; empty for their names alone."""

    @property
    def failed(self) -> dict[str, TestResult]:
        """The failed tests, by name."""
        return {test.name: test for test in self.tests if test.outcome is not Outcome.PASSED}

    # ---- Headings -----------------------------------------------------------------------------

    def heading(self) -> str:
        """Return how much is explained, in one line; empty if there is nothing to say."""
        return tr(self._heading())

    def _heading(self) -> str:
        diagnosis, failed = self.diagnosis, self.failed
        mistakes = _counted(len(diagnosis.causes), "mistake")
        if not failed:
            return f"No test failed, but the traces show {mistakes}" if diagnosis.causes else ""
        if not diagnosis.causes:
            return self._unknown()
        verb = "explains" if len(diagnosis.causes) == 1 else "explain"
        explained = sum(name in diagnosis.explained for name in failed)
        if explained < len(failed):
            some = f"{explained} of {len(failed)} failed tests"
            these = "this" if len(diagnosis.causes) == 1 else "these"
            rest = f"mend {these}, and check again for the others"
            return f"What is wrong: {mistakes} {verb} {some}; {rest}"
        return f"What is wrong: {mistakes} {verb} {self._all_failed()}"

    def _all_failed(self) -> str:
        failed = self.failed.values()
        extra = sum(test.extra for test in failed)
        count = len(failed) - extra
        kinds = [_all(count, "failed test")] if count else []
        if extra:
            kinds.append(_all(extra, "extra test") if count else _all(extra, "failed extra test"))
        return " and ".join(kinds)

    def _unknown(self) -> str:
        certain = "this much is certain" if self.diagnosis.observed else ""
        unknown = f"none of {self.diagnosis.known} known mistakes, nor two of them"
        told = "; ".join(filter(None, (unknown if self.diagnosis.unexplained else "", certain)))
        return told and f"What is wrong: {told}"

    def given(self) -> str:
        """Return which mistakes hide the others; empty if none do."""
        given, causes = self.diagnosis.given, self.diagnosis.causes
        hiding = sum(bool(set(cause.names) & set(given)) for cause in causes)
        if not hiding or hiding == len(causes):
            return ""
        first = "the first" if hiding == 1 else f"the first {hiding}"
        rest = len(causes) - hiding
        remain = "one remains" if rest == 1 else f"these {rest} remain"
        return tr(f"With {first} taken as given, which shows in every test, {remain}.")

    # ---- Entries ------------------------------------------------------------------------------

    def causes(self) -> list[Entry]:
        """Return an entry for each mistake."""
        return [self._cause(cause) for cause in self.diagnosis.causes]

    def observed(self) -> list[Entry]:
        """Return an entry for whatever is certain about tests that no mistakes explain."""
        return [self._observed(observation) for observation in self.diagnosis.observed]

    def _cause(self, cause: Cause) -> Entry:
        looks = [
            tr(look or RULES[rule].look) for look, rule in zip_longest(cause.looks, cause.rules)
        ]
        sentences = tuple(map(tr, cause.sentences))
        rules = [self._rule(name) for name in dict.fromkeys(cause.rules)]
        if len(cause.names) > 1:
            title = tr("One of these, which no test tells apart:")
            told = [f"- {sentence} {look}" for sentence, look in zip(sentences, looks)]
            lines = [*told, *rules]
        else:
            title, lines = sentences[0], [*rules, *looks]
        more = f"{tr('More')}: ./checker.py explain {cause.names[0]}"
        return Entry(title, (*lines, self._where(cause), more))

    def _observed(self, observation: Observation) -> Entry:
        known = self.failed
        failed = [name for name in observation.tests if name in known]
        tests = f"Seen in {', '.join(failed[:3])}" + (" and others." if len(failed) > 3 else ".")
        rule = observation.rule
        rules = (self._rule(rule), tr(RULES[rule].look)) if rule else ()
        return Entry(printable(tr(observation.sentence)), (*rules, tr(tests)))

    def _rule(self, name: str) -> str:
        sentence = self.diagnosis.sentences.get(name, RULES[name].sentence)
        return f"{tr('Rule')} {name}: {tr(sentence)}"

    def _where(self, cause: Cause) -> str:
        """Return which tests a mistake costs, and the first call that shows it."""
        costs = self._costs(cause)
        if not costs:
            return tr("It costs no test here.")
        first = self._first(cause, costs)
        place = self.place(first)
        reason = printable(first.reason).removeprefix(f"{Path(place).name}: ")
        return f"{tr(f'Costs {_cost(costs)}.')} {tr(f'First seen in {place}:')} {reason}"

    def _costs(self, cause: Cause) -> list[TestResult]:
        """Return the failed tests that a mistake explains."""
        failed = self.failed
        return [failed[name] for name in cause.tests if name in failed]

    def _first(self, cause: Cause, costs: Sequence[TestResult]) -> TestResult:
        """Return the first test that only this mistake fails, or else the first one."""
        others = {name for c in self.diagnosis.causes if c is not cause for name in c.tests}
        return next((test for test in costs if test.name not in others), costs[0])

    def place(self, test: TestResult) -> str:
        """Return where in a test program a test went wrong."""
        path = f"{self.programs}test-{test.name}.c"
        return printable(f"{path}:{test.line}" if test.line else path)

    def pointers(self) -> Mapping[str, str]:
        """Return for each test that is explained the numbers of the mistakes that fail it."""
        numbers: dict[str, list[str]] = {}
        for number, cause in enumerate(self.diagnosis.causes, 1):
            for name in cause.tests:
                numbers.setdefault(name, []).append(str(number))
        return {
            name: tr(("mistake " if len(found) == 1 else "mistakes ") + ", ".join(found))
            for name, found in numbers.items()
            if name in self.diagnosis.explained
        }

    # ---- Values -------------------------------------------------------------------------------

    def as_values(self) -> list[dict[str, Any]]:
        """Return the mistakes as values for JSON, the one that explains most first."""
        return [self._values(cause) for cause in self.diagnosis.causes]

    def _values(self, cause: Cause) -> dict[str, Any]:
        costs = self._costs(cause)
        values: dict[str, Any] = {
            "name": cause.names[0],
            "sentence": cause.sentences[0],
            "rule": cause.rules[0],
            "points": _lost(costs),
            "tests": [test.name for test in costs],
            "place": self.place(self._first(cause, costs)) if costs else "",
        }
        if len(cause.names) > 1:
            values["alternatives"] = [
                {"name": name, "sentence": sentence, "rule": rule}
                for name, sentence, rule in zip(cause.names, cause.sentences, cause.rules)
            ][1:]
        return values

    def observed_as_values(self) -> list[dict[str, Any]]:
        """Return what is certain about the other tests as values for JSON."""
        return [
            {"sentence": each.sentence, "rule": each.rule, "tests": list(each.tests)}
            for each in self.diagnosis.observed
        ]


def _cost(tests: Sequence[TestResult]) -> str:
    """Return how many tests these are, and their points."""
    extra = sum(test.extra for test in tests)
    kinds = [_counted(len(tests) - extra, "test")] if extra < len(tests) else []
    if extra:
        kinds.append(_counted(extra, "extra test"))
    return f"{' and '.join(kinds)}, {_counted(_lost(tests), 'point')}"


def _lost(tests: Sequence[TestResult]) -> int:
    return sum(test.max_points - test.points for test in tests)


def _all(number: int, noun: str) -> str:
    match number:
        case 1:
            return f"the {noun}"
        case 2:
            return f"both {noun}s"
    return f"all {number} {noun}s"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
