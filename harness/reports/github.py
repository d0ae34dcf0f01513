"""A grade as annotations of a GitHub Actions run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.reports.audience import tr
from harness.reports.student import diagnosis_lines, explanation
from harness.results.grade import Finding, Grade, Graded, Status, TestResult
from harness.results.verdict import Outcome
from harness.text import printable, printable_lines

# A repository has the files where they are in the kit.
_SOURCES = "src/"
_PROGRAMS = "tests/snippets/"
_PARTS = {"function": r"\w+", "file": r"(?P<file>[\w./-]{1,200})", "n": r"(?P<line>\d{1,9})"}
"""What stands for the parts of a place in the sources."""
_COMPILER_ERROR = re.compile(r"([\w./-]{1,200}):(\d{1,9}):(?:\d{1,9}:)? (?:fatal )?error: (.+)")


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
    place = {"file": f"{_SOURCES}{finding.file}"}
    if finding.line:
        place["line"] = str(finding.line)
    return _annotation("warning", [finding.message], **place, title=finding.tool)


def _crashed_at(test: TestResult) -> re.Match[str] | None:
    """Return the innermost place in the sources where a test's program crashed, found in the
    language of the audience; None if it did not, or no place is known."""
    crashed, place = tr("it crashed in {frame}"), tr("{function} at {file}:{n}").format(**_PARTS)
    lines = f"{test.reason}\n{test.advice}".splitlines()
    told = (line for line in lines if re.fullmatch(crashed.format(frame=".+"), line))
    return re.search(place, next(told, ""))


def _test(test: TestResult) -> str:
    """Return the error of a failed test, at the line where its program crashed or makes the call
    that went wrong."""
    place = {}
    if crashed := _crashed_at(test):
        place = {"file": f"{_SOURCES}{crashed['file']}", "line": crashed["line"]}
    elif test.line:
        place = {"file": f"{_PROGRAMS}test-{test.name}.c", "line": str(test.line)}
    return _annotation(
        "error", explanation(test), **place, title=f"{test.name}: {tr(test.outcome)}"
    )


def _compiler_errors(grade: Grade) -> Iterator[str]:
    for line in grade.log.splitlines():
        if found := _COMPILER_ERROR.match(line):
            place = {"file": f"{_SOURCES}{found[1]}", "line": found[2]}
            yield _annotation("error", [found[3]], **place, title=tr("compiler"))


def render(graded: Graded) -> str:
    """Return an error for each failed test or error of the compiler, a warning for each finding of
    style, and the points."""
    grade = graded.grade
    annotations = []
    if grade.status is not Status.GRADED:
        lines = [grade.reason, *printable_lines(grade.log)]
        annotations.append(_annotation("error", lines, title=tr(grade.status)))
        annotations += _compiler_errors(grade)
    else:
        annotations += [_test(test) for test in grade.tests if test.outcome is not Outcome.PASSED]
    annotations += map(_finding, grade.style.findings)
    if diagnosis := diagnosis_lines(grade):
        annotations.append(_annotation("notice", diagnosis, title=tr("diagnosis")))
    points = tr(f"{grade.points} of {grade.max_points} points")
    annotations.append(_annotation("notice", [points], title=graded.submission))
    return "".join(annotations)
