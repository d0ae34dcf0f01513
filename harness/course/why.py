"""Why a student has the total that the table gives: every number of the row, explained."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches

from harness.course.exports import plain
from harness.course.joining import shown
from harness.course.settings import Course
from harness.course.table import Row, Table
from harness.errors import UserError
from harness.grading.rules import load_rules
from harness.reports.page import Page
from harness.results.grade import Grade
from harness.results.verdict import Outcome
from harness.text import printable


def find_row(table: Table, name: str) -> Row:
    """Return the row of the student with an id, an e-mail address or a name. Raises `UserError`."""

    def key(text: str) -> str:
        return unicodedata.normalize("NFKC", text).casefold()

    for told in ("id", "email", "login", "name"):
        found = [row for row in table.rows if key(getattr(row.student, told)) == key(name)]
        if len(found) > 1:
            ids = ", ".join(row.student.id for row in found)
            raise UserError(f"{len(found)} students are called {name!r}: {ids}", "name the id")
        if found:
            return found[0]
    known = [text for row in table.rows for text in (row.student.id, row.student.name)]
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "name an id, an e-mail address or a name"
    raise UserError(f"no student of the roster is called {name!r}", hint)


def explain_row(page: Page, row: Row, course: Course) -> None:
    """Write the page of a row: each number, and what it comes from."""
    student = row.student
    known = (student.id, student.email, student.group and f"group {student.group}")
    page.heading(printable(f"{student.name} ({', '.join(filter(None, known))})"))
    page.table([(name, printable(text)) for name, text in _submission(row)])
    page.heading("Points")
    page.table([(name, printable(text)) for name, text in _points(row, course)])
    if row.grade is not None and not row.grade.skipped:
        page.heading("Tests")
        page.table(list(_tests(row.grade)))
        page.heading("Rules")
        page.table(list(_rules(row)))


def _submission(row: Row) -> Iterator[tuple[str, str]]:
    late = row.late
    if row.submission is None:
        yield "submission", "none that counts"
    else:
        others = len(row.ignored)
        latest = f", the latest that counts of {others + 1}" if others else ""
        yield "submission", f"{row.submission.name}{latest}"
        yield "submitted", f"{shown(row.submission.time)}, from {row.submission.time_from}"
    for each in row.ignored:
        where = f"{each.submission.name}, {shown(each.submission.time)}"
        yield "not counted", f"{where}: {each.reason}"
    if late.due is not None:
        longer = ", with the student's extension" if row.student.extension else ""
        yield "due", f"{shown(late.due)}{longer}"
    if late.closes is not None:
        yield "closes", shown(late.closes)
    reason = f": {row.grade.reason}" if row.grade is not None and row.grade.reason else ""
    yield "status", f"{row.status}{reason}"


def _points(row: Row, course: Course) -> Iterator[tuple[str, str]]:
    grade = row.grade
    if grade is not None and not grade.skipped:
        passed = grade.passed()
        of = sum(not test.extra for test in grade.tests)
        yield "tests", f"{grade.test_points} of {grade.max_test_points}: {passed} of {of} passed"
        yield "style", _style(grade, course)
    if row.points is None:
        yield "points", "none yet"
    elif grade is None:
        yield "points", "0: nothing was handed in that counts"
    else:
        parts = f"{grade.test_points} for tests + {grade.style.points} for style"
        yield "points", f"{row.points} = {parts}"
    yield "days late", _days(row)
    yield "penalty", _penalty(row, course)
    if row.student.override is not None:
        yield "override", f"{plain(row.student.override)}: {row.student.reason}"
    yield "total", _total(row)
    if row.student.comment:
        yield "comment", row.student.comment


def _style(grade: Grade, course: Course) -> str:
    style = grade.style
    told = f"{style.points} of {style.max_points}"
    if style.note or not style.max_points:
        return f"{told}: {style.note or 'it is worth nothing'}"
    bands = load_rules(course.suite).style.bands
    band = next((most for most, _ in bands if len(style.findings) <= most), None)
    up_to = "more than any band allows" if band is None else f"as for up to {band}"
    return f"{told}: {len(style.findings)} findings, {up_to}"


def _days(row: Row) -> str:
    late = row.late
    if late.due is None:
        return "0: there is no deadline for the student's group"
    used = f"{late.free} of the student's {row.student.late_days} late days used"
    return (
        f"{late.days}: {used}, {late.days - late.free} cost points" if late.days else f"0: {used}"
    )


def _penalty(row: Row, course: Course) -> str:
    rules, late = course.late, row.late
    days = late.days - late.free
    if not days:
        return "0"
    unit = "points" if rules.unit == "points" else "% of the points"
    most = f", at most {plain(rules.most)}" if rules.most is not None else ""
    return f"{plain(late.penalty)}: {days} days at {plain(rules.per_day)} {unit} each{most}"


def _total(row: Row) -> str:
    if row.total is None:
        return "none yet"
    if row.student.override is not None:
        return f"{plain(row.total)}: the override counts"
    return f"{plain(row.total)} = {row.points} points - {plain(row.late.penalty)} penalty"


def _tests(grade: Grade) -> Iterator[tuple[str, str]]:
    for test in grade.tests:
        of = "extra, no points" if test.extra else f"{test.points} of {test.max_points}"
        why = "" if test.outcome is Outcome.PASSED else f": {test.reason}"
        yield printable(test.name), printable(f"{of}, {test.outcome}{why}")


def _rules(row: Row) -> Iterator[tuple[str, str]]:
    for name, rule in row.rules.items():
        of = len(rule.passed) + len(rule.failed)
        failed = f"; failed: {', '.join(rule.failed)}" if rule.failed else ""
        yield name, f"{rule.percent} %: {len(rule.passed)} of {of} tests passed{failed}"
