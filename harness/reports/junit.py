"""Grades as JUnit XML, which most servers for continuous integration read."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from harness.results.grade import Graded, Status, TestResult
from harness.results.verdict import Outcome
from harness.text import printable, printable_lines

# All printable characters are allowed in XML 1.0: no others have to be removed.

_ELEMENTS = {
    Outcome.DIFFERS: "failure",
    Outcome.LEAKED: "failure",
    Outcome.INVALID: "failure",
    Outcome.CRASHED: "error",
    Outcome.TIMEOUT: "error",
    Outcome.NOT_RUN: "error",
    Outcome.NOT_BUILT: "error",
    Outcome.SKIPPED: "skipped",
}


def _add_case(suite: Element, name: str) -> Element:
    return SubElement(suite, "testcase", classname=suite.attrib["name"], name=printable(name))


def _add_test(suite: Element, test: TestResult) -> None:
    case = _add_case(suite, test.name)
    if kind := _ELEMENTS.get(test.outcome):
        problem = SubElement(case, kind, type=test.outcome, message=printable(test.reason))
        problem.text = "\n".join(printable_lines(test.advice))


def _count(element: Element) -> None:
    """Set the attributes that count the cases of each kind in an element."""
    for name, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        element.set(name, str(sum(1 for _ in element.iter(tag))))


def _add_submission(suites: Element, graded: Graded) -> None:
    grade = graded.grade
    suite = SubElement(suites, "testsuite", name=printable(graded.submission))
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="points", value=str(grade.points))
    SubElement(properties, "property", name="max_points", value=str(grade.max_points))
    if grade.status is not Status.GRADED:
        # A submission without tests would else look as if it had passed all of them.
        case = _add_case(suite, "submission")
        error = SubElement(case, "error", type=grade.status, message=printable(grade.reason))
        error.text = "\n".join(printable_lines(grade.log))
    else:
        for test in grade.tests:
            _add_test(suite, test)
    _count(suite)


def render(graded: Sequence[Graded]) -> str:
    """Return a document with a test suite for each submission."""
    suites = Element("testsuites", name="osmem")
    for each in graded:
        _add_submission(suites, each)
    _count(suites)
    ElementTree.indent(suites)
    text = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
