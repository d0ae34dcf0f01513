"""A grade as plain text, for the student, without what only a teacher should see."""

from __future__ import annotations

from harness.results.grade import Graded, Status, Style, TestResult
from harness.results.verdict import Outcome
from harness.text import printable, printable_lines


def explanation(test: TestResult) -> list[str]:
    """Return the reason and the advice, as far as there are any."""
    return [*printable_lines(test.reason), *printable_lines(test.advice)]


def overview(graded: Graded) -> list[str]:
    """Return the points, the reason why there are not more, and how the sources were built."""
    grade = graded.grade
    if grade.skipped:
        return [f"no grade yet: {printable(grade.reason)}"]
    lines = [
        f"{grade.points} of {grade.max_points} points",
        f"tests: {grade.test_points} of {grade.max_test_points}",
        f"style: {grade.style.points} of {grade.style.max_points}",
    ]
    if grade.status is not Status.GRADED:
        lines += [f"{grade.status}: {printable(grade.reason)}", *printable_lines(grade.log)]
    elif grade.reason:
        lines.append(printable(grade.reason))
    return lines + [printable(note) for note in grade.notes]


def style_lines(style: Style) -> list[str]:
    """Return the note, if there is one, and the findings with file and line."""
    lines = [printable(style.note)] if style.note else []
    for finding in style.findings:
        where = f"{finding.file}:{finding.line}" if finding.line else finding.file
        lines.append(printable(f"{where}: {finding.message} ({finding.tool})"))
    return lines


def _table(tests: tuple[TestResult, ...]) -> list[str]:
    name_width = max((len(test.name) for test in tests), default=0)
    outcome_width = max(map(len, Outcome))
    return [
        f"{printable(test.name):{name_width}}  {test.outcome:{outcome_width}}"
        f"  {test.points}/{test.max_points}"
        for test in tests
    ]


def _failures(tests: tuple[TestResult, ...]) -> list[str]:
    lines = []
    for test in tests:
        if test.outcome is not Outcome.PASSED:
            lines.append(f"{printable(test.name)}: {test.outcome}")
            lines += [f"  {line}" for line in explanation(test)]
    return lines


def render(graded: Graded) -> str:
    """Return sections of indented lines: points, the table of tests, reasons and advice, style."""
    grade = graded.grade
    sections = {printable(graded.submission): overview(graded)}
    if grade.status is Status.GRADED:
        sections |= {
            "tests": _table(grade.tests),
            "what to look at": _failures(grade.tests),
            "style": style_lines(grade.style),
        }
    return "\n".join(
        "".join([f"{title}\n", *(f"  {line}\n" for line in lines)])
        for title, lines in sections.items()
        if lines
    )
