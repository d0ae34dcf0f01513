"""Grades as files: a table, a document for programs, and a folder for each student.

    FOLDER/gradebook.csv                                a line for each submission
    FOLDER/results.json                                 everything but the traces
    FOLDER/submissions/NAME/report.txt                  for the student
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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from harness.reports import student
from harness.reports.formats import Format
from harness.results.grade import Graded, TestResult
from harness.text import printable, printable_lines

_COLUMNS = (
    "submission",
    "points",
    "tests",
    "extra",
    "style",
    "total",
    "status",
    "reason",
    "flags",
)
"""``points`` are those for tests, ``tests`` and ``extra`` the numbers of passed ones, ``total`` all
points. A submission that was skipped has none of these numbers."""
_FORMULA = ("=", "+", "-", "@", "\N{MINUS SIGN}")
"""The signs that a formula begins with; `unicodedata` turns wide and small ones into these."""
_HIDDEN_FORMULA = re.compile(r";(?=\s*[=+\-@\N{MINUS SIGN}\uff0b\uff0d\uff1d\uff20])")
"""Where a formula begins if a spreadsheet takes semicolons for the ends of cells."""
_NAME_BYTES = 200
"""The length of a folder's name; file systems allow 255."""


@contextmanager
def _whole(path: Path) -> Iterator[IO[str]]:
    """Open a file for writing that replaces the old one once it is complete."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    with _whole(path) as file:
        file.write(text)


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


# ---- Contents ------------------------------------------------------------------------------------


def _cell(text: str) -> str:
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
        _cell(graded.submission),
        *(("",) * len(numbers) if grade.skipped else numbers),
        grade.status.value,
        _cell(grade.reason),
        _cell("; ".join(graded.flags)),
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
    content: dict[str, Any] = {
        "submission": graded.submission,
        "points": None if grade.skipped else grade.points,
        "max_points": grade.max_points,
        **asdict(grade),
        "flags": graded.flags,
    }
    for test in content["tests"]:
        del test["trace"]
    cleaned: dict[str, Any] = _all_printable(content)
    return cleaned


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


def _write_submission(folder: Path, graded: Graded, content: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write_traces(folder / "traces", graded.grade.tests)
    report = student.render(graded)
    if any(test.trace for test in graded.grade.tests):
        report += "\nThe traces of the tests are in traces/.\n"
    _write(folder / "report.txt", report)
    _write(folder / "results.json", json.dumps(content, indent=2) + "\n")


def write_gradebook(
    folder: Path, graded: Iterable[Graded], formats: Mapping[str, Format] | None = None
) -> None:
    """Write all files, and each grade in further formats, over those that are there. The grades are
    sorted by name, and only one is in memory at a time. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    used: set[str] = set()
    with _whole(folder / "gradebook.csv") as table, _whole(folder / "results.json") as results:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(_COLUMNS)
        separator = "[\n"
        for each in graded:
            writer.writerow(_row(each))
            content = _content(each)
            results.write(separator + json.dumps(content, indent=1))
            separator = ",\n"
            del content["flags"]
            name = _unused_name(each.submission, used)
            _write_submission(folder / "submissions" / name, each, content)
            for format_name, form in (formats or {}).items():
                place = folder / "submissions" / name / format_name
                place.mkdir(exist_ok=True)
                if each.grade.skipped:
                    # Other programs know no way to say that there is no grade yet.
                    (place / form.file_name).unlink(missing_ok=True)
                else:
                    _write(place / form.file_name, form.render(each))
        results.write("\n]\n" if used else "[]\n")
