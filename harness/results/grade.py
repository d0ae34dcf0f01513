"""What a submission earned, and why, as a value that is kept and that every report can show.

Nothing in it depends on when or where it was made, but for the versions of the tools it names: the
same submission gives the same grade.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from harness.results.verdict import Outcome
from harness.execution.versions import Versions


class Status(StrEnum):
    """How far a submission came."""

    GRADED = "graded"
    NOT_BUILT = "not-built"
    """Its library could not be built: no test was run."""
    REFUSED = "refused"
    """It was not unpacked: it is no archive, too large, or out to harm."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test's outcome, without what only the checker needs."""

    name: str
    outcome: Outcome
    points: int
    max_points: int
    reason: str
    advice: str
    trace: str
    """The canonical trace that was found, as text; empty if there is none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a tool has to say about the style of a line."""

    tool: str
    file: str
    """Relative to the submission's sources."""
    line: int
    """0 where it concerns the whole file."""
    message: str


@dataclass(frozen=True, slots=True)
class Style:
    """The points for style, and the findings they depend on."""

    points: int
    max_points: int
    findings: tuple[Finding, ...]
    note: str = ""
    """Why no points were given although the findings would allow it; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Grade:
    """All that is known of one submission."""

    status: Status
    reason: str
    """In one line, what kept it from more points; empty if nothing did."""
    tests: tuple[TestResult, ...]
    style: Style
    flags: tuple[str, ...]
    """What a person should look at, in one line each."""
    log: str = ""
    """What the build said at its end, where it failed."""
    versions: Versions = field(default_factory=dict)
    """Of the compiler and the tools it was made with."""

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
        """As text that `grade_from_json` reads back."""
        return json.dumps(asdict(self))


def grade_from_json(text: str) -> Grade:
    """Reads back what `Grade.to_json` wrote."""
    content: dict[str, Any] = json.loads(text)
    style = content["style"]
    return Grade(
        Status(content["status"]),
        content["reason"],
        tuple(
            TestResult(**(test | {"outcome": Outcome(test["outcome"])}))
            for test in content["tests"]
        ),
        Style(
            style["points"],
            style["max_points"],
            tuple(Finding(**finding) for finding in style["findings"]),
            style["note"],
        ),
        tuple(content["flags"]),
        content["log"],
        content["versions"],
    )


@dataclass(frozen=True, slots=True)
class Graded:
    """A submission by its name, and its grade."""

    submission: str
    """The name of the file or folder that was handed in."""
    grade: Grade
    twins: tuple[str, ...] = ()
    """Other submissions with the same sources."""

    @property
    def flags(self) -> tuple[str, ...]:
        """What a person should look at: what is seen of the submission, and of it among others."""
        twins = (f"the same sources as {', '.join(self.twins)}",) if self.twins else ()
        return (*self.grade.flags, *twins)
