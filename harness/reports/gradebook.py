"""Grades as files: a table, a document for programs, and a folder for each student.

    FOLDER/gradebook.csv                                a line for each submission
    FOLDER/results.json                                 everything but the traces
    FOLDER/index.html                                   the same for a browser
    FOLDER/submissions/NAME/report.txt                  for the student
    FOLDER/submissions/NAME/report.html                 the same for a browser
    FOLDER/submissions/NAME/results.json                the same for programs
    FOLDER/submissions/NAME/traces/test-TEST.trace      the traces of the tests
    FOLDER/submissions/NAME/FORMAT/...                  for other programs

A submission's folder can be handed out as it is: nothing in it is for the teacher alone. The same
grades give the same files, byte for byte. A file is either whole or missing.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.reports import student
from harness.reports.audience import Audience, tr
from harness.reports.diagnosis import Told
from harness.reports.formats import Format
from harness.reports.html_grades import REPORT, GradePages
from harness.results.grade import Graded, TestResult
from harness.text import printable, printable_lines
from harness.whole_file import whole_file, write_whole

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
_SUBMISSIONS = "submissions"
_FORMULA = ("=", "+", "-", "@", "\N{MINUS SIGN}")
"""The signs that a formula begins with; `unicodedata` turns wide and small ones into these."""
_HIDDEN_FORMULA = re.compile(r";(?=\s*[=+\-@\N{MINUS SIGN}\uff0b\uff0d\uff1d\uff20])")
"""Where a formula begins if a spreadsheet takes semicolons for the ends of cells."""
_NAME_BYTES = 200
"""The length of a folder's name; file systems allow 255."""


# ---- Names ---------------------------------------------------------------------------------------


def _safe_name(name: str) -> str:
    """Return a similar name that is safe for a folder on any system, and never a way out."""
    letters = (c if c.isalnum() or c in " ._-+@()" else "_" for c in _composed(name))
    cut = "".join(letters).lstrip(" .-").encode()[:_NAME_BYTES].decode(errors="ignore")
    return cut.rstrip(" .") or "submission"


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _key(name: str) -> str:
    """Return a key that is equal for names that some file system takes for the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def _unused_name(name: str, used: set[str]) -> str:
    """Return the safe name, with a number if an earlier submission has it already."""
    safe = unused = _safe_name(name)
    number = 1
    while _key(unused) in used:
        number += 1
        unused = f"{safe}-{number}"
    used.add(_key(unused))
    return unused


def submission_folders(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the folder of each submission in a folder of results; the names are all that are in
    the gradebook, in its order."""
    used: set[str] = set()
    return {name: folder / _SUBMISSIONS / _unused_name(name, used) for name in names}


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


def _all_printable(value: Any) -> Any:
    match value:
        case str():
            return "\n".join(printable_lines(value))
        case list() | tuple():
            return [_all_printable(item) for item in value]
        case dict():
            return {key: _all_printable(item) for key, item in value.items()}
    return value


def _content(graded: Graded) -> dict[str, Any]:
    """Return the whole grade, except the traces."""
    grade = graded.grade
    told = Told(grade.diagnosis, grade.tests)
    content: dict[str, Any] = {
        "submission": graded.submission,
        "points": None if grade.skipped else grade.points,
        "max_points": grade.max_points,
        **asdict(grade),
        "flags": graded.flags,
        "diagnosis": told.as_values(),
        "observed": told.observed_as_values(),
    }
    for test in content["tests"]:
        del test["trace"], test["lines"]
    cleaned: dict[str, Any] = _all_printable(content)
    return cleaned


def _write(path: Path, content: str) -> None:
    """Write a file, unless it has this content already: reading it takes a fraction of the time."""
    if not (path.is_file() and path.read_bytes() == content.encode()):
        write_whole(path, content)


def _write_traces(folder: Path, tests: tuple[TestResult, ...]) -> None:
    if any(test.trace for test in tests):
        folder.mkdir(exist_ok=True)
    written = set()
    for test in tests:
        if test.trace:
            path = folder / f"test-{_safe_name(test.name)}.trace"
            _write(path, "".join(f"{printable(line)}\n" for line in test.trace.splitlines()))
            written.add(path)
    for path in set(folder.glob("*.trace")) - written:
        path.unlink()  # it is an earlier grade's


def _write_submission(
    folder: Path, graded: Graded, formats: Mapping[str, Format], pages: GradePages | None
) -> None:
    """Write the folder of a submission, with all that its students see."""
    folder.mkdir(parents=True, exist_ok=True)
    content = _content(graded)
    del content["flags"], content["origin"]
    _write_traces(folder / "traces", graded.grade.tests)
    report = student.render(graded)
    if any(test.trace for test in graded.grade.tests):
        report += f"\n{tr('The traces of the tests are in traces/.')}\n"
    _write(folder / "report.txt", report)
    _write(folder / "results.json", json.dumps(content, indent=2) + "\n")
    if pages is not None and not pages.is_current(folder / REPORT, graded):
        write_whole(folder / REPORT, pages.render(graded))
    for name, form in formats.items():
        place = folder / name
        place.mkdir(exist_ok=True)
        if graded.grade.skipped:
            # Other programs know no way to say that there is no grade yet.
            (place / form.file_name).unlink(missing_ok=True)
        else:
            _write(place / form.file_name, form.render(graded))


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
    used: set[str] = set()
    with whole_file(folder / "gradebook.csv") as table, whole_file(
        folder / "results.json"
    ) as results:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(_COLUMNS)
        separator = "[\n"
        for each in graded:
            writer.writerow(_row(each))
            results.write(separator + json.dumps(_content(each), indent=1))
            separator = ",\n"
            name = _unused_name(each.submission, used)
            if pages is not None:
                pages.enter(each, f"{_SUBMISSIONS}/{name}")
            with audience.listening():
                seen = audience.view(each)
                _write_submission(folder / _SUBMISSIONS / name, seen, formats or {}, pages)
        results.write("\n]\n" if used else "[]\n")
    if pages is not None:
        write_whole(folder / "index.html", pages.index())
