"""The lists of submissions that platforms hand out: whose each is, and when it was handed in.

Gradescope's export has submission_metadata.yml, GitHub Classroom's grades.csv.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from harness.course.deadlines import in_zone
from harness.course.names import NameRules
from harness.errors import UserError


@dataclass(frozen=True, slots=True)
class Listed:
    """A submission in a platform's list."""

    students: tuple[Mapping[str, str], ...]
    """What tells each of those who handed it in, as in `harness.course.names.FIELDS`."""
    time: datetime | None


def read_list(rules: NameRules, zone: ZoneInfo) -> dict[str, Listed]:
    """Return the platform's list by the names of submissions; empty if there is none. Raises
    `UserError` and `OSError`."""
    if rules.list is None:
        return {}
    read = _gradescope if rules.platform == "gradescope" else _github
    try:
        return dict(read(rules.list, zone))
    except (yaml.YAMLError, csv.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{rules.list}: expected {rules.platform}'s list of submissions, found {reason}"
        ) from error


def _gradescope(path: Path, zone: ZoneInfo) -> Iterator[tuple[str, Listed]]:
    with path.open(encoding="utf-8") as file:
        content = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for name, values in content.items():
        students = tuple(map(_submitter, values[":submitters"]))
        time = values.get(":created_at")
        known = isinstance(time, datetime)
        yield str(name), Listed(students, in_zone(time, zone) if known else None)


def _submitter(values: Mapping[str, Any]) -> Mapping[str, str]:
    keys = {"id": ":sid", "email": ":email", "name": ":name"}
    return {field: str(values[key]) for field, key in keys.items() if values.get(key)}


def _github(path: Path, zone: ZoneInfo) -> Iterator[tuple[str, Listed]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            student = {"id": row["roster_identifier"], "login": row["github_username"]}
            told = row.get("submission_timestamp") or ""
            time = in_zone(datetime.fromisoformat(told), zone) if told else None
            yield row["student_repository_name"], Listed((student,), time)
