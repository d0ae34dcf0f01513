"""A course for the tests: a variant of the assignment, its kit, and thirty students, who hand in
what they made of the kit, as Moodle names it."""

from __future__ import annotations

import csv
import os
import shutil
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

from batches import write_suite
from command import checker
from submissions import mistaken, plain

BERLIN = ZoneInfo("Europe/Berlin")
DUE_A = datetime(2025, 3, 28, 23, 59, tzinfo=BERLIN)
DUE_B = datetime(2025, 4, 4, 23, 59, tzinfo=BERLIN)
HINT = "Compare the two loops on page 7."
ROSTER = (
    "id",
    "name",
    "e-mail",
    "group",
    "late days",
    "extension",
    "override",
    "reason",
    "comment",
)
FIRST_NAMES = ("Ada", "Zoë", "Łukasz", "Jürgen", "İpek", "Мария", "美咲", "O'Brien", "=Eve", "Ana")
LAST_NAMES = ("Lovelace", "Ångström", "d'Été")
ATTACHED = "assignsubmission_file_malloc.zip"

COURSE = f"""
assignment = "malloc"
suite = "autumn/suite.toml"
time_zone = "Europe/Berlin"
locale = "de"
[names]
platform = "moodle"
[[deadline]]
due = 2025-03-28T23:59:00
closes = 2025-04-11T23:59:00
groups = ["A"]
[[deadline]]
due = 2025-04-04T23:59:00
[late]
per_day = 2
most = 5
grace_minutes = 10
[[show]]
tests = ["calloc-arrays"]
when = "staff"
[hints.tests]
malloc-arrays = "{HINT}"
"""


class Class:
    """The folder of a course."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.submissions = folder / "submissions"
        self.submissions.mkdir()
        self.students = [
            {"id": str(1000 + n), "name": f"{first} {last}", "group": "AB"[n % 2]}
            for n, (last, first) in enumerate(product(LAST_NAMES, FIRST_NAMES))
        ]
        self.suite = write_suite(folder / "short.toml")
        # The allocator, which records the references, is built in more time than others need.
        text = self.suite.read_text()
        self.suite.write_text(text.replace("processor_seconds = 6", "processor_seconds = 60"))
        settings = ("fit=first", "alignment=16", "header_magic=0xC0FFEE")
        changes = [word for setting in settings for word in ("--set", setting)]
        _run("variant", folder / "autumn", "--suite", self.suite, "--no-diagnosis", *changes)
        _run("kit", folder / "kit", "--suite", folder / "autumn" / "suite.toml")
        self._sources = _write_sources(folder / "sources", folder / "kit")
        (folder / "course.toml").write_text(COURSE, encoding="utf-8")

    def hand_in(self, student: int, source: str, time: datetime, participant: int = 0) -> str:
        """Hand in an archive as Moodle names it, and return the name."""
        number = participant or 500 + student
        name = f"{self.students[student]['name']}_{number}_{ATTACHED}"
        path = self.submissions / name
        shutil.copy(self._sources[source], path)
        os.utime(path, (time.timestamp(), time.timestamp()))
        return name

    def change(self, student: int, **cells: str) -> None:
        """Change cells of a student's line in the roster."""
        self.students[student] |= {name.replace("_", " "): text for name, text in cells.items()}

    def write_roster(self) -> None:
        with (self.folder / "roster.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, [*ROSTER, "participant"], restval="", delimiter=";")
            writer.writeheader()
            writer.writerows(self.students)


def _run(*command: str | Path) -> None:
    ended = checker(*command)
    assert ended.returncode == 0, ended.stderr


def _write_sources(folder: Path, kit: Path) -> dict[str, Path]:
    """Write the few sources that all hand in, packed; some bring the utils of the kit along."""
    plain(folder / "right" / "src")
    shutil.copytree(kit / "utils", folder / "right" / "utils")
    shutil.copytree(kit / "src", folder / "untouched" / "src")
    mistaken(folder / "wrong" / "src", "realloc-copies-header-too-much")
    mistaken(folder / "zero" / "src", "malloc-zero-block")
    (folder / "broken" / "src").mkdir(parents=True)
    (folder / "broken" / "src" / "osmem.c").write_text("int os_malloc(void) { return 0 }\n")
    names = [path.name for path in folder.iterdir()]
    return {
        name: Path(shutil.make_archive(str(folder / name), "zip", folder / name)) for name in names
    }


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


LONG_AGO = datetime(2025, 3, 1, 12, tzinfo=timezone.utc)
