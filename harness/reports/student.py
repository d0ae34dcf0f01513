"""A grade as plain text, for the student, without what only a teacher should see."""

from __future__ import annotations

from harness.reports.audience import tr
from harness.reports.diagnosis import LEGEND, Told
from harness.results.grade import Grade, Graded, Status, Style, TestResult
from harness.results.verdict import Outcome
from harness.text import printable, printable_lines


def explanation(test: TestResult) -> list[str]:
    """Return the reason and the advice, as far as there are any."""
    return [*printable_lines(test.reason), *printable_lines(test.advice)]


def diagnosis_lines(grade: Grade) -> list[str]:
    """Return what is wrong, as far as it is known; no lines if nothing is."""
    told = Told(grade.diagnosis, grade.tests)
    heading = told.heading()
    if not heading:
        return []
    lines = [heading, *filter(None, (told.given(),))]
    for number, entry in enumerate(told.causes(), 1):
        lines += [f"{number}. {entry.title}", *(f"   {line}" for line in entry.lines)]
    for entry in told.observed():
        lines += [f"- {entry.title}", *(f"  {line}" for line in entry.lines)]
    return lines


def overview(graded: Graded) -> list[str]:
    """Return the points, the reason why there are not more, and how the sources were built."""
    grade = graded.grade
    if grade.skipped:
        return [f"{tr('no grade yet')}: {printable(grade.reason)}"]
    style = grade.style
    lines = [
        tr("{points} of {most} points").format(points=grade.points, most=grade.max_points),
        f"{tr('tests')}: {_of(grade.test_points, grade.max_test_points)}",
    ]
    if style.max_points:
        lines.append(f"{tr('style')}: {_of(style.points, style.max_points)}")
    if grade.status is not Status.GRADED:
        lines += [f"{tr(grade.status)}: {printable(grade.reason)}", *printable_lines(grade.log)]
    elif grade.reason:
        lines.append(printable(grade.reason))
    return lines + [printable(note) for note in grade.notes]


def _of(points: int, most: int) -> str:
    return tr("{points} of {most}").format(points=points, most=most)


def style_lines(style: Style) -> list[str]:
    """Return the note, if there is one, and the findings with file and line."""
    lines = [printable(tr(style.note))] if style.note else []
    for finding in style.findings:
        where = f"{finding.file}:{finding.line}" if finding.line else finding.file
        lines.append(printable(f"{where}: {finding.message} ({finding.tool})"))
    return lines


def _table(tests: tuple[TestResult, ...]) -> list[str]:
    name_width = max((len(test.name) for test in tests), default=0)
    outcome_width = max(len(tr(outcome)) for outcome in Outcome)
    return [
        f"{printable(test.name):{name_width}}  {tr(test.outcome):{outcome_width}}"
        f"  {test.points}/{test.max_points}"
        for test in tests
    ]


def _failures(tests: tuple[TestResult, ...]) -> list[str]:
    lines = []
    for test in tests:
        if test.outcome is not Outcome.PASSED:
            lines.append(f"{printable(test.name)}: {tr(test.outcome)}")
            lines += [f"  {line}" for line in explanation(test)]
    return [*lines, tr(LEGEND)] if lines else []


def render(graded: Graded) -> str:
    """Return sections of indented lines: points, the table of tests, reasons and advice, style."""
    grade = graded.grade
    sections = {printable(graded.submission): overview(graded)}
    if grade.status is Status.GRADED:
        sections |= {
            tr("diagnosis"): diagnosis_lines(grade),
            tr("tests"): _table(grade.tests),
            tr("what to look at"): _failures(grade.tests),
            tr("style"): style_lines(grade.style),
        }
    return "\n".join(
        "".join([f"{title}\n", *(f"  {line}\n" for line in lines)])
        for title, lines in sections.items()
        if lines
    )
