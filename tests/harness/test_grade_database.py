"""Grading with a database that is shared, old, or out of reach."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from harness.execution.build import ROOT
from harness.reports.timing import TIMING
from postgres import GUARDED, PASSWORD, Cluster

pytestmark = pytest.mark.xdist_group("postgres")

COUNT = 30
URL_PASSWORD = PASSWORD.replace("@", "%40")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A suite of one test, and a folder with files that are refused at once."""
    (tmp_path / "short.toml").write_text(
        f'extends = "{ROOT}/tests/suite.toml"\nrandomized = []\nonly = ["malloc-arrays"]\n'
    )
    (tmp_path / "submissions").mkdir()
    for number in range(COUNT):
        (tmp_path / "submissions" / f"{number:02}.txt").write_text(f"I am {number // 2}.")
    return tmp_path


def start(top: Path, out: str, *options: str) -> subprocess.Popen[str]:
    words = (ROOT / "checker.py", "grade", top / "submissions", "--out", top / out)
    same = ("--suite", str(top / "short.toml"), "--seed", "test", "--no-style")
    return subprocess.Popen(
        [*map(str, words), *same, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def grade(top: Path, out: str, *options: str) -> str:
    running = start(top, out, *options)
    stdout, stderr = running.communicate()
    assert (running.returncode, stderr) == (0, "")
    return stdout


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "sqlite" not in path.name and path.name != TIMING
    }


def test_two_batches_on_one_database_end_with_the_same_gradebook(top: Path, database: str) -> None:
    grade(top, "alone")
    batches = [start(top, out, "--db", database) for out in ("first", "second")]
    for batch in batches:
        _, stderr = batch.communicate()
        assert (batch.returncode, stderr) == (0, "")
    assert files(top / "first") == files(top / "second") == files(top / "alone")
    assert grade(top, "third", "--db", database).startswith(f"{COUNT} known before\n")


def test_a_database_from_before_keeps_its_grades(top: Path) -> None:
    grade(top, "out")
    before = files(top / "out")
    with sqlite3.connect(top / "out" / "grades.sqlite") as old:
        (rules,) = old.execute("SELECT DISTINCT rules FROM submissions").fetchone()
        for table, column in (("submissions", "key"), ("skipped", "grade")):
            old.execute(f"CREATE TABLE old AS SELECT name, {column} FROM {table}")
            old.execute(f"DROP TABLE {table}")
            old.execute(f"ALTER TABLE old RENAME TO {table}")
        old.execute("UPDATE settings SET name = 'rules', value = ? WHERE name = 'version'", [rules])
    (top / "out" / "gradebook.csv").unlink()
    assert grade(top, "out").startswith(f"{COUNT} known before\n")
    assert files(top / "out") == before


@pytest.mark.needs("postgresql")
def test_a_password_is_neither_printed_nor_listed_nor_written(top: Path, postgres: Cluster) -> None:
    name = postgres.new_database()
    postgres.sql(name, f"ALTER DATABASE {name} OWNER TO {GUARDED}")
    url = f"postgresql://{GUARDED}:{URL_PASSWORD}@/{name}?host={postgres.folder}"
    running = start(top, "out", "--db", url)
    listed = []
    while running.poll() is None:
        if words := Path(f"/proc/{running.pid}/cmdline").read_bytes():
            listed.append(words)
    stdout, stderr = running.communicate()
    assert (running.returncode, stderr) == (0, "")
    assert b"checker.py" in listed[-1] and f"{GUARDED}@".encode() in listed[-1]
    assert b"w0rd" not in listed[-1] + stdout.encode()
    assert not any(b"w0rd" in content for content in files(top / "out").values())


@pytest.mark.parametrize("fresh", [[], ["--fresh"]])
def test_the_database_of_another_program_is_left_alone(
    top: Path, database: str, fresh: list[str]
) -> None:
    def tables() -> list[str]:
        return sorted(inspect(engine).get_table_names())

    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE recipes (name text)"))
    running = start(top, "out", "--db", database, *fresh)
    stdout, stderr = running.communicate()
    assert (running.returncode, stdout, stderr.count("\n")) == (2, "", 1)
    assert "found that of another program, with a table recipes; use another --db" in stderr
    assert tables() == ["recipes"]
    engine.dispose()


@pytest.mark.parametrize(
    "url", ["postgresql://u:geheim@/x", "postgresql:///x?user=u&password=geheim&port=1"]
)
def test_a_password_is_out_of_sight_before_anything_is_read(top: Path, url: str) -> None:
    suite = top / "suite.toml"
    os.mkfifo(suite)
    running = start(top, "out", f"--db={url}", "--suite", str(suite))
    with suite.open("w"):  # once it is read
        words = Path(f"/proc/{running.pid}/cmdline").read_bytes()
        running.kill()
    running.communicate()
    assert b"postgresql://" in words and b"geheim" not in words


def test_no_program_inherits_a_password(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        spy, inherited = folder / "bwrap", folder / "inherited"
        spy.write_text(f'#!/bin/sh\nenv >> {inherited}\nexec {shutil.which("bwrap")} "$@"\n')
        spy.chmod(0o755)
        inherited.touch()
        inherited.chmod(0o666)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        monkeypatch.setenv("PGPASSWORD", "geheim")
        grade(top, "out")
        assert "PATH=" in inherited.read_text()
        assert "geheim" not in inherited.read_text()


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--db", f"postgresql://u:{URL_PASSWORD}@/x?host=/nonexistent"], "check the server"),
        (["--db", f"postgresql://u:{PASSWORD}@/x?host=/nonexistent"], "write %40 for an @"),
        ([f"postgresql://u:{PASSWORD}@/x"], "unexpected extra argument (postgresql://u@/x)"),
    ],
)
def test_a_database_out_of_reach_leaves_nothing_half_written(
    top: Path, options: list[str], message: str
) -> None:
    running = start(top, "out", *options)
    stdout, stderr = running.communicate()
    assert (running.returncode, stdout) == (2, "")
    assert message in stderr and "w0rd" not in stderr and "Traceback" not in stderr
    assert not (top / "out").exists() or list((top / "out").iterdir()) == []
