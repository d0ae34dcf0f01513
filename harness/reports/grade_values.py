"""A grade as values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from harness.reports.diagnosis import Told
from harness.results.grade import Graded
from harness.text import printable_lines

_TRACE = ("trace", "lines")
"""What the trace of a test comes to: it has files of its own."""


def grade_values(graded: Graded) -> dict[str, Any]:
    """Return the whole grade, except the traces. All texts in it are printable."""
    grade = graded.grade
    told = Told(grade.diagnosis, grade.tests)
    return {
        "submission": _values(graded.submission),
        "points": None if grade.skipped else grade.points,
        "max_points": grade.max_points,
        **_fields(
            grade,
            tests=[_fields(test, _TRACE) for test in grade.tests],
            flags=_values(graded.flags),
            diagnosis=_values(told.as_values()),
        ),
        "observed": _values(told.observed_as_values()),
    }


def _fields(part: Any, left_out: Sequence[str] = (), **given: Any) -> dict[str, Any]:
    """Return the fields of a part of a grade; those whose values are given in place of its own."""
    names = (each.name for each in fields(part) if each.name not in left_out)
    return {name: given[name] if name in given else _values(getattr(part, name)) for name in names}


def _values(value: Any) -> Any:
    match value:
        case str():
            return value if value.isprintable() else "\n".join(printable_lines(value))
        case list() | tuple():
            return [_values(item) for item in value]
        case dict():
            return {key: _values(item) for key, item in value.items()}
    return _fields(value) if is_dataclass(value) else value
