"""The points of grades that are kept: outcomes stay, points are those of the suite as it is now.

So a suite whose points change needs no submission to be run again. One thing can't be recomputed:
the style of a submission whose tests earned too few points to have it judged.
"""

from __future__ import annotations

from dataclasses import replace

from harness.grading.style import StyleRules, judge_style, unearned, was_unearned
from harness.results.grade import Grade, Status, Style, TestResult
from harness.results.verdict import Outcome
from harness.suite import Suite


def priced(grade: Grade, suite: Suite, suite_key: str, style: StyleRules) -> Grade:
    """Return a grade with the points of a suite; ``suite_key`` is the suite's digest."""
    if grade.origin.suite == suite_key:
        return grade
    points = {test.name: test.points for test in suite.tests}
    tests = tuple(_test(test, points.get(test.name, test.max_points)) for test in grade.tests)
    grade = replace(grade, tests=tests, origin=replace(grade.origin, suite=suite_key))
    return replace(grade, style=_style(grade, style))


def needs_style(grade: Grade, style: StyleRules) -> bool:
    """Whether a grade with current points lacks a style that they would have judged."""
    return was_unearned(grade.style) and unearned(grade.test_points, style) is None


def _test(test: TestResult, points: int) -> TestResult:
    earned = points if test.outcome is Outcome.PASSED else 0
    return replace(test, points=earned, max_points=points)


def _style(grade: Grade, rules: StyleRules) -> Style:
    """Return the style of a grade with current points for tests."""
    style = grade.style
    if grade.status is not Status.GRADED or rules.points == 0:
        return replace(style, max_points=rules.points)
    too_few = unearned(grade.test_points, rules)
    if too_few is not None:
        return replace(too_few, findings=style.findings)
    if style.note and not (was_unearned(style) and style.findings):
        return replace(style, max_points=rules.points)
    return judge_style(style.findings, rules)
