"""What the students of a course see of their grades: visible tests, hints, their language."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from harness.course.hints import with_hints
from harness.course.roster import read_roster
from harness.course.settings import Course
from harness.course.translation import translations
from harness.course.visibility import all_due, for_student, hidden_tests
from harness.reports.audience import Audience
from harness.results.grade import Graded


def audience_of(course: Course) -> Audience:
    """Return what students see at this time. Raises `UserError` and `OSError`."""
    students = read_roster(course.roster, course.zone)
    after_due = all_due(students, course.deadlines, datetime.now(timezone.utc))
    hidden = hidden_tests(course.suite, course.shows, after_due)

    def view(graded: Graded) -> Graded:
        hinted = with_hints(graded.grade, course.hints, course.suite)
        return for_student(replace(graded, grade=hinted), hidden)

    return Audience(view, translations(course.locale), course.locale)
