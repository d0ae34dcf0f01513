"""The table of a course as headings and cells, for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from harness.course.joining import shown
from harness.course.table import Row, Table
from harness.results.verdict import Outcome

Cell = str | int | Decimal | None
"""What a cell holds; None if it is empty. A text is never a formula."""

_BEFORE = (
    *("id", "name", "e-mail", "group", "submission", "not counted"),
    *("submitted", "time from", "due", "status"),
)
_AFTER = (
    *("tests", "style", "points", "days late", "late days used", "penalty", "override", "total"),
    *("reason", "comment", "mistakes", "flags"),
)
TEST, _RULE = "test: ", "rule: "


def headings(table: Table) -> list[str]:
    """Return the headings of all columns. A test has its points, an extra one 1 or 0, and a rule
    the percentage of its tests that were passed."""
    tests = [f"{TEST}{name}" for name in table.tests]
    return [*_BEFORE, *tests, *(f"{_RULE}{name} %" for name in table.rules), *_AFTER]


def cells(row: Row, table: Table) -> list[Cell]:
    """Return the cells of a row, as many as there are headings."""
    return [*_before(row), *_tests(row, table), *_rules(row, table), *_after(row)]


def _before(row: Row) -> Iterator[Cell]:
    student, submission, late = row.student, row.submission, row.late
    yield from (student.id, student.name, student.email, student.group)
    yield submission.name if submission else None
    yield "; ".join(f"{each.submission.name} ({each.reason})" for each in row.ignored) or None
    yield shown(submission.time) if submission else None
    yield submission.time_from if submission else None
    yield shown(late.due) if late.due else None
    yield row.status


def _tests(row: Row, table: Table) -> Iterator[Cell]:
    tests = {test.name: test for test in row.grade.tests} if row.grade else {}
    for name in table.tests:
        test = tests.get(name)
        if test is None or not _has_points(row):
            yield None
        elif test.extra:  # passed or not
            yield int(test.outcome is Outcome.PASSED)
        else:
            yield test.points


def _rules(row: Row, table: Table) -> Iterator[Cell]:
    for name in table.rules:
        yield row.rules[name].percent if name in row.rules and _has_points(row) else None


def _after(row: Row) -> Iterator[Cell]:
    grade, late, student = row.grade, row.late, row.student
    yield grade.test_points if grade and _has_points(row) else None
    yield grade.style.points if grade and _has_points(row) else None
    yield row.points
    yield late.days
    yield late.free
    yield late.penalty
    yield student.override
    yield row.total
    yield student.reason or (grade.reason if grade else None)
    yield student.comment
    yield "; ".join(" or ".join(c.names) for c in grade.diagnosis.causes) if grade else None
    yield "; ".join(grade.flags) if grade else None


def _has_points(row: Row) -> bool:
    return row.grade is not None and not row.grade.skipped
