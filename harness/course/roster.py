"""The roster of a course: who its students are, as a table in CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from harness.errors import UserError

_COLUMNS = {
    "id": ("id", "id number", "student id", "sid"),
    "name": ("name", "full name"),
    "first name": ("first name",),
    "last name": ("last name", "surname"),
    "e-mail": ("e-mail", "email", "email address"),
    "group": ("group", "groups", "section"),
    "late days": ("late days",),
    "extension": ("extension",),
    "override": ("override",),
    "reason": ("reason",),
    "comment": ("comment",),
    "login": ("login", "github_username"),
    "participant": ("participant", "identifier"),
    "canvas": ("canvas",),
}
"""The columns, and what other systems call them."""
_BY_HEADING = {heading: name for name, headings in _COLUMNS.items() for heading in headings}
_BY_HOURS = re.compile(r"\+(?P<number>\d{1,4}) *(?P<unit>[dh])")
_MOST_POINTS = 1_000_000
_UNITS = {"d": "days", "h": "hours"}


class RosterError(UserError):
    """A roster can't be used; the message names its file and line."""


@dataclass(frozen=True, slots=True)
class Extension:
    """More time for a student: until a time, or so much longer than the others."""

    until: datetime | None
    days: int = 0
    """So many days later, at the same time of the day."""
    hours: int = 0

    def moves(self, due: datetime) -> datetime:
        """Return when the student's work is due, never before the others'."""
        if self.until is not None:
            return max(due, self.until, key=utc)
        # Python adds to the time of the clock: that is right for days, but not for hours.
        later = utc(due + timedelta(days=self.days)) + timedelta(hours=self.hours)
        return later.astimezone(due.tzinfo)


@dataclass(frozen=True, slots=True)
class Student:
    """A student of the course."""

    id: str
    name: str
    email: str = ""
    group: str = ""
    late_days: int = 0
    """How many days may be late without a penalty."""
    extension: Extension | None = None
    override: Decimal | None = None
    """The points that count in place of all others."""
    reason: str = ""
    """Why there is an override."""
    comment: str = ""
    login: str = ""
    """The name at GitHub."""
    participant: str = ""
    """The number by which Moodle names the student's submissions."""
    canvas: str = ""
    """The number of the student in Canvas."""


def utc(time: datetime) -> datetime:
    """Return a time to be compared: within one time zone, Python compares times of the clock, which
    come twice when clocks are put back."""
    return time.astimezone(timezone.utc)


def read_roster(path: Path, zone: ZoneInfo) -> tuple[Student, ...]:
    """Read a roster, in its order. Times are in ``zone``. Raises `RosterError` and `OSError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RosterError(f"{path}: expected UTF-8, found {error.reason}") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise RosterError(f"{path}: expected a table in CSV, found {error}") from error
    if not rows:
        raise RosterError(f"{path}: expected a line of headings, found nothing")
    names = [_column(path, heading) for heading in rows[0]]
    students: dict[str, Student] = {}
    for number, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row):
            student = _Line(path, number, dict(zip(names, map(str.strip, row)))).student(zone)
            if student.id in students:
                where = f"{path}:{number}: id"
                raise RosterError(f"{where}: expected each id once, found {student.id!r} again")
            students[student.id] = student
    return tuple(students.values())


def _column(path: Path, heading: str) -> str:
    name = _BY_HEADING.get(" ".join(heading.casefold().split()))
    if name is None:
        known = ", ".join(_COLUMNS)
        raise RosterError(f"{path}:1: expected the columns {known}, found {heading!r}")
    return name


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the table."""

    path: Path
    number: int
    cells: Mapping[str, str]

    def student(self, zone: ZoneInfo) -> Student:
        override = self._override()
        return Student(
            self._needed("id", self._text("id")),
            self._needed("name", self._name()),
            self._text("e-mail"),
            self._text("group"),
            self._late_days(),
            self._extension(zone),
            override,
            self._text("reason")
            if override is None
            else self._needed("reason", self._text("reason")),
            self._text("comment"),
            self._text("login"),
            self._text("participant").removeprefix("Participant").strip(),
            self._text("canvas"),
        )

    def _text(self, name: str) -> str:
        return self.cells.get(name, "")

    def _name(self) -> str:
        return self._text("name") or f"{self._text('first name')} {self._text('last name')}".strip()

    def _needed(self, name: str, value: str) -> str:
        if not value:
            more = " for the override" if name == "reason" else ""
            raise self._error(name, f"a text{more}", "none")
        return value

    def _late_days(self) -> int:
        text = self._text("late days") or "0"
        if not re.fullmatch(r"[0-9]{1,4}", text):
            raise self._error("late days", "a whole number", repr(text))
        return int(text)

    def _override(self) -> Decimal | None:
        text = self._text("override")
        if not text:
            return None
        try:
            points = Decimal(text)
        except InvalidOperation:
            points = Decimal("NaN")
        if not points.is_finite() or not 0 <= points <= _MOST_POINTS:
            raise self._error("override", "points, 0 or more", repr(text))
        return points

    def _extension(self, zone: ZoneInfo) -> Extension | None:
        text = self._text("extension")
        if not text:
            return None
        if match := _BY_HOURS.fullmatch(text):
            return Extension(None, **{_UNITS[match["unit"]]: int(match["number"])})
        try:
            until = datetime.fromisoformat(text)
        except ValueError as error:
            expected = "a time such as 2026-12-01T23:59, or as +2d or +12h"
            raise self._error("extension", expected, repr(text)) from error
        until = until.replace(tzinfo=zone) if until.tzinfo is None else until.astimezone(zone)
        return Extension(until)

    def _error(self, name: str, expected: str, found: str) -> RosterError:
        return RosterError(f"{self.path}:{self.number}: {name}: expected {expected}, found {found}")
