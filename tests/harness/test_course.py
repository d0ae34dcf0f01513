"""A course from the first submission to the last mail about a grade."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from command import assert_could_not_run, checker
from courses import ATTACHED, DUE_A, HINT, LONG_AGO, Class, hours
from harness.course.columns import headings
from harness.course.exports import EXPORTS
from harness.course.settings import Course, load_course
from harness.course.table import Table, make_table
from harness.course.why import explain_row, find_row
from harness.reports.page import Page

FULL, NO_ZERO, BUILT_NOT = 13, 8, 0
"""The points of the sources in `courses`."""


pytestmark = pytest.mark.xdist_group("course")


@pytest.fixture(scope="module")
def course() -> Iterator[Class]:
    """A course of thirty, where the users of sandboxes can pass."""
    with tempfile.TemporaryDirectory(prefix="osmem-course-") as name:
        Path(name).chmod(0o755)
        yield _hand_in(Class(Path(name)))


def _hand_in(course: Class) -> Class:
    on_time = [n for n in range(30) if n not in (2, 5, 6, 8, 28, 29)]
    for number in on_time:
        course.hand_in(number, ("right", "wrong", "broken")[number % 3], LONG_AGO)
    course.hand_in(0, "zero", DUE_A + hours(30), participant=777)  # once more, two days late
    course.hand_in(11, "untouched", LONG_AGO)
    course.hand_in(2, "right", DUE_A + hours(30))
    course.change(2, late_days="1")
    course.change(3, override="12.5", reason="was ill", comment="=get well")
    course.hand_in(4, "right", DUE_A + hours(24 * 30), participant=778)  # it is closed by then
    course.hand_in(6, "right", DUE_A + hours(0.1))
    course.hand_in(8, "right", DUE_A + hours(30))
    course.change(8, extension="+3d")
    course.change(28, name="Kim Lee", participant="901")
    course.change(29, name="Kim Lee", participant="902")
    course.hand_in(28, "right", LONG_AGO, participant=901)
    course.hand_in(29, "zero", DUE_A + hours(30), participant=902)  # in time for the second group
    course.submissions.joinpath(f"Nobody Known_999_{ATTACHED}").write_text("lost")
    course.write_roster()
    return course


def grade(course: Class, *options: str, status: int = 0) -> str:
    folder = course.folder
    places = (
        folder / "submissions",
        "--out",
        folder / "results",
        "--course",
        folder / "course.toml",
    )
    ended = checker("grade", *places, "--no-style", "--format", "gradescope", *options)
    assert ended.returncode == status, ended.stderr
    return ended.stdout + ended.stderr


def table_of(course: Class) -> tuple[Course, Table]:
    settings = load_course(course.folder / "course.toml")
    return settings, make_table(settings)


def totals(course: Class) -> dict[str, Decimal | None]:
    _, table = table_of(course)
    return {row.student.id: row.total for row in table.rows}


def test_a_course_is_played_through(course: Class) -> None:
    _first_grades(course)
    _what_students_see(course.folder / "results")
    _every_number_is_explained(*table_of(course))
    _is_explained_to_whoever_asks(course)
    _exports(course)
    _other_points(course)
    _resubmission(course)


@pytest.mark.needs("similarity-tester")
def test_similar_submissions_of_a_course_are_listed(course: Class) -> None:
    grade(course)
    found = checker("similar", "--course", course.folder / "course.toml", "--pairs", "3")
    assert found.returncode == 0, found.stderr
    first = found.stdout.splitlines()[1]
    assert "FLAG" in first and "100 % of the shorter" in first
    assert " | " in found.stdout


def _first_grades(course: Class) -> None:
    grade(course)
    found = totals(course)
    assert found["1000"] == NO_ZERO - 4  # the later one counts, two days late
    assert found["1001"] == FULL
    assert found["1002"] == FULL - 2  # two days late, one of them free
    assert found["1003"] == Decimal("12.5")
    assert found["1004"] == FULL
    assert found["1005"] == found["1011"] == 0
    assert found["1006"] == found["1008"] == FULL
    assert found["1028"] == FULL
    assert found["1029"] == NO_ZERO
    written = checker("table", "--course", course.folder / "course.toml")
    assert f"No student: Nobody Known_999_{ATTACHED}: no student of the roster" in written.stdout
    assert "30 students, 29 with a submission" in written.stdout


def _what_students_see(results: Path) -> None:
    (folder,) = (results / "submissions").glob("Kim Lee_902*")
    files = [path for path in folder.rglob("*") if path.is_file()]
    texts = {str(path.relative_to(folder)): path.read_text() for path in files}
    assert not any("calloc-arrays" in text for text in texts.values()), texts.keys()
    assert all(HINT in texts[name] for name in ("report.txt", "report.html"))
    assert "8 von 13 Punkten" in texts["report.txt"]
    assert '<html lang="de">' in texts["report.html"]
    assert "<h2>Fehlgeschlagene Tests" in texts["report.html"].replace(' id="failed"', "")
    assert "gab einen Block zurück, erwartet war NULL" in texts["report.html"]
    for name in (folder / "results.json", folder / "gradescope" / "results.json"):
        seen = json.loads(name.read_text())
        assert "seed" not in name.read_text()
        assert {test["name"] for test in seen["tests"]} >= {"hidden-tests", "malloc-arrays"}
    assert json.loads((folder / "gradescope" / "results.json").read_text())["score"] == NO_ZERO
    whole = json.loads((results / "results.json").read_text())
    assert all(each["origin"]["seed"] for each in whole)


def _every_number_is_explained(settings: Course, table: Table) -> None:
    text = EXPORTS["csv"].render(table, settings).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 30
    for cells in rows:
        page = Page()
        explain_row(page, find_row(table, cells["id"]), settings)
        lines = [" ".join(line.split()) for line in page.lines]
        for column, cell in cells.items():
            if cell:
                explained = _explanation(column, cell, cells)
                assert any(re.match(explained, line) for line in lines), (cells["id"], column)


def _explanation(column: str, cell: str, cells: Mapping[str, str]) -> str:
    """Return a pattern of the line that explains a cell. A new column has to be explained, too."""
    kind, _, name = column.partition(": ")
    plain_text = re.escape(" ".join(cell.removeprefix("'").split()))
    match kind:
        case "test":
            extra = r"extra, no points, passed" if cell == "1" else r"extra, no points, (?!passed)"
            return rf"{name} ({cell} of \d+, |{extra})"
        case "rule":
            return rf"{name.removesuffix(' %')} {cell} %: \d+ of \d+ tests passed"
        case "id" | "name" | "e-mail" | "group":
            return rf".*{plain_text}.*\(|.*\(.*{plain_text}"
        case "submission" | "submitted" | "due" | "status" | "comment":
            return rf"{kind} '?{plain_text}"
        case "not counted":
            return (
                rf"not counted '?{re.escape(cell.removeprefix(chr(39)).partition(' (')[0])}, 2025-"
            )
        case "time from":
            return rf"submitted .*, from {plain_text}"
        case "late days used":
            return rf"days late \d+: {cell} of the student's \d+ late days used"
        case "override" | "reason":
            return (
                rf"override {cells['override']}: {re.escape(cells['reason'])}"
                if cells["override"]
                else rf"status .*: {plain_text}"
            )
        case "tests" | "style" | "points" | "days late" | "penalty" | "total":
            return rf"{kind} {plain_text}(?![\d.])"
        case "mistakes" | "flags":  # no numbers
            return ""
    raise AssertionError(f"nothing explains the column {column}")


def _is_explained_to_whoever_asks(course: Class) -> None:
    for student, total in {
        "1000": "4 = 8 points - 4 penalty",
        "1003": "12.5: the override",
    }.items():
        told = checker("why", student, "--course", course.folder / "course.toml")
        assert told.returncode == 0, told.stderr
        assert f"total {total}" in " ".join(told.stdout.split())


def _exports(course: Class) -> None:
    settings, table = table_of(course)
    files = {name: each.render(table, settings) for name, each in EXPORTS.items()}
    expected = {row.student.id: row.total for row in table.rows}

    text = files["csv"].decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["id"]: Decimal(row["total"]) for row in rows} == expected
    assert rows[3]["comment"] == "'=get well"
    assert rows[8]["name"] == "'=Eve Lovelace"
    assert rows[1]["test: malloc-arrays"] == "5" and rows[0]["rule: zeroing %"] == "100"

    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    first, *others = book["grades"].iter_rows()
    assert [cell.value for cell in first] == headings(table)
    at = headings(table).index("total")
    assert {line[0].value: Decimal(str(line[at].value)) for line in others} == expected
    assert (others[8][1].value, others[8][1].data_type) == ("=Eve Lovelace", "s")

    moodle = list(csv.DictReader(io.StringIO(files["moodle"].decode(), newline="")))
    assert {row["ID number"]: Decimal(row["malloc"]) for row in moodle} == expected
    assert moodle[0]["malloc (Feedback)"] == "8 points; less 4 for 2 late days"

    sheet = list(csv.DictReader(io.StringIO(files["worksheet"].decode(), newline="")))
    by_number = {row["Identifier"]: row for row in sheet}
    assert by_number["Participant 902"]["Grade"] == str(NO_ZERO)
    assert by_number["Participant 501"]["Maximum Grade"] == "13"
    assert by_number["Participant 777"]["Feedback comments"].startswith("8 points; less 4")
    assert len(sheet) == 29

    _feedback_files(files["feedback"], course.folder / "results")
    _reports_that_show_too_much_stay_here(course)

    canvas = list(csv.DictReader(io.StringIO(files["canvas"].decode(), newline="")))
    assert (canvas[0]["Student"], canvas[0]["malloc"]) == ("Points Possible", "13")
    assert {row["SIS User ID"]: Decimal(row["malloc"]) for row in canvas[1:]} == expected


def _feedback_files(archive: bytes, results: Path) -> None:
    """Read the archive as Moodle does: by the number after the first underscore of a folder."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert file.testzip() is None
        found: dict[str, dict[str, str]] = {}
        for name in file.namelist():
            full_name, number, *plugin, rest = name.split("_", 4)
            assert plugin == ["assignsubmission", "file"] and number.isdigit()
            found.setdefault(number, {"name": full_name})[rest] = file.read(name).decode()
    assert len(found) == 29
    assert found["902"]["name"] == "Kim Lee" and found["508"]["name"] == "=Eve Lovelace"
    folder = results / "submissions" / f"Kim Lee_902_{ATTACHED}"
    assert found["902"]["/report.html"] == (folder / "report.html").read_text()
    assert "8 von 13 Punkten" in found["902"]["/report.txt"]
    assert found["777"]["/report.txt"].startswith("Ada Lovelace_777_") and "500" not in found
    assert not any("calloc-arrays" in text for files in found.values() for text in files.values())


