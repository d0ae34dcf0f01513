"""Students with suites of their own are graded side by side, and as they arrive."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import checker
from harness.execution.build import ROOT
from submissions import mistaken, plain

STUDENTS = ("anna", "bert", "cleo")
PATIENCE = 120
"""Seconds in which a slow machine under load grades a submission."""
SUITE = f"""
extends = "{ROOT}/tests/suite.toml"
only = ["malloc-split-first", "malloc-preallocate"]
"""

pytestmark = pytest.mark.xdist_group("per student")


@pytest.fixture(scope="module", name="course")
def fixture_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the suites of students, and what two of them hand in."""
    top = tmp_path_factory.mktemp("course")
    (top / "few.toml").write_text(SUITE)
    (top / "students.txt").write_text("\n".join(STUDENTS))
    made = checker(
        *("variant", top / "autumn", "--suite", top / "few.toml", "--per-student", "2026"),
        *("--students", top / "students.txt"),
    )
    assert made.returncode == 0, made.stderr
    plain(top / "submissions" / "anna" / "src")
    mistaken(top / "submissions" / "bert" / "src", "preallocate-whole")
    plain(top / "submissions" / "cleo" / "src")
    return top


def command(course: Path, submissions: Path, out: Path, *options: str) -> list[str]:
    words = (ROOT / "checker.py", "grade", submissions, "--out", out, "--no-style")
    per_student = ("--per-student", course / "autumn", "--seed", "the same")
    return [*map(str, (*words, *per_student)), *options]


def files_of(out: Path) -> dict[str, bytes]:
    """What a batch has written, but for how long it took and its database."""
    files = {str(path.relative_to(out)): path for path in out.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in files.items()
        if not name.startswith(("grades.sqlite", "timing.json"))
    }


def test_students_are_graded_side_by_side_with_the_same_results(
    course: Path, tmp_path: Path
) -> None:
    for jobs in ("1", "2"):
        options = ("--jobs", jobs, "--progress", "json")
        words = command(course, course / "submissions", tmp_path / jobs, *options)
        ended = subprocess.run(words, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
    events = [json.loads(line) for line in ended.stderr.splitlines()]
    first_done = next(at for at, each in enumerate(events) if each["event"] == "done")
    begun = [each["worker"] for each in events[:first_done] if each["event"] == "begun"]
    assert set(begun) == {"1", "2"}
    assert files_of(tmp_path / "1") == files_of(tmp_path / "2")
    results = json.loads((tmp_path / "2" / "results.json").read_text())
    assert [each["submission"] for each in results] == list(STUDENTS)
    assert len({each["origin"]["suite"] for each in results}) == len(STUDENTS)


def points(out: Path) -> dict[str, str]:
    path = out / "gradebook.csv"
    if not path.exists():
        return {}
    with path.open(newline="") as table:
        return {row["submission"]: row["points"] for row in csv.DictReader(table)}


def wait_for(out: Path, submission: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while submission not in points(out):
        assert time.monotonic() < deadline, f"{submission} is not graded"
        time.sleep(0.1)


@pytest.fixture(name="watch")
def fixture_watch(course: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "submissions").mkdir()
    words = command(course, tmp_path / "submissions", tmp_path / "out", "--watch")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        yield it
        it.kill()


def test_whoever_arrives_is_graded_with_a_suite_of_their_own(
    watch: subprocess.Popen[str], tmp_path: Path
) -> None:
    handed_in, out = tmp_path / "submissions", tmp_path / "out"
    for name in ("cleo", "zoe", "anna"):
        plain(handed_in / name / "src")
        if name != "zoe":
            wait_for(out, name)
    watch.send_signal(signal.SIGTERM)
    stdout, stderr = watch.communicate()
    assert watch.returncode == 2, stderr
    assert "Left out, without a suite of their own: zoe" in stdout
    assert points(out) == {"anna": "5", "cleo": "5"}
    results = json.loads((out / "results.json").read_text())
    assert len({each["origin"]["suite"] for each in results}) == 2
