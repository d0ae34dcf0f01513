"""The grades that a batch has written, with the points of the suite as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.course.settings import Course
from harness.errors import UserError
from harness.grading.keys import suite_key
from harness.grading.pricing import priced
from harness.grading.regrading import RESULTS, read_results
from harness.grading.rules import NO_STYLE, load_rules
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.grade import Finding, Grade, Origin, Status, Style, TestResult
from harness.results.verdict import Outcome


def kept_grades(course: Course) -> dict[str, Grade]:
    """Return the grades in a course's results, by the names of submissions. Raises `UserError` and
    `OSError`."""
    path = course.results / RESULTS
    results = read_results(path)
    style, key = load_rules(course.suite).style, suite_key(course.suite)
    grades = {}
    for name, values in results.items():
        try:
            grade = _grade(values)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise UserError(f"{path}: {name}: expected a grade, found none: {error}") from error
        tests = {test.name for test in grade.tests}
        if odd := tests.symmetric_difference(test.name for test in course.suite.tests):
            raise UserError(
                f"{path}: expected the tests of {course.suite.path}, found a difference:"
                f" {min(odd)}",
                "grade again with this suite",
            )
        judged = style if grade.style.max_points else NO_STYLE
        grades[name] = priced(grade, course.suite, key, judged)
    return grades


def _grade(values: Mapping[str, Any]) -> Grade:
    """Return a grade from what results.json holds of it: all but the traces."""
    style = values["style"]
    return Grade(
        Status(values["status"]),
        values["reason"],
        tuple(map(_test, values["tests"])),
        Style(
            style["points"],
            style["max_points"],
            tuple(Finding(**finding) for finding in style["findings"]),
            style["note"],
        ),
        tuple(values["flags"]),
        diagnosis=_diagnosis(values["diagnosis"]),
        versions=values["versions"],
        origin=Origin(**values.get("origin", {})),
    )


def _test(values: Mapping[str, Any]) -> TestResult:
    known: dict[str, Any] = {**values, "outcome": Outcome(values["outcome"])}
    return TestResult(**known, trace="")


def _diagnosis(causes: Iterable[Mapping[str, Any]]) -> Diagnosis:
    return Diagnosis(tuple(map(_cause, causes)))


def _cause(values: Mapping[str, Any]) -> Cause:
    ways = [values, *values.get("alternatives", [])]
    return Cause(
        tuple(way["name"] for way in ways),
        tuple(way["sentence"] for way in ways),
        tuple(way["rule"] for way in ways),
        tuple(values["tests"]),
    )
