"""The table of a course: a row for each student, with all that makes up the total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harness.course.deadlines import Lateness, lateness
from harness.course.joining import HandedIn, Ignored, Joined, join
from harness.course.kept import kept_grades
from harness.course.roster import Student, read_roster
from harness.course.settings import Course
from harness.results.grade import Grade
from harness.results.verdict import Outcome
from harness.specification.rules import RULES

MISSING = "missing"
"""The status of a student without a submission."""
UNGRADED = "not graded yet"


@dataclass(frozen=True, slots=True)
class RulePassed:
    """How many of the tests that judge a rule were passed; extra tests count."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def percent(self) -> int:
        """The share of passed tests, rounded down."""
        return 100 * len(self.passed) // (len(self.passed) + len(self.failed))


@dataclass(frozen=True, slots=True)
class Row:
    """A student, and what the submission that counts has earned."""

    student: Student
    submission: HandedIn | None
    ignored: Sequence[Ignored]
    """The student's submissions that don't count."""
    grade: Grade | None
    """None if there is no submission, or no grade of it yet."""
    rules: Mapping[str, RulePassed]
    """By the names of rules; empty without a grade."""
    late: Lateness

    @property
    def status(self) -> str:
        """How far the grading came."""
        if self.submission is None:
            return MISSING
        return self.grade.status.value if self.grade is not None else UNGRADED

    @property
    def points(self) -> int | None:
        """The points before penalties; None if there is no grade yet."""
        if self.submission is None:
            return 0
        return None if self.grade is None or self.grade.skipped else self.grade.points

    @property
    def total(self) -> Decimal | None:
        """The points that count; None if there is no grade yet."""
        if self.student.override is not None:
            return self.student.override
        return None if self.points is None else self.points - self.late.penalty


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of all students, in the order of the roster."""

    rows: tuple[Row, ...]
    tests: Mapping[str, int]
    """The tests of the suite, and their points."""
    rules: tuple[str, ...]
    """The rules that its tests judge, in the order of the specification."""
    style: int
    """The most points for style."""
    unmatched: Mapping[str, str]
    """Submissions without a student, and why they have none."""

    @property
    def max_points(self) -> int:
        return sum(self.tests.values()) + self.style


def make_table(course: Course) -> Table:
    """Return the table of a course, from grades that are kept. Raises `UserError` and `OSError`."""
    students = read_roster(course.roster, course.zone)
    joined = join(course, students)
    grades = kept_grades(course)
    rows = tuple(_row(student, joined, grades, course) for student in students)
    judged = {rule for test in course.suite.tests for rule in test.rules}
    return Table(
        rows,
        {test.name: test.points for test in course.suite.tests},
        tuple(rule for rule in RULES if rule in judged),
        max((grade.style.max_points for grade in grades.values()), default=0),
        joined.unmatched,
    )


def _row(student: Student, joined: Joined, grades: Mapping[str, Grade], course: Course) -> Row:
    submission = joined.counted.get(student.id)
    grade = grades.get(submission.name) if submission is not None else None
    time = submission.time if submission is not None else None
    points = grade.points if grade is not None else 0
    late = lateness(student, time, points, course.deadlines, course.late)
    rules = _rules(grade, course) if grade is not None else {}
    return Row(student, submission, joined.ignored[student.id], grade, rules, late)


def _rules(grade: Grade, course: Course) -> dict[str, RulePassed]:
    """Return how many tests of each rule were passed. Tests of all rules count for none."""
    passed = {test.name for test in grade.tests if test.outcome is Outcome.PASSED}
    found = {}
    for rule in RULES:
        tests = [test for test in course.suite.tests if rule in test.rules]
        names = [test.name for test in tests if test.rules != frozenset(RULES)]
        names = names or [test.name for test in tests]
        if names:
            good = tuple(name for name in names if name in passed)
            found[rule] = RulePassed(good, tuple(name for name in names if name not in passed))
    return found
