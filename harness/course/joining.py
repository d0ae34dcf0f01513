"""Joining submissions with students: the latest of each student's counts, and all are named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from harness.course.deadlines import closes_for, deadline_of
from harness.course.names import FIELDS, UnreadName, NameRules, read_name
from harness.course.platform_lists import Listed, read_list
from harness.course.roster import Student, read_roster, utc
from harness.course.settings import Course
from harness.grading.batch import Submission, list_folder

_WORD = re.compile(r"[^\W_]+")
"""A word of a name. Moodle has blanks in place of underscores."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A submission, and when it was handed in."""

    name: str
    """As the results name it."""
    path: Path
    time: datetime
    time_from: str
    """What tells the time: the name, the platform's list, or the file."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A submission of a student that does not count, and why."""

    submission: HandedIn
    reason: str


@dataclass(frozen=True, slots=True)
class Joined:
    """The submissions of a course, by the ids of students."""

    counted: Mapping[str, HandedIn]
    ignored: Mapping[str, Sequence[Ignored]]
    """Those of a student that don't count."""
    unmatched: Mapping[str, str]
    """Submissions without a student, by name, and why they have none."""


def join(course: Course, students: Sequence[Student]) -> Joined:
    """Join all in the folder of submissions with students. Raises `UserError` and `OSError`."""
    found = _find(course, students)
    counted: dict[str, HandedIn] = {}
    ignored: dict[str, list[Ignored]] = {}
    for student in students:
        owners = _group(student, students) if course.groups_share else [student]
        mine = _submissions(owners, found.by_student)
        in_time, ignored[student.id] = _split(student, mine, course)
        if in_time:
            *earlier, latest = sorted(in_time, key=lambda each: (utc(each.time), each.name))
            counted[student.id] = latest
            ignored[student.id] += [Ignored(each, "a later one counts") for each in earlier]
    return Joined(counted, ignored, found.unmatched)


def owners_of(course: Course) -> dict[str, list[str]]:
    """Return the ids of the students who have handed in each submission, by its name. Raises
    `UserError` and `OSError`."""
    owners: dict[str, list[str]] = {}
    for student, handed_in in _find(
        course, read_roster(course.roster, course.zone)
    ).by_student.items():
        for each in handed_in:
            owners.setdefault(each.name, []).append(student)
    return owners


def _group(student: Student, students: Iterable[Student]) -> list[Student]:
    """Return the students of a student's group."""
    if not student.group:
        return [student]
    return [each for each in students if each.group == student.group]


def _submissions(
    owners: Iterable[Student], found: Mapping[str, Sequence[HandedIn]]
) -> list[HandedIn]:
    """Return what any of these students has handed in, each once."""
    unique = {each.name: each for owner in owners for each in found.get(owner.id, ())}
    return list(unique.values())


def _split(
    student: Student, submissions: Iterable[HandedIn], course: Course
) -> tuple[list[HandedIn], list[Ignored]]:
    """Return the submissions before the deadline closed, and the others."""
    deadline = deadline_of(student, course.deadlines)
    closes = closes_for(student, deadline) if deadline else None
    in_time: list[HandedIn] = []
    after: list[Ignored] = []
    for each in submissions:
        if closes is None or utc(each.time) <= utc(closes):
            in_time.append(each)
        else:
            after.append(Ignored(each, f"handed in after {shown(closes)}"))
    return in_time, after


def shown(time: datetime) -> str:
    """Return a time with its zone, to the second."""
    return time.isoformat(" ", "seconds")


# ---- Whose submissions are -----------------------------------------------------------------------


@dataclass(slots=True)
class _Found:
    by_student: dict[str, list[HandedIn]] = field(default_factory=dict)
    unmatched: dict[str, str] = field(default_factory=dict)


def _find(course: Course, students: Sequence[Student]) -> _Found:
    rules, known = course.names, _Known(students)
    listed = read_list(rules, course.zone)
    found = _Found()
    for submission in list_folder(course.submissions).submissions:
        if rules.list is not None and submission.path.resolve() == rules.list.resolve():
            continue
        try:
            handed_in, owners = _owners(submission, rules, listed, known, course.zone)
        except UnreadName as error:
            found.unmatched[submission.name] = str(error)
            continue
        for owner in owners:
            found.by_student.setdefault(owner.id, []).append(handed_in)
    return found


def _owners(
    submission: Submission,
    rules: NameRules,
    listed: Mapping[str, Listed],
    known: _Known,
    zone: ZoneInfo,
) -> tuple[HandedIn, list[Student]]:
    """Return a submission with its time, and whose it is. Raises `UnreadName`."""
    named = read_name(submission.path.name, rules, zone)
    time, time_from = named.time, "the file's name"
    told: Sequence[Mapping[str, str]] = (named.fields,)
    entry = named.fields.get("submission") or named.fields.get("repository") or ""
    if rules.list is not None:
        if entry not in listed:
            raise UnreadName(f"{rules.list.name} does not list it")
        told = listed[entry].students
        time, time_from = listed[entry].time, f"{rules.list.name}"
    owners = [known.student(fields) for fields in told]
    if time is None:
        time, time_from = _modified(submission.path), "the time its file was changed"
    time = time.astimezone(zone)
    return HandedIn(submission.name, submission.path, time, time_from), owners


def _modified(path: Path) -> datetime:
    """Return when a file, or the last file in a folder, was changed."""
    files = [each for each in path.rglob("*") if not each.is_dir()] if path.is_dir() else []
    latest = max(each.lstat().st_mtime for each in files or [path])
    return datetime.fromtimestamp(latest, timezone.utc)


class _Known:
    """The students of a roster, by what tells them apart."""

    def __init__(self, students: Sequence[Student]) -> None:
        self._students = students
        self._by: dict[tuple[str, str], list[Student]] = {}
        for student in students:
            for name in FIELDS:
                if key := _key(name, getattr(student, name)):
                    self._by.setdefault((name, key), []).append(student)

    def student(self, fields: Mapping[str, str]) -> Student:
        """Return the only student that the fields tell. Raises `UnreadName`."""
        reasons = []
        for name in FIELDS:
            if name in fields:
                found = self._by.get((name, _key(name, fields[name])), [])
                if len(found) == 1:
                    return found[0]
                reasons.append(_reason(name, fields[name], found))
        if "repository" in fields:
            return self._by_login(fields["repository"])
        raise UnreadName("; ".join(reasons) or "the name tells no student")

    def _by_login(self, repository: str) -> Student:
        """Return the student whose name at GitHub ends that of a repository."""
        lower = repository.casefold()
        ends = [s for s in self._students if s.login and lower.endswith(f"-{s.login.casefold()}")]
        if not ends:
            raise UnreadName(f"no student of the roster has a login that {repository!r} ends with")
        return max(ends, key=lambda student: len(student.login))


def _reason(name: str, value: str, found: Sequence[Student]) -> str:
    if not found:
        return f"no student of the roster has the {name} {value!r}"
    ids = ", ".join(student.id for student in found)
    return f"{len(found)} students have the {name} {value!r}: {ids}"


def _key(name: str, value: str) -> str:
    """Return what is equal for two ways to write the same; names count word by word."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return " ".join(sorted(_WORD.findall(folded))) if name == "name" else folded.strip()
