"""The suites of students who have numbers of their own, as ``variant --per-student`` makes them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from harness.course.joining import owners_of
from harness.course.settings import Course
from harness.errors import UserError
from harness.suite import Suite, load_suite, suite_files

_STUDENTS = "students.csv"
_SUITE = "suite.toml"


def read_own_suites(folder: Path) -> dict[str, Suite]:
    """Return the suites in a folder of variants, by the names of students. Raises `UserError`."""
    path = folder / _STUDENTS
    try:
        with path.open(encoding="utf-8", newline="") as file:
            students = [row["student"] for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise UserError(
            f"{path}: expected a column 'student', found none: {error}",
            "name a folder that ./checker.py variant --per-student has made",
        ) from error
    if not students:
        raise UserError(f"{path}: expected students, found none")
    return {student: load_suite(folder / student / _SUITE) for student in students}


def base_of(suites: Mapping[str, Suite]) -> Path:
    """Return the suite that those of students extend. Raises `UserError`."""
    return suite_files(next(iter(suites.values())).path)[1]


def by_submission(
    suites: Mapping[str, Suite], course: Course | None
) -> Callable[[str], Suite | None]:
    """Return what finds the suite of a submission: that of the student whom a course knows as its
    author, or whose name it begins with."""
    authors = _Authors(course) if course else None

    def suite_of(submission: str) -> Suite | None:
        found = authors.of(submission) if authors else _named(submission, suites)
        return next((suites[each] for each in found if each in suites), None)

    return suite_of


class _Authors:
    """The students who have handed in submissions, also of those that arrive later."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._known: dict[str, list[str]] = {}

    def of(self, submission: str) -> list[str]:
        """Return the ids of students. Raises `UserError` and `OSError`."""
        if submission not in self._known:
            self._known |= owners_of(self._course)
        return self._known.setdefault(submission, [])


def _named(submission: str, students: Iterable[str]) -> list[str]:
    """Return the students whose name a submission has, but for its suffix: the longest first."""
    found = [each for each in students if f"{submission}.".startswith(f"{each}.")]
    return sorted(found, key=len, reverse=True)
