"""Grades as files: a table, a document for programs, and a folder for each student.

    FOLDER/gradebook.csv                                a line for each submission
    FOLDER/results.json                                 everything but the traces
    FOLDER/index.html                                   the same for a browser
    FOLDER/submissions/NAME/                            for the student: see `student_folder`

The same grades give the same files, byte for byte. A file is either whole or missing.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.reports.audience import Audience
from harness.reports.folder_names import SUBMISSIONS, unused_name
from harness.reports.formats import Format
from harness.reports.grade_values import grade_values
from harness.reports.html_grades import GradePages
from harness.reports.student_folder import StudentFolders
from harness.results.grade import Graded
from harness.text import printable
from harness.whole_file import remove_unfinished, whole_file, write_whole

_TABLE = "gradebook.csv"
_RESULTS = "results.json"
_INDEX = "index.html"
_COLUMNS = (
    "submission",
    "points",
    "tests",
    "extra",
    "style",
    "total",
    "status",
    "reason",
    "mistakes",
    "flags",
)
"""``points`` are those for tests, ``tests`` and ``extra`` the numbers of passed ones, ``total`` all
points. A submission that was skipped has none of these numbers. ``mistakes`` are the names of those
that explain failed tests."""
_FORMULA = ("=", "+", "-", "@", "\N{MINUS SIGN}")
"""The signs that a formula begins with; `unicodedata` turns wide and small ones into these."""
_HIDDEN_FORMULA = re.compile(r";(?=\s*[=+\-@\N{MINUS SIGN}\uff0b\uff0d\uff1d\uff20])")
"""Where a formula begins if a spreadsheet takes semicolons for the ends of cells."""


# ---- Contents ------------------------------------------------------------------------------------


def guarded(text: str) -> str:
    """Return the text in a form that no spreadsheet takes for a formula, even if it drops blanks or
    takes semicolons for the ends of cells."""
    beginning = unicodedata.normalize("NFKC", text[:1])
    dangerous = beginning.startswith(_FORMULA) or beginning != "" and not _is_visible(beginning)
    return ("'" if dangerous else "") + _HIDDEN_FORMULA.sub(";'", printable(text))


def _is_visible(text: str) -> bool:
    return text.isprintable() and not text.isspace()


def _row(graded: Graded) -> tuple[str | int, ...]:
    grade = graded.grade
    numbers: tuple[str | int, ...] = (
        grade.test_points,
        grade.passed(),
        grade.passed(extra=True),
        grade.style.points,
        grade.points,
    )
    return (
        guarded(graded.submission),
        *(("",) * len(numbers) if grade.skipped else numbers),
        grade.status.value,
        guarded(grade.reason),
        guarded("; ".join(" or ".join(cause.names) for cause in grade.diagnosis.causes)),
        guarded("; ".join(graded.flags)),
    )


def write_gradebook(
    folder: Path,
    graded: Iterable[Graded],
    formats: Mapping[str, Format] | None = None,
    pages: GradePages | None = None,
    audience: Audience = Audience(),
) -> None:
    """Write all files, each grade in further formats, and pages for a browser, over those that are
    there; a page that is there already is left as it is. The files for students have what the
    audience sees. The grades are sorted by name, and only one is in memory at a time. Raises
    `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    folders = StudentFolders(folder, formats or {}, pages, audience)
    used: set[str] = set()
    remove_unfinished(folder, _TABLE, _RESULTS, _INDEX)
    with whole_file(folder / _TABLE) as table, whole_file(folder / _RESULTS) as results:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(_COLUMNS)
        separator = "[\n"
        for each in graded:
            writer.writerow(_row(each))
            results.write(separator + json.dumps(grade_values(each), indent=1))
            separator = ",\n"
            name = unused_name(each.submission, used)
            if pages is not None:
                pages.enter(each, f"{SUBMISSIONS}/{name}")
            folders.write(name, each)
        results.write("\n]\n" if used else "[]\n")
    if pages is not None:
        write_whole(folder / _INDEX, pages.index())
