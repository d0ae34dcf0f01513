"""The suites of students who have numbers of their own, as ``variant --per-student`` makes them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.course.joining import owners_of
from harness.course.settings import Course
from harness.errors import UserError
from harness.grading.batch import list_folder
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
    suites: Mapping[str, Suite], submissions: Path, course: Course | None
) -> dict[str, Suite]:
    """Return the suite of each submission: that of the student whom a course knows as its author,
    or whose name it begins with. Raises `UserError` and `OSError`."""
    names = [submission.name for submission in list_folder(submissions).submissions]
    owners = owners_of(course) if course else {name: _named(name, suites) for name in names}
    return {
        name: suites[owner]
        for name in names
        for owner in [student for student in owners.get(name, ()) if student in suites][:1]
    }


def _named(submission: str, students: Iterable[str]) -> list[str]:
    """Return the students whose name a submission has, but for its suffix: the longest first."""
    found = [each for each in students if f"{submission}.".startswith(f"{each}.")]
    return sorted(found, key=len, reverse=True)