def _reports_that_show_too_much_stay_here(course: Class) -> None:
    settings = (course.folder / "course.toml").read_text()
    hiding = course.folder / "hiding.toml"
    hiding.write_text(settings.replace('["calloc-arrays"]', '["calloc-arrays", "malloc-arrays"]'))
    refused = checker("table", "--course", hiding, "--format", "feedback")
    message = "expected no test that students may not see, found malloc-arrays; run grade again"
    assert_could_not_run(refused, message)
    assert not (course.folder / "grades-feedback.zip").exists()


def _other_points(course: Class) -> None:
    """The suite's points change: nothing is run again, and no grade is lowered silently."""
    suite, results = course.suite, course.folder / "results"
    before = (results / "gradebook.csv").read_bytes()
    test = '[[test]]\nname = "malloc-arrays"\npoints = 3\n'
    suite.write_text(suite.read_text() + test)
    assert totals(course)["1001"] == FULL - 2
    assert (results / "gradebook.csv").read_bytes() == before
    refused = grade(course, "--compare", str(results), status=1)
    assert "Kim Lee_901" in refused and "13 -> 11: the suite changed" in refused
    assert "malloc-arrays: passed 5/5 -> passed 3/3" in refused
    assert (results / "gradebook.csv").read_bytes() == before


def _resubmission(course: Class) -> None:
    course.hand_in(3, "right", LONG_AGO)
    replaced = course.hand_in(7, "zero", LONG_AGO + hours(1))
    told = grade(course, "--compare", str(course.folder / "results"), "--lower")
    assert "32 known before" in told  # others have handed in the same
    assert f"{replaced}: 13 -> 8: the submission was replaced; the suite changed" in told
    assert "Kim Lee_901" in told and "13 -> 11: the suite changed" in told
    assert totals(course)["1007"] == NO_ZERO
