"""Grades and totals that differ from published ones, and what made them differ, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from harness.results.grade import Grade, Origin

_TOLD = {
    "submission": "the submission was replaced",
    "suite": "the suite changed",
    "checker": "the checker changed",
    "seed": "other sizes were drawn",
}
"""The parts of an origin, and what it means that one differs."""


@dataclass(frozen=True, slots=True)
class TestChange:
    """A test whose outcome or points differ."""

    name: str
    old: str
    """Its outcome and points, such as ``passed 2/2``."""
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """Points that differ from published ones: those of a submission, or a student's total."""

    name: str
    """The submission's or the student's."""
    old: int | Decimal | None
    """The points that were published; None if there were none."""
    new: int | Decimal | None
    tests: tuple[TestChange, ...]
    causes: tuple[str, ...]
    """What differs in what the points were made from, in a few words each."""

    @property
    def lower(self) -> bool:
        """Whether the student would lose points."""
        return self.old is not None and (self.new is None or self.new < self.old)


def change_of(submission: str, old: Mapping[str, Any], grade: Grade) -> Change | None:
    """Return how a grade differs from one that results.json holds; None if its points and those of
    its tests are the same. Raises `KeyError`, `TypeError` and `AttributeError`."""
    before = {test["name"]: _shown(**_part(test)) for test in old["tests"]}
    after = {t.name: _shown(t.outcome, t.points, t.max_points) for t in grade.tests}
    before["style"] = f"{old['style']['points']}/{old['style']['max_points']}"
    after["style"] = f"{grade.style.points}/{grade.style.max_points}"
    tests = tuple(
        TestChange(name, before.get(name, "none"), after.get(name, "none"))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    )
    if old["points"] == grade.points and not tests:
        return None
    return Change(submission, int(old["points"]), grade.points, tests, _causes(old, grade))


def _part(test: Mapping[str, Any]) -> dict[str, Any]:
    return {key: test[key] for key in ("outcome", "points", "max_points")}


def _shown(outcome: str, points: int, max_points: int) -> str:
    return f"{outcome} {points}/{max_points}"


def _causes(old: Mapping[str, Any], grade: Grade) -> tuple[str, ...]:
    then, now = Origin(**old.get("origin", {})), grade.origin
    if not then.suite:
        return ("unknown: the old results do not tell what they were made from",)
    causes = [told for part, told in _TOLD.items() if getattr(then, part) != getattr(now, part)]
    versions = old.get("versions", {})
    tools = sorted(
        name
        for name in {**versions, **grade.versions}
        if versions.get(name) != grade.versions.get(name)
    )
    if tools:
        causes.append(f"the machine has another {', '.join(tools)}")
    if then.sandbox != now.sandbox:
        causes.append(f"the machine's sandbox is {now.sandbox}, not {then.sandbox}")
    return tuple(causes) or ("nothing that is known: grade it once more",)
