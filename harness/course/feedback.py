"""What the students of a course see of their grades: visible tests, hints, their language."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from itertools import zip_longest

from harness.course.hints import with_hints
from harness.course.roster import read_roster
from harness.course.settings import Course
from harness.course.translation import translations
from harness.course.visibility import all_due, for_student, hidden_tests
from harness.reports.audience import Audience, tr
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.grade import Grade, Graded, Style, TestResult
from harness.specification.rules import RULES

_CALLED_FROM = ", called from "


def hidden_now(course: Course) -> frozenset[str]:
    """Return the tests that students don't see at this time. Raises `UserError` and `OSError`."""
    students = read_roster(course.roster, course.zone)
    after_due = all_due(students, course.deadlines, datetime.now(timezone.utc))
    return hidden_tests(course.suite, course.shows, after_due)


def audience_of(course: Course) -> Audience:
    """Return what students see at this time. Raises `UserError` and `OSError`."""
    hidden = hidden_now(course)

    def view(graded: Graded) -> Graded:
        told = in_language(graded.grade)
        hinted = with_hints(told, course.hints, course.suite)
        return for_student(replace(graded, grade=hinted), hidden)

    return Audience(view, translations(course.locale), course.locale)


def in_language(grade: Grade) -> Grade:
    """Return a grade whose texts are in the language of the audience."""
    return replace(
        grade,
        reason=_lines(grade.reason),
        tests=tuple(map(_test, grade.tests)),
        style=_style(grade.style),
        notes=tuple(map(_lines, grade.notes)),
        diagnosis=_diagnosis(grade.diagnosis),
    )


def _lines(text: str) -> str:
    return "\n".join(map(_line, text.split("\n")))


def _line(text: str) -> str:
    """Return a line, which may have several reasons, in the language of the audience."""
    return "; ".join(map(_reason, text.split("; ")))


def _reason(text: str) -> str:
    """Return a reason, which may name functions that call each other."""
    return tr(_CALLED_FROM).join(map(tr, text.split(_CALLED_FROM)))


def _style(style: Style) -> Style:
    findings = tuple(replace(each, message=tr(each.message)) for each in style.findings)
    return replace(style, note=_lines(style.note), findings=findings)


def _test(test: TestResult) -> TestResult:
    return replace(test, reason=_lines(test.reason), advice=_lines(test.advice))


def _diagnosis(diagnosis: Diagnosis) -> Diagnosis:
    return replace(
        diagnosis,
        causes=tuple(map(_cause, diagnosis.causes)),
        observed=tuple(replace(each, sentence=tr(each.sentence)) for each in diagnosis.observed),
        sentences={name: tr(sentence) for name, sentence in diagnosis.sentences.items()},
    )


def _cause(cause: Cause) -> Cause:
    looks = zip_longest(cause.looks, cause.rules, fillvalue="")
    return replace(
        cause,
        sentences=tuple(map(tr, cause.sentences)),
        looks=tuple(tr(look or RULES[rule].look) for look, rule in looks),
    )
