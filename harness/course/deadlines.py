"""Deadlines, and what it costs to be late.

A day that has begun counts as a whole one, also if clocks change on it. A student's own late days
are used up first; what is left costs points. What is handed in after a deadline has closed does
not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from harness.course.roster import Student, utc
from harness.suite import SuiteError, check_keys, list_of, number_within, whole_number

_DAY = timedelta(days=1)
_CENT = Decimal("0.01")
_UNITS = ("points", "percent")
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Deadline:
    """When submissions are due."""

    due: datetime
    closes: datetime | None
    """From then on nothing counts; None is never."""
    groups: tuple[str, ...]
    """The groups that it is for, or patterns of them; none is all students."""

    def is_for(self, student: Student) -> bool:
        """Whether it is the deadline of a student's group."""
        return not self.groups or any(fnmatchcase(student.group, each) for each in self.groups)


@dataclass(frozen=True, slots=True)
class LateRules:
    """What a late day costs."""

    per_day: Decimal = Decimal(0)
    unit: str = "points"
    """``points``, or ``percent`` of the points earned."""
    most: Decimal | None = None
    """The most that all days cost, in the same unit."""
    grace: timedelta = timedelta(0)
    """How much later than due is not late."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late a submission was, and what that costs."""

    due: datetime | None
    """When it was due for this student; None if there is no deadline."""
    closes: datetime | None
    days: int
    free: int
    """How many of the days are the student's own late days."""
    penalty: Decimal
    """The points that the others cost."""


def read_deadlines(path: Path, tables: object, zone: ZoneInfo) -> tuple[Deadline, ...]:
    """Read ``[[deadline]]``. Raises `SuiteError`."""
    if not isinstance(tables, list):
        raise SuiteError(f"{path}: deadline: expected [[deadline]], found {tables!r}")
    return tuple(_read_deadline(path, table, zone) for table in tables)


def _read_deadline(path: Path, table: object, zone: ZoneInfo) -> Deadline:
    values = check_keys(path, "deadline", table, ("due", "closes", "groups"))
    groups = list_of("names", path, "deadline", values, "groups", [])
    due = _time(path, "due", values.get("due"), zone)
    closes = _time(path, "closes", values["closes"], zone) if "closes" in values else None
    if closes is not None and utc(closes) < utc(due):
        raise SuiteError(f"{path}: deadline: closes: expected a time after {due}, found {closes}")
    return Deadline(due, closes, tuple(groups))


def _time(path: Path, key: str, value: object, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        expected = "a time such as 2026-12-01T23:59:00"
        raise SuiteError(f"{path}: deadline: {key}: expected {expected}, found {value!r}")
    return in_zone(value, zone)


def in_zone(time: datetime, zone: ZoneInfo) -> datetime:
    """Return a time in a zone, which it is taken to be in if it names none."""
    return time.replace(tzinfo=zone) if time.tzinfo is None else time.astimezone(zone)


def read_late(path: Path, table: object) -> LateRules:
    """Read ``[late]``. Raises `SuiteError`."""
    values = check_keys(path, "late", table, ("per_day", "unit", "most", "grace_minutes"))
    unit = values.get("unit", "points")
    if unit not in _UNITS:
        raise SuiteError(f"{path}: late: unit: expected {' or '.join(_UNITS)}, found {unit!r}")
    return LateRules(
        _amount(path, values, "per_day") or Decimal(0),
        unit,
        _amount(path, values, "most"),
        timedelta(minutes=whole_number(path, "late", values, "grace_minutes", 0)),
    )


def _amount(path: Path, values: dict[str, Any], key: str) -> Decimal | None:
    if key not in values:
        return None
    return Decimal(str(number_within(path, "late", values, key, (0, _MOST))))


def deadline_of(student: Student, deadlines: tuple[Deadline, ...]) -> Deadline | None:
    """Return the first deadline for a student's group; None if there is none."""
    return next((each for each in deadlines if each.is_for(student)), None)


def due_for(student: Student, deadline: Deadline) -> datetime:
    """Return when a student's work is due, with the extension."""
    return student.extension.moves(deadline.due) if student.extension else deadline.due


def closes_for(student: Student, deadline: Deadline) -> datetime | None:
    """Return from when on nothing of a student counts, with the extension; None is never."""
    if deadline.closes is None:
        return None
    return max(deadline.closes, due_for(student, deadline), key=utc)


def lateness(
    student: Student,
    submitted: datetime | None,
    points: int,
    deadlines: tuple[Deadline, ...],
    rules: LateRules,
) -> Lateness:
    """Return how late a student's submission was, and what that costs of its points."""
    deadline = deadline_of(student, deadlines)
    if deadline is None:
        return Lateness(None, None, 0, 0, Decimal(0))
    due, closes = due_for(student, deadline), closes_for(student, deadline)
    if submitted is None:
        return Lateness(due, closes, 0, 0, Decimal(0))
    days = _days_between(due, submitted) if utc(submitted) - utc(due) > rules.grace else 0
    free = min(days, student.late_days)
    return Lateness(due, closes, days, free, _penalty(days - free, points, rules))


def _days_between(due: datetime, submitted: datetime) -> int:
    """Return how many days have begun after the deadline. Each ends at its time of the day, and
    not before 24 hours: a day on which clocks change is one day."""
    by_hours = utc(submitted) - utc(due)
    by_clock = submitted.astimezone(due.tzinfo).replace(tzinfo=None) - due.replace(tzinfo=None)
    return max(1, -(-min(by_hours, by_clock) // _DAY))


def _penalty(days: int, points: int, rules: LateRules) -> Decimal:
    amount = days * rules.per_day
    if rules.most is not None:
        amount = min(amount, rules.most)
    if rules.unit == "percent":
        amount = amount * points / 100
    return min(amount, Decimal(points)).quantize(_CENT, ROUND_HALF_UP)
