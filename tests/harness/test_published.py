"""Totals that differ from published ones are explained, and none becomes lower unseen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from command import assert_could_not_run, checker
from harness.execution.build import ROOT
from harness.reports.gradebook import write_gradebook
from harness.results.grade import Grade, Graded, Status, Style, TestResult
from harness.results.verdict import Outcome
from harness.suite import load_suite

SUITE = load_suite(ROOT / "tests" / "suite.toml")
SETTINGS = r"""
[names]
pattern = '(?P<id>[a-z]+)-(?P<time>\d{8}T\d{4})\.zip'
time_format = "%Y%m%dT%H%M"
[[deadline]]
due = 2026-03-31T23:59:00
[late]
per_day = 5
most = 20
"""
ROSTER = "id,name,late days,extension,override,reason\n"
IN_TIME, FIVE_DAYS_LATE = "20260330T1200", "20260405T0900"


def graded(submission: str, *failed: str) -> Graded:
    """A grade of a submission that failed some tests."""
    tests = []
    for test in SUITE.tests:
        good = test.name not in failed
        outcome, points = Outcome.PASSED if good else Outcome.INVALID, test.points * good
        tests.append(TestResult(test.name, outcome, points, test.points, "", "", ""))
    return Graded(submission, Grade(Status.GRADED, "", tuple(tests), Style(0, 0, ()), ()))


class Course:
    """A course whose grades are there already."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.grades = folder / "grades.csv"
        (folder / "submissions").mkdir()
        self.set(SETTINGS)

    def set(self, settings: str) -> None:
        (self._folder / "course.toml").write_text(settings, encoding="utf-8")

    def enrol(self, *lines: str) -> None:
        (self._folder / "roster.csv").write_text(ROSTER + "\n".join(lines) + "\n")

    def grade(self, *grades: Graded) -> None:
        for each in grades:
            (self._folder / "submissions" / each.submission).write_text("")
        write_gradebook(self._folder / "results", list(grades))

    def table(self, *options: str | Path) -> subprocess.CompletedProcess[str]:
        return checker("table", "--course", self._folder / "course.toml", *options)

    def compare(self, *options: str | Path) -> subprocess.CompletedProcess[str]:
        return self.table("--compare", self.grades, *options)


@pytest.fixture(name="course")
def fixture_course(tmp_path: Path) -> Course:
    """Ada, Ben and Cy, whose totals are published; Cy has been five days late."""
    course = Course(tmp_path)
    course.enrol("ada,Ada", "ben,Ben", "cy,Cy")
    late = f"cy-{FIVE_DAYS_LATE}.zip"
    course.grade(graded(f"ada-{IN_TIME}.zip"), graded(f"ben-{IN_TIME}.zip"), graded(late))
    assert course.table().returncode == 0
    return course


def lines_of(text: str) -> list[str]:
    """What is printed of changes."""
    return [line for line in text.splitlines() if line.startswith("  ")]


def test_nothing_differs_from_a_table_that_was_just_written(course: Course) -> None:
    ended = course.compare()
    assert "0 totals differ from those published, 0 of them lower" in ended.stdout
    assert (ended.returncode, lines_of(ended.stdout)) == (0, [])


def test_points_for_tests_that_became_fewer_are_refused_until_they_are_accepted(
    course: Course,
) -> None:
    course.grade(graded(f"ada-{IN_TIME}.zip", "malloc-arrays"), graded(f"ben-{IN_TIME}.zip"))
    before = course.grades.read_bytes()
    refused = course.compare("--format", "canvas")
    assert refused.returncode == 1
    assert course.grades.read_bytes() == before
    assert not course.grades.with_name("grades-canvas.csv").exists()
    assert lines_of(refused.stdout) == [
        "  ada Ada: 90 -> 85: points 90 -> 85",
        "    malloc-arrays: 5 -> 0",
        "  cy Cy: 70 -> none: status graded -> not graded yet",
    ]
    assert "expected no published total to become lower, found 2: ada Ada, cy Cy" in refused.stderr
    assert "no table was written; --lower accepts them" in refused.stderr
    accepted = course.compare("--lower")
    assert accepted.returncode == 0
    assert lines_of(accepted.stdout) == lines_of(refused.stdout)
    assert course.grades.read_bytes() != before


def test_an_override_is_the_only_cause_where_it_counts(course: Course) -> None:
    course.enrol("ada,Ada,,,95,was ill", "ben,Ben", "cy,Cy")
    course.grade(graded(f"ada-{IN_TIME}.zip", "malloc-arrays"), graded(f"ben-{IN_TIME}.zip"))
    set_to, *_ = lines_of(course.compare("--lower").stdout)
    assert set_to == "  ada Ada: 90 -> 95: override none -> 95, was ill"
    course.enrol("ada,Ada", "ben,Ben", "cy,Cy")
    withdrawn = course.compare()
    assert withdrawn.returncode == 1
    assert "  ada Ada: 95 -> 85: override 95 -> none" in withdrawn.stdout


def test_lateness_is_told_with_what_moved_it(course: Course) -> None:
    course.enrol("ada,Ada", "ben,Ben", "cy,Cy,1,+2d")
    (line,) = lines_of(course.compare().stdout)
    assert line == (
        "  cy Cy: 70 -> 80: due 2026-03-31 23:59:00+00:00 -> 2026-04-02 23:59:00+00:00;"
        " days late 5 -> 3; late days used 0 -> 1; penalty 20 -> 10"
    )


def test_a_cap_is_told_as_another_rule(course: Course) -> None:
    course.set(SETTINGS.replace("most = 20", "most = 22"))
    ended = course.compare()
    assert ended.returncode == 1
    assert lines_of(ended.stdout) == [
        "  cy Cy: 70 -> 68: penalty 20 -> 22, by other rules for lateness"
    ]


def test_a_later_submission_and_the_roster_are_causes(course: Course) -> None:
    course.enrol("ada,Ada", "ben,Ben", "di,Di")
    again = f"ben-{FIVE_DAYS_LATE}.zip"
    course.grade(graded(f"ada-{IN_TIME}.zip"), graded(f"ben-{IN_TIME}.zip"), graded(again))
    ended = course.compare()
    assert ended.returncode == 1
    assert lines_of(ended.stdout) == [
        f"  ben Ben: 90 -> 70: submission ben-{IN_TIME}.zip -> {again}; days late 0 -> 5;"
        " penalty 0 -> 20",
        "  di Di: none -> 0: new in the roster",
        "  cy Cy: published, and no longer there",
    ]


def test_what_is_no_table_of_a_course_is_refused(course: Course, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("id,name\nada,Ada\n")
    assert_could_not_run(
        course.table("--compare", other),
        f"{other}: expected the columns of a table, found no 'submission'",
        "name a file that ./checker.py table has written as csv",
    )
    other.write_bytes(course.grades.read_bytes().replace(b",90,", b",many,"))
    assert_could_not_run(course.table("--compare", other), "expected points as the total of ada")
    assert_could_not_run(course.table("--lower"), "--lower: expected --compare with it, found none")
