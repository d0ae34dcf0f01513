"""The reports of a class as Moodle takes feedback files: an archive with a folder for each student.

Moodle knows a student's folder by the number in its name, as in the folders of the submissions that
it hands out: ``Full Name_123_assignsubmission_file_``.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from harness.course.feedback import hidden_now
from harness.course.settings import Course
from harness.course.table import Row, Table
from harness.errors import UserError
from harness.grading.regrading import RESULTS, read_results
from harness.reports.folder_names import submission_folders
from harness.text import printable

_SUBMISSION = re.compile(r"[^_]*_(\d+)_assignsubmission_")
_REPORTS = ("report.html", "report.txt")
_FORBIDDEN = re.compile(r'[\\/:*?"<>|_]')
"""What Moodle leaves out of names, and the sign that ends a name there."""


def participants(table: Table) -> Iterator[tuple[Row, str]]:
    """Yield each row with Moodle's number of the student: from the roster, or the name of the
    submission unless others share that; empty if neither tells."""
    shared = Counter(row.submission.name for row in table.rows if row.submission)
    for row in table.rows:
        number = row.student.participant
        if not number and row.submission and shared[row.submission.name] == 1:
            named = _SUBMISSION.match(row.submission.name)
            number = named[1] if named else ""
        yield row, number


def feedback_files(table: Table, course: Course) -> bytes:
    """Return an archive with the reports of all whose submission has a grade and whose number is
    known. Raises `UserError` and `OSError`."""
    folders = submission_folders(course.results, read_results(course.results / RESULTS))
    hidden = hidden_now(course)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for row, number in participants(table):
            if not number or row.submission is None or row.grade is None or row.grade.skipped:
                continue
            folder = folders[row.submission.name]
            _require_nothing_hidden(folder, hidden)
            name = _FORBIDDEN.sub(" ", printable(row.student.name))
            for report in _REPORTS:
                content = (folder / report).read_bytes()
                # The same reports give the same archive: no entry has a time.
                entry = zipfile.ZipInfo(f"{name}_{number}_assignsubmission_file_/{report}")
                entry.external_attr = 0o644 << 16
                file.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _require_nothing_hidden(folder: Path, hidden: Collection[str]) -> None:
    """Raise an error if a report was written without regard to what the course hides."""
    path = folder / RESULTS
    try:
        tests = {str(test["name"]) for test in json.loads(path.read_text("utf-8"))["tests"]}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: expected a student's results, found {error}") from error
    if shown := tests.intersection(hidden):
        raise UserError(
            f"{folder}: expected no test that students may not see, found {min(shown)}",
            "run grade again with --course",
        )
