"""Grades, as values that are kept and that every report can show.

A grade does not depend on when or where it was made, but for the versions of tools that it names:
the same submission gets the same grade.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from harness.execution.versions import Versions
from harness.results.diagnosis import Diagnosis
from harness.results.verdict import Outcome, Verdict
from harness.text import quoted


class Status(StrEnum):
    """How far the grading of a submission came."""

    GRADED = "graded"
    NOT_BUILT = "not-built"
    """The library could not be built, and no test was run."""
    REFUSED = "refused"
    """The submission was not unpacked: it is not an archive, too large, or harmful."""
    SKIPPED = "skipped"
    """A fault of the machine prevented a grade. It is never stored as one."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """The outcome of a test, without what only the checker needs."""

    name: str
    outcome: Outcome
    points: int
    max_points: int
    reason: str
    advice: str
    trace: str
    """The text of the trace that was found; empty if there is none."""
    line: int = 0
    """The line of the test program in which it went wrong; 0 if it is not known."""
    lines: tuple[int, ...] = ()
    """The lines that made the calls of the trace, if the test failed; 0 for those not known."""

    @property
    def extra(self) -> bool:
        """Whether it is worth nothing: it is shown, and nobody loses by it."""
        return self.max_points == 0

    @classmethod
    def of(cls, verdict: Verdict) -> TestResult:
        """Return the result that a verdict comes to."""
        shown = verdict.found if verdict.outcome is not Outcome.PASSED else None
        return cls(
            verdict.test.name,
            verdict.outcome,
            verdict.points,
            verdict.test.points,
            verdict.reason,
            verdict.advice,
            verdict.found.text() if verdict.found is not None else "",
            verdict.line,
            tuple(call.line for call in shown.calls) if shown is not None else (),
        )


def first_failure(tests: Sequence[TestResult]) -> str:
    """Return which test cost points first, and how many others did; empty if none did."""
    failed = [t for t in tests if t.outcome is not Outcome.PASSED and not t.extra]
    if not failed:
        return ""
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return f"{failed[0].name}: {failed[0].outcome}{more}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark of a tool on the style of a line."""

    tool: str
    file: str
    """The path of the file, relative to the sources of the submission."""
    line: int
    """The number of the line; 0 if the remark is on the whole file."""
    message: str


@dataclass(frozen=True, slots=True)
class Style:
    """The points for style, and the findings that they depend on."""

    points: int
    max_points: int
    findings: tuple[Finding, ...]
    note: str = ""
    """Why there are no points although the findings would allow some; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a grade was made from, to tell why a later one differs. All but the seed are digests;
    those of grades that older checkers made are empty."""

    submission: str = ""
    suite: str = ""
    """The tests, their programs and references, and their points."""
    checker: str = ""
    sandbox: str = ""
    """The kind of sandbox."""
    seed: str = ""
    """The seed of randomized tests. Only the teacher may know it."""


@dataclass(frozen=True, slots=True)
class Grade:
    """The grade of a submission."""

    status: Status
    reason: str
    """What cost the submission points, in one line; empty if nothing did."""
    tests: tuple[TestResult, ...]
    style: Style
    flags: tuple[str, ...]
    """Notes for a person to look at, a line each."""
    log: str = ""
    """The end of the messages of the build, if it failed."""
    versions: Versions = field(default_factory=dict)
    """The versions of the compiler and of the tools that the grade was made with."""
    notes: tuple[str, ...] = ()
    """How it was built, where the submission left a choice, a line each. Unlike flags, the student
    gets them, too."""
    diagnosis: Diagnosis = Diagnosis()
    """Which mistakes explain the failed tests."""
    origin: Origin = Origin()

    def passed(self, extra: bool = False) -> int:
        """How many of the tests that count were passed, or of the extra ones."""
        return sum(t.outcome is Outcome.PASSED for t in self.tests if t.extra is extra)

    @property
    def skipped(self) -> bool:
        """Whether this stands for a grade that is still to be made."""
        return self.status is Status.SKIPPED

    @property
    def test_points(self) -> int:
        return sum(test.points for test in self.tests)

    @property
    def max_test_points(self) -> int:
        return sum(test.max_points for test in self.tests)

    @property
    def points(self) -> int:
        return self.test_points + self.style.points

    @property
    def max_points(self) -> int:
        return self.max_test_points + self.style.max_points

    def to_json(self) -> str:
        """Return the text that `grade_from_json` reads."""
        return json.dumps(self, default=_values)


def _values(part: Any) -> dict[str, Any]:
    """Return the fields of a part of a grade. `dataclasses.asdict` would copy all that is in them,
    which takes ten times as long."""
    return {each.name: getattr(part, each.name) for each in fields(part)}


def _test_from_values(values: dict[str, Any]) -> TestResult:
    outcome, lines = Outcome(values.pop("outcome")), tuple(values.pop("lines"))
    return TestResult(outcome=outcome, lines=lines, **values)


def grade_from_json(text: str) -> Grade:
    """Return the grade from the text that `Grade.to_json` wrote."""
    content: dict[str, Any] = json.loads(text)
    style = content["style"]
    return Grade(
        Status(content["status"]),
        content["reason"],
        tuple(map(_test_from_values, content["tests"])),
        Style(
            style["points"],
            style["max_points"],
            tuple(Finding(**finding) for finding in style["findings"]),
            style["note"],
        ),
        tuple(content["flags"]),
        content["log"],
        content["versions"],
        tuple(content["notes"]),
        Diagnosis.from_values(content["diagnosis"]),
        Origin(**content.get("origin", {})),
    )


@dataclass(frozen=True, slots=True)
class Graded:
    """A submission, by its name, and its grade."""

    submission: str
    """The name of the file or folder that was handed in."""
    grade: Grade
    twins: tuple[str, ...] = ()
    """Other submissions with the same sources."""

    @property
    def flags(self) -> tuple[str, ...]:
        """The notes and the flags of the grade, and one for the same sources handed in twice."""
        names = ", ".join(map(quoted, self.twins))
        twins = (f"the same sources as {names}",) if names else ()
        return (*self.grade.notes, *self.grade.flags, *twins)
