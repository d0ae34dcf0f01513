"""Which tests students see: always, after the last deadline, or never.

What is hidden is taken out of the grade itself, so that no report can show it. Its points stay, in
one sum, so that a platform still gets the whole grade.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from harness.course.deadlines import Deadline, closes_for, deadline_of, due_for
from harness.course.roster import Student, utc
from harness.grading.style import was_unearned
from harness.reports.audience import tr
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.grade import Grade, Graded, Origin, Status, TestResult, first_failure
from harness.results.verdict import Outcome
from harness.suite import Suite, SuiteError, check_keys, list_of

HIDDEN = "hidden-tests"
"""The name of the test that stands for all that are hidden."""


class When(StrEnum):
    """When students see a test."""

    ALWAYS = "always"
    AFTER_DUE = "after-due"
    STAFF = "staff"
    """Never: it is for the teachers."""


@dataclass(frozen=True, slots=True)
class Show:
    """When students see some tests."""

    tests: tuple[str, ...]
    """Names, or patterns."""
    when: When


def read_shows(path: Path, tables: object, suite: Suite) -> tuple[Show, ...]:
    """Read ``[[show]]``. Raises `SuiteError`."""
    if not isinstance(tables, list):
        raise SuiteError(f"{path}: show: expected [[show]], found {tables!r}")
    return tuple(_read_show(path, table, suite) for table in tables)


def _read_show(path: Path, table: object, suite: Suite) -> Show:
    values = check_keys(path, "show", table, ("tests", "when"))
    tests, when = list_of("names", path, "show", values, "tests"), values.get("when")
    known = [test.name for test in suite.tests]
    for pattern in tests:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise SuiteError(f"{path}: show: tests: no test is named {pattern!r}")
    if when not in list(When):
        raise SuiteError(f"{path}: show: when: expected {', '.join(When)}, found {when!r}")
    return Show(tuple(tests), When(when))


def hidden_tests(suite: Suite, shows: Sequence[Show], after_due: bool) -> frozenset[str]:
    """Return the tests that students don't see; the first ``[[show]]`` with a test counts."""
    return frozenset(
        test.name for test in suite.tests if not _is_shown(test.name, shows, after_due)
    )


def _is_shown(name: str, shows: Sequence[Show], after_due: bool) -> bool:
    matching = (show for show in shows if any(fnmatchcase(name, each) for each in show.tests))
    when = next((show.when for show in matching), When.ALWAYS)
    return when is When.ALWAYS or when is When.AFTER_DUE and after_due


def all_due(students: Iterable[Student], deadlines: tuple[Deadline, ...], now: datetime) -> bool:
    """Whether nobody can hand in anything in time any more, with all extensions."""
    ends = []
    for student in students:
        if deadline := deadline_of(student, deadlines):
            ends.append(closes_for(student, deadline) or due_for(student, deadline))
    return bool(ends) and max(map(utc, ends)) < now


def for_student(graded: Graded, hidden: Collection[str]) -> Graded:
    """Return a grade without what only teachers may see."""
    grade = replace(graded.grade, flags=(), origin=Origin())
    if not any(test.name in hidden for test in grade.tests):
        return Graded(graded.submission, grade)
    tests = (*(test for test in grade.tests if test.name not in hidden), *_sum(grade, hidden))
    style = grade.style
    if was_unearned(style):  # else it would tell the points for tests
        style = replace(style, note=style.note.partition(", found")[0])
    reason = first_failure(tests) if grade.status is Status.GRADED else grade.reason
    diagnosis = _diagnosis(grade.diagnosis, hidden)
    grade = replace(grade, tests=tests, style=style, reason=reason, diagnosis=diagnosis)
    return Graded(graded.submission, grade)


def _sum(grade: Grade, hidden: Collection[str]) -> Iterable[TestResult]:
    """Yield a test that has the points of all hidden ones, if they have any."""
    tests = [test for test in grade.tests if test.name in hidden]
    most = sum(test.max_points for test in tests)
    points = sum(test.points for test in tests)
    if most:
        outcome = Outcome.PASSED if points == most else Outcome.DIFFERS
        if grade.status is not Status.GRADED:
            outcome = tests[0].outcome
        reason = "" if points == most else tr("tests that are not shown")
        yield TestResult(HIDDEN, outcome, points, most, reason, "", "")


def _diagnosis(diagnosis: Diagnosis, hidden: Collection[str]) -> Diagnosis:
    """Return what visible tests tell of a diagnosis."""

    def visible(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name not in hidden)

    def seen(cause: Cause) -> bool:
        return not cause.tests or bool(visible(cause.tests))

    causes = tuple(replace(c, tests=visible(c.tests)) for c in diagnosis.causes if seen(c))
    names = {name for cause in causes for name in cause.names}
    observed = (replace(each, tests=visible(each.tests)) for each in diagnosis.observed)
    return replace(
        diagnosis,
        causes=causes,
        given=tuple(name for name in diagnosis.given if name in names),
        explained=visible(diagnosis.explained),
        unexplained=visible(diagnosis.unexplained),
        observed=tuple(each for each in observed if each.tests),
    )
