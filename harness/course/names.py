"""Whose a submission is, and when it was handed in, as far as its name or a platform tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from harness.course.deadlines import in_zone
from harness.errors import UserError
from harness.suite import SuiteError, check_keys

FIELDS = ("id", "email", "login", "participant", "canvas", "name")
"""What tells a student from others, the surest first. A Gradescope or GitHub submission is called
``submission`` in the platform's own list."""
_PATTERNS = {
    "moodle": r"(?P<name>[^_]+)_(?P<participant>\d+)_assignsubmission_(?:file|onlinetext)_?.*",
    "gradescope": r"(?P<submission>submission_\d+)(?:\..*)?",
    "github": r"(?P<repository>[^.]+)(?:\..*)?",
    "canvas": r"(?P<compact>[^_]+)(?:_LATE)?_(?P<canvas>\d+)_\d+_.*",
}
"""How platforms name what they hand out."""
PLATFORMS = tuple(_PATTERNS)
_KNOWN = (*FIELDS, "time")
_LISTS = {"gradescope": "submission_metadata.yml", "github": "grades.csv"}
"""The lists of submissions that platforms hand out beside them."""


@dataclass(frozen=True, slots=True)
class NameRules:
    """How to read the names of submissions."""

    pattern: re.Pattern[str]
    platform: str = ""
    """Empty for a pattern of one's own."""
    time_format: str = ""
    """How to read the group ``time`` of the pattern, as for ``strptime``."""
    list: Path | None = None
    """The platform's own list of submissions."""


@dataclass(frozen=True, slots=True)
class Named:
    """What the name of a submission tells."""

    fields: Mapping[str, str]
    time: datetime | None = None


class UnreadName(UserError):
    """The name of a submission can't be read; the message says why."""


def read_names(path: Path, table: object) -> NameRules:
    """Read ``[names]``. Raises `SuiteError`."""
    values = check_keys(path, "names", table, ("platform", "pattern", "time_format", "list"))
    for key, value in values.items():
        if not isinstance(value, str):
            raise SuiteError(f"{path}: names: {key}: expected a text, found {value!r}")
    platform, own = values.get("platform", ""), values.get("pattern", "")
    if bool(platform) == bool(own):
        found = "both" if own else "none"
        raise SuiteError(f"{path}: names: expected either platform or pattern, found {found}")
    if platform and platform not in _PATTERNS:
        known = ", ".join(PLATFORMS)
        raise SuiteError(f"{path}: names: platform: expected one of {known}, found {platform!r}")
    listed = values.get("list")
    if listed and platform not in _LISTS:
        raise SuiteError(f"{path}: names: list: expected one of {', '.join(_LISTS)} with it")
    if platform == "gradescope" and not listed:
        raise SuiteError(
            f"{path}: names: list: expected the path of {_LISTS[platform]}, found none"
        )
    pattern = re.compile(_PATTERNS[platform]) if platform else _own_pattern(path, own, values)
    time_format = values.get("time_format", "")
    return NameRules(pattern, platform, time_format, path.parent / listed if listed else None)


def _own_pattern(path: Path, text: str, values: Mapping[str, str]) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise SuiteError(
            f"{path}: names: pattern: expected a regular expression: {error}"
        ) from error
    if not pattern.groupindex or not set(pattern.groupindex) <= set(_KNOWN):
        known, found = ", ".join(_KNOWN), ", ".join(pattern.groupindex) or "none"
        raise SuiteError(f"{path}: names: pattern: expected groups named {known}, found {found}")
    if ("time" in pattern.groupindex) != ("time_format" in values):
        raise SuiteError(f"{path}: names: expected a group named time and time_format, or neither")
    return pattern


def read_name(name: str, rules: NameRules, zone: ZoneInfo) -> Named:
    """Return what a name tells. Raises `UnreadName`."""
    match = rules.pattern.fullmatch(name)
    if match is None:
        form = f"a name as {rules.platform} gives it" if rules.platform else rules.pattern.pattern
        raise UnreadName(f"expected {form}")
    fields = {field: text for field, text in match.groupdict().items() if text}
    time = fields.pop("time", None)
    if time is None:
        return Named(fields)
    try:
        return Named(fields, in_zone(datetime.strptime(time, rules.time_format), zone))
    except ValueError as error:
        raise UnreadName(f"expected a time as {rules.time_format}, found {time!r}") from error
