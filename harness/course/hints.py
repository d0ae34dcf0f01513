"""Hints of a course's teachers, for tests, rules and known mistakes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import zip_longest
from pathlib import Path

from harness.diagnosis.table import MISTAKES
from harness.results.diagnosis import Cause
from harness.results.grade import Grade, TestResult
from harness.results.verdict import Outcome
from harness.specification.mistakes import read_mistakes
from harness.specification.rules import RULES
from harness.suite import Suite, SuiteError, check_keys


@dataclass(frozen=True, slots=True)
class Hints:
    """Texts for students, by the names of what they are about."""

    tests: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    mistakes: Mapping[str, str] = field(default_factory=dict)


def read_hints(path: Path, table: object, suite: Suite) -> Hints:
    """Read ``[hints]``. Raises `SuiteError`."""
    values = check_keys(path, "hints", table, ("tests", "rules", "mistakes"))
    if not values:
        return Hints()
    known: dict[str, Collection[str]] = {
        "tests": [test.name for test in suite.tests],
        "rules": RULES,
        "mistakes": [mistake.name for mistake in read_mistakes(MISTAKES)],
    }
    return Hints(**{key: _texts(path, key, texts, known[key]) for key, texts in values.items()})


def _texts(path: Path, key: str, texts: object, known: Collection[str]) -> Mapping[str, str]:
    if not isinstance(texts, dict):
        raise SuiteError(f"{path}: hints: {key}: expected a table, found {texts!r}")
    for name, text in texts.items():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see ./checker.py list"
            raise SuiteError(f"{path}: hints: {key}: none is named {name!r}", hint)
        if not isinstance(text, str):
            raise SuiteError(f"{path}: hints: {key}: {name}: expected a text, found {text!r}")
    return texts


def with_hints(grade: Grade, hints: Hints, suite: Suite) -> Grade:
    """Return a grade whose failed tests and mistakes come with the hints for them. A test that no
    mistake explains has those for the rules that it judges."""
    rules = {test.name: test.rules for test in suite.tests if test.rules != frozenset(RULES)}
    explained = grade.diagnosis.explained

    def hinted(test: TestResult) -> TestResult:
        if test.outcome is Outcome.PASSED:
            return test
        judged = () if test.name in explained else rules.get(test.name, ())
        found = (hints.tests.get(test.name), *(hints.rules.get(r) for r in RULES if r in judged))
        return replace(test, advice="\n".join(_with(test.advice, found)))

    def told(cause: Cause) -> Cause:
        looks = zip_longest(cause.names, cause.rules, cause.looks)
        return replace(cause, looks=tuple(_look(name, rule, look) for name, rule, look in looks))

    def _look(name: str, rule: str, look: str | None) -> str:
        found = (hints.mistakes.get(name), hints.rules.get(rule))
        return " ".join(_with(look or RULES[rule].look, found))

    diagnosis = replace(grade.diagnosis, causes=tuple(map(told, grade.diagnosis.causes)))
    return replace(grade, tests=tuple(map(hinted, grade.tests)), diagnosis=diagnosis)


def _with(text: str, hints: Iterable[str | None]) -> list[str]:
    """Return a text and the hints that there are."""
    return [*filter(None, (text, *hints))]
