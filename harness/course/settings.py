"""The settings of a course: the file course.toml, read strictly.

docs/course-table.md lists all keys. Paths are relative to the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from harness.course.deadlines import Deadline, LateRules, read_deadlines, read_late
from harness.course.hints import Hints, read_hints
from harness.course.names import NameRules, read_names
from harness.course.similarity_rules import SimilarityRules, read_similarity
from harness.course.translation import known_locales
from harness.course.visibility import Show, When, read_shows
from harness.errors import UserError
from harness.execution.build import ROOT
from harness.suite import Suite, check_keys, load_suite

_T = TypeVar("_T")
_KEYS = (
    *("assignment", "suite", "roster", "submissions", "results", "time_zone", "locale"),
    *("groups_share", "names", "deadline", "late", "show", "hints", "similarity"),
)


class CourseError(UserError):
    """A course's file can't be used; the message names it, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Course:
    """The settings of a course."""

    path: Path
    assignment: str
    """What the assignment is called in other systems."""
    suite: Suite
    roster: Path
    submissions: Path
    results: Path
    zone: ZoneInfo
    """The time zone of times without one of their own, and of those that are shown."""
    locale: str
    groups_share: bool
    """Whether the students of a group share their submissions."""
    names: NameRules
    deadlines: tuple[Deadline, ...]
    late: LateRules
    shows: tuple[Show, ...]
    hints: Hints
    similarity: SimilarityRules


def load_course(path: Path) -> Course:
    """Read the settings of a course. Raises `UserError`."""
    content = check_keys(path, "course", _parse(path), _KEYS)
    folder = path.parent
    zone = _zone(path, content.get("time_zone", "UTC"))
    suite = load_suite(folder / content["suite"] if "suite" in content else _default_suite())
    deadlines = read_deadlines(path, content.get("deadline", []), zone)
    shows = read_shows(path, content.get("show", []), suite)
    if not deadlines and any(show.when is When.AFTER_DUE for show in shows):
        raise CourseError(f"{path}: show: after-due: expected a [[deadline]], found none")
    return Course(
        path,
        _value(path, content, "assignment", str, "malloc"),
        suite,
        folder / _value(path, content, "roster", str, "roster.csv"),
        folder / _value(path, content, "submissions", str, "submissions"),
        folder / _value(path, content, "results", str, "results"),
        zone,
        _locale(path, content.get("locale", "en")),
        _value(path, content, "groups_share", bool, False),
        read_names(path, content.get("names", {})),
        deadlines,
        read_late(path, content.get("late", {})),
        shows,
        read_hints(path, content.get("hints", {}), suite),
        read_similarity(path, content.get("similarity", {})),
    )


def _default_suite() -> Path:
    return ROOT / "tests" / "suite.toml"


def _parse(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        advice = "docs/course-table.md shows how to write one"
        raise CourseError(f"{path}: can't be read: {error.strerror}", advice) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: not a TOML file: {error}") from error
    if not isinstance(content.get("suite", ""), str):
        raise CourseError(f"{path}: suite: expected a path, found {content['suite']!r}")
    return content


def _value(
    path: Path, content: dict[str, Any], key: str, kind: Callable[..., _T], default: _T
) -> _T:
    value = content.get(key, default)
    if type(value) is not kind or value == "":
        expected = "true or false" if kind is bool else "a text"
        raise CourseError(f"{path}: {key}: expected {expected}, found {value!r}")
    return cast(_T, value)


def _zone(path: Path, name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError) as error:
        raise CourseError(
            f"{path}: time_zone: expected a name such as 'Europe/Berlin', found {name!r}"
        ) from error


def _locale(path: Path, name: object) -> str:
    known = known_locales()
    if name not in known:
        raise CourseError(f"{path}: locale: expected one of {', '.join(known)}, found {name!r}")
    return str(name)
