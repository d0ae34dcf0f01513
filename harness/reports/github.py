"""A grade as annotations of a GitHub Actions run."""

from __future__ import annotations

from harness.reports.student import explanation
from harness.results.grade import Finding, Graded, Status
from harness.results.verdict import Outcome
from harness.text import printable, printable_lines


def _message(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\n", "%0A")
    # GitHub finds commands of the old form anywhere in a line, and has no escape for them.
    return escaped.replace("##[", "# #[")


def _property(text: str) -> str:
    return _message(printable(text)).replace(":", "%3A").replace(",", "%2C")


def _annotation(command: str, lines: list[str], **properties: str) -> str:
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = "\n".join(printable(line) for line in lines)
    return f"::{command} {given}::{_message(message)}\n"


def _finding(finding: Finding) -> str:
    place = {"file": finding.file}
    if finding.line:
        place["line"] = str(finding.line)
    return _annotation("warning", [finding.message], **place, title=finding.tool)


def render(graded: Graded) -> str:
    """Return an error for each failed test, a warning for each finding, and the points."""
    grade = graded.grade
    annotations = []
    if grade.status is not Status.GRADED:
        lines = [grade.reason, *printable_lines(grade.log)]
        annotations.append(_annotation("error", lines, title=grade.status))
    else:
        annotations += [
            _annotation("error", explanation(test), title=f"{test.name}: {test.outcome}")
            for test in grade.tests
            if test.outcome is not Outcome.PASSED
        ]
    annotations += map(_finding, grade.style.findings)
    points = f"{grade.points} of {grade.max_points} points"
    annotations.append(_annotation("notice", [points], title=graded.submission))
    return "".join(annotations)
