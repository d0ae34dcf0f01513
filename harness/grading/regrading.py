"""Regrading without surprises: new grades are compared with published ones first."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import UserError
from harness.results.changes import Change, change_of
from harness.results.grade import Graded

RESULTS = "results.json"
_NAMED = 5
"""The number of submissions or students that an error names."""


class Lowered(UserError):
    """Published grades would become lower."""

    status = 1


class Published:
    """Grades that were published."""

    def __init__(self, path: Path) -> None:
        """Read the results in a folder, or its results.json. Raises `UserError` and `OSError`."""
        self._path = path / RESULTS if path.is_dir() else path
        self._grades = read_results(self._path)

    def gone(self, names: Collection[str]) -> list[str]:
        """Return the submissions with a published grade that are none of these."""
        return sorted(set(self._grades) - set(names))

    def changes(self, graded: Iterable[Graded]) -> list[Change]:
        """Return how grades differ from those that were published. Raises `UserError`."""
        changes = []
        for each in graded:
            old = self._grades.get(each.submission)
            if old is None or old["points"] is None or each.grade.skipped:
                continue
            try:
                change = change_of(each.submission, old, each.grade)
            except (KeyError, TypeError, AttributeError) as error:
                raise UserError(
                    f"{self._path}: {each.submission}: expected a grade, found none: {error}"
                ) from error
            if change is not None:
                changes.append(change)
        return changes


def read_results(path: Path) -> dict[str, Mapping[str, Any]]:
    """Return the grades in a results.json, by the names of submissions. Raises `UserError` and
    `OSError`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(each["submission"]): {**each, "points": each["points"]} for each in content}
    except (ValueError, KeyError, TypeError) as error:
        advice = "name a folder that ./checker.py grade has written"
        raise UserError(
            f"{path}: expected the results of a batch, found {error}", advice
        ) from error


def require_not_lower(changes: Sequence[Change], what: str, written: str) -> None:
    """Raise `Lowered` if a grade, or ``what`` else was published, would become lower. ``written``
    is what is not written then."""
    lowered = [change.name for change in changes if change.lower]
    if lowered:
        names = ", ".join(lowered[:_NAMED])
        more = f" and {len(lowered) - _NAMED} more" if len(lowered) > _NAMED else ""
        raise Lowered(
            f"expected no published {what} to become lower, found {len(lowered)}: {names}{more}",
            f"no {written} was written; --lower accepts them",
        )
