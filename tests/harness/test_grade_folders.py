"""What `grade` reads and writes: every entry of a folder is accounted for, and none is changed."""

from __future__ import annotations

import csv
import json
import os
import re
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.execution.build import ROOT

HANDED_IN = "submissions"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A suite of one test, and a folder with a file that is refused at once."""
    (tmp_path / "short.toml").write_text(
        f'extends = "{ROOT}/tests/suite.toml"\nrandomized = []\nonly = ["malloc-arrays"]\n'
    )
    (tmp_path / HANDED_IN).mkdir()
    (tmp_path / HANDED_IN / "words.txt").write_text("I did not manage to do it.")
    return tmp_path


def command(top: Path, submissions: Path | str, out: Path | str, *options: str) -> list[str]:
    words = (ROOT / "checker.py", "grade", top / submissions, "--out", top / out)
    return [*map(str, words), "--suite", str(top / "short.toml"), *options]


def grade(
    top: Path, *options: str, out: str = "out", submissions: str = HANDED_IN, **env: str
) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        command(top, submissions, out, *options),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )
    assert "Traceback" not in ended.stderr
    return ended


def rows(top: Path) -> list[dict[str, str]]:
    with (top / "out" / "gradebook.csv").open(newline="") as table:
        return list(csv.DictReader(table))


def entries(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else ""
        for path in folder.rglob("*")
    }


# ---- Every entry is accounted for ----------------------------------------------------------------


def test_every_entry_is_accounted_for(top: Path) -> None:
    junk = (".DS_Store", "._words.txt", "Thumbs.db")
    for name in (".hidden.zip", *junk):
        (top / HANDED_IN / name).write_text("no archive")
    (top / HANDED_IN / "folder").mkdir()
    lines = grade(top).stdout.splitlines()
    assert lines[:2] == ["3 graded", "3 submissions: 3 refused"]
    assert f"Left out, as no submissions: {', '.join(junk)}" in lines
    assert [row["submission"] for row in rows(top)] == [".hidden.zip", "folder", "words.txt"]


def test_what_was_not_chosen_is_counted(top: Path) -> None:
    for number in range(3):
        (top / HANDED_IN / f"{number}.txt").write_text(f"{number}")
    lines = grade(top, "--only", "words.txt").stdout.splitlines()
    assert lines[:2] == ["1 graded", "4 submissions: 1 refused, 3 not graded yet"]


ALIKE = (
    (b"\xff.zip", b"\\xff.zip", b"\xc3\xbf.zip", b"\xfe.zip"),
    (b"a\x01.zip", b"a\x02.zip", b"a\\x01.zip", b"a\xc2\x81.zip", b"a\x81.zip"),
    (b"a\xe2\x80\xaeb.zip", b"a\xe2\x80\xadb.zip"),
    (b"two\nlines", b"two\rlines", b"two lines"),
)


@pytest.mark.parametrize("names", ALIKE)
def test_no_two_names_are_printed_alike(top: Path, names: tuple[bytes, ...]) -> None:
    for name in names:
        Path(os.fsdecode(os.fsencode(top / HANDED_IN) + b"/" + name)).write_bytes(name)
    lines = grade(top).stdout.splitlines()
    count = len(names) + 1
    assert lines[1] == f"{count} submissions: {count} refused"
    printed = [row["submission"] for row in rows(top)]
    assert len(set(printed)) == count
    assert all(shown.isprintable() and "\ufffd" not in shown for shown in printed)
    assert len(list((top / "out" / "submissions").iterdir())) == count
    for shown in printed:
        again = grade(top, "--fresh", "--only", shown).stdout.splitlines()
        assert again[0] == "1 graded"


@pytest.mark.parametrize("target", ["nowhere", "link", "words.txt", "/etc", "/dev/zero"])
def test_a_link_is_refused_wherever_it_leads(top: Path, target: str) -> None:
    (top / HANDED_IN / "link").symlink_to(target)
    ended = grade(top)
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, "2 graded")
    assert rows(top)[0]["reason"] == "a symbolic link, not an archive or a folder"


# ---- Results stay apart from submissions ---------------------------------------------------------

OVERLAPS = {
    "the results in the submissions": (HANDED_IN, f"{HANDED_IN}/out", ()),
    "the results in a submission": (HANDED_IN, f"{HANDED_IN}/ana", ()),
    "the same folder": (HANDED_IN, HANDED_IN, ()),
    "the submissions in the results": (HANDED_IN, ".", ()),
    "the submissions deep in the results": (f"{HANDED_IN}/ana", ".", ()),
    "a link to the submissions": (HANDED_IN, "link", ()),
    "a link in the results": (HANDED_IN, "linked", ()),
    "a link to the results": ("with-link", "elsewhere", ()),
    "the database in the submissions": (HANDED_IN, "out", ("--db", "sqlite:///{top}/new.sqlite")),
}


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_results_among_submissions_are_refused(top: Path, overlap: str) -> None:
    submissions, out, options = OVERLAPS[overlap]
    (top / HANDED_IN / "ana").mkdir()
    (top / HANDED_IN / "ana" / "words.txt").write_text("no archive")
    (top / "link").symlink_to(HANDED_IN)
    (top / "linked").mkdir()
    (top / "linked" / "submissions").symlink_to(f"../{HANDED_IN}")
    (top / "elsewhere").mkdir()
    (top / "with-link").mkdir()
    (top / "with-link" / "ana").symlink_to("../elsewhere")
    before = entries(top)
    words = [option.format(top=top / HANDED_IN) for option in options]
    ended = grade(top, *words, out=out, submissions=submissions)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "outside of" in ended.stderr and ended.stderr.count("\n") == 1
    assert entries(top) == before


def test_temporary_files_among_submissions_are_refused(top: Path) -> None:
    ended = grade(top, TMPDIR=str(top / HANDED_IN))
    assert ended.returncode == 2
    assert "set TMPDIR to another" in ended.stderr and ended.stderr.count("\n") == 1


# ---- A database that can't be used ---------------------------------------------------------------


def damage_bytes(database: Path) -> None:
    database.write_bytes(b"no database" * 1000)


def damage_pages(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    database.write_bytes(content)


def other_tables(database: Path) -> None:
    database.unlink()
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE grades (name TEXT)")


def damage_grade(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE grades SET grade = x'00'")


@pytest.mark.parametrize("damage", [damage_bytes, damage_pages, other_tables, damage_grade])
def test_a_damaged_database_names_itself_and_the_way_out(
    top: Path, damage: Callable[[Path], None]
) -> None:
    assert grade(top).returncode == 0
    gradebook = (top / "out" / "gradebook.csv").read_bytes()
    database = top / "out" / "grades.sqlite"
    damage(database)
    ended = grade(top)
    assert ended.returncode == 2
    assert re.fullmatch(rf"Error: {database}: .*; --fresh, without --only, .*\n", ended.stderr)
    assert grade(top, "--fresh").returncode == 0
    assert (top / "out" / "gradebook.csv").read_bytes() == gradebook
    assert grade(top).stdout.startswith("1 known before\n")


def test_a_file_in_the_place_of_a_database_is_kept(top: Path) -> None:
    (top / "mine.txt").write_text("dear to me")
    assert grade(top, "--fresh", "--db", f"sqlite:///{top}/mine.txt").returncode == 0
    assert (top / "mine.txt.unusable").read_text() == "dear to me"


def test_a_database_in_use_is_left_alone(top: Path) -> None:
    assert grade(top).returncode == 0
    database = top / "out" / "grades.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        ended = grade(top, "--fresh")
        connection.rollback()
    assert ended.returncode == 2
    assert "wait until no other program uses it" in ended.stderr and ended.stderr.count("\n") == 1
    assert grade(top).stdout.startswith("1 known before\n")


# ---- The gradebook comes before the output -------------------------------------------------------


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "| true", ">&- 2>&- <&-"])
def test_an_output_that_takes_nothing_costs_no_gradebook(top: Path, redirection: str) -> None:
    words = ["sh", "-c", f'"$@" {redirection}', "sh", *command(top, HANDED_IN, "out")]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr
    assert [row["status"] for row in rows(top)] == ["refused"]
    (result,) = json.loads((top / "out" / "results.json").read_text())
    assert result["status"] == "refused"


def test_another_seed_than_that_of_the_grades_is_refused(top: Path) -> None:
    assert grade(top, "--seed", "one").returncode == 0
    results = top / "out" / "results.json"
    before = results.read_bytes()
    refused = grade(top, "--seed", "two")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert (
        f"{top}/out/grades.sqlite: expected grades with the seed 'two', found some with 'one'"
        in (refused.stderr)
    )
    assert "use another --out or --db, or start over with --fresh" in refused.stderr
    assert results.read_bytes() == before
    for options in (("--seed", "one"), ()):
        assert "1 known before" in grade(top, *options).stdout
    assert "1 graded" in grade(top, "--seed", "two", "--fresh").stdout
    assert "found some with 'two'" in grade(top, "--seed", "one").stderr
