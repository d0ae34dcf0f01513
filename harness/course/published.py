"""Totals that were published, compared with those of today.

Both are read from the table in CSV: a published one is all that remains of a course of then.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from harness.course.columns import TEST
from harness.course.exports import as_csv
from harness.course.table import Table
from harness.errors import UserError
from harness.results.changes import Change, TestChange

_NEEDED = (
    *("id", "name", "submission", "due", "status", "style", "points", "days late"),
    *("late days used", "penalty", "override", "total"),
)
_Cells = Mapping[str, str]


class PublishedTable:
    """The rows of a table in CSV, by the ids of students."""

    def __init__(self, path: Path) -> None:
        """Read a table that was written before. Raises `UserError` and `OSError`."""
        self._path = path
        try:
            self._rows = _rows(path.read_text(encoding="utf-8-sig"))
        except (UnicodeDecodeError, csv.Error) as error:
            raise self._error("a table in CSV", str(error)) from error
        headings: _Cells = next(iter(self._rows.values()), {})
        if missing := [name for name in _NEEDED if name not in headings]:
            raise self._error("the columns of a table", f"no {missing[0]!r}")

    def changes(self, table: Table) -> list[Change]:
        """Return how totals differ from those that were published. Raises `UserError`."""
        changes = []
        for student, new in _today(table).items():
            old = self._rows.get(student)
            before, after = self._total(old) if old else None, self._total(new)
            if before != after:
                name = f"{student} {new['name']}"
                tests = tuple(_tests(old, new)) if old else ()
                causes = tuple(_causes(old, new)) if old else ("new in the roster",)
                changes.append(Change(name, before, after, tests, causes))
        return changes

    def gone(self, table: Table) -> list[str]:
        """Return the students who were published, and are no longer in the roster."""
        today = _today(table)
        return [
            f"{student} {row['name']}"
            for student, row in self._rows.items()
            if student not in today
        ]

    def _total(self, row: _Cells) -> Decimal | None:
        try:
            return Decimal(row["total"]) if row["total"] else None
        except InvalidOperation as error:
            raise self._error(f"points as the total of {row['id']}", repr(row["total"])) from error

    def _error(self, expected: str, found: str) -> UserError:
        advice = "name a file that ./checker.py table has written as csv"
        return UserError(f"{self._path}: expected {expected}, found {found}", advice)


def _rows(text: str) -> dict[str, _Cells]:
    lines = csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True)
    return {row.get("id", ""): row for row in lines}


def _today(table: Table) -> dict[str, _Cells]:
    return _rows(as_csv(table).decode("utf-8-sig"))


def _causes(old: _Cells, new: _Cells) -> Iterator[str]:
    """Yield why a student's total differs: an override alone, or all that the total is made of."""
    if old["override"] != new["override"]:
        yield _differs("override", old, new) + (f", {new['reason']}" if new["override"] else "")
        return
    for name in ("submission", "status"):
        if old[name] != new[name]:
            yield _differs(name, old, new)
    if old["points"] and new["points"]:
        yield from _causes_in_points(old, new)


def _causes_in_points(old: _Cells, new: _Cells) -> Iterator[str]:
    told = ("points", "due", "days late", "late days used")
    changed = [_differs(name, old, new) for name in told if old[name] != new[name]]
    yield from changed
    if old["penalty"] != new["penalty"]:
        yield _differs("penalty", old, new) + ("" if changed else ", by other rules for lateness")


def _tests(old: _Cells, new: _Cells) -> Iterator[TestChange]:
    """Yield the tests, and the style, that give other points, if these count."""
    if new["override"] or not (old["points"] and new["points"]):
        return
    for heading in {**old, **new}:
        before, after = old.get(heading, ""), new.get(heading, "")
        if (heading.startswith(TEST) or heading == "style") and before != after:
            yield TestChange(heading.removeprefix(TEST), before or "none", after or "none")


def _differs(name: str, old: _Cells, new: _Cells) -> str:
    return f"{name} {old[name] or 'none'} -> {new[name] or 'none'}"
