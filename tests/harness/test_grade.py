"""Grading a folder of submissions, one call after another."""

from __future__ import annotations

import csv
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batches import ALL, outcomes, write_suite
from harness.execution.build import ROOT
from harness.reports.timing import TIMING
from submissions import (
    HOSTILE,
    MISTAKES,
    attacking,
    building,
    mistaken,
    plain,
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A few ordinary submissions, and a suite."""
    top = Path(tempfile.mkdtemp(prefix="test-grade-"))
    top.chmod(0o755)
    (top / "submissions").mkdir()
    for mistake in MISTAKES[::91]:
        mistaken(top / "submissions" / mistake / "src", mistake)
    plain(top / "submissions" / "plain" / "src")
    plain(top / "submissions" / "plain-again" / "src")
    write_suite(top / "short.toml", ROOT)
    yield top
    shutil.rmtree(top)


def command(top: Path, out: str, *more: str) -> list[str]:
    words = [ROOT / "checker.py", "grade", f"{top}/submissions", "--out", f"{top}/{out}"]
    options = ["--suite", f"{top}/short.toml", "--seed", "test", "--no-style"]
    return [*map(str, words), *options, *more]


def grade(top: Path, out: str, *more: str) -> str:
    """Run the command, and return its output."""
    ended = subprocess.run(command(top, out, *more), capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


# Judging style takes longer than all else, so it is judged for these only.


def graded_with_style(folder: Path, *names: str) -> dict[str, dict[str, str]]:
    """The rows of these submissions."""
    only = [word for name in names for word in ("--only", name)]
    grade(folder, "out", *only, "--style")
    with (folder / "out" / "gradebook.csv").open(newline="") as table:
        return {row["submission"]: row for row in csv.DictReader(table)}


def test_seven_busy_neighbours_at_a_time_cost_no_points(folder: Path) -> None:
    busy = [f"busy-{number}" for number in range(7)]
    for name in busy:
        src = folder / "submissions" / name / "src"
        building(src, HOSTILE / "neighbours" / "orphans.mk")
        (src / "name.h").write_text(f"/* {name} */\n")
    only = [word for name in ("plain", *busy) for word in ("--only", name)]
    grade(folder, "out", *only, "--jobs", "8")
    with (folder / "out" / "gradebook.csv").open(newline="") as table:
        rows = {row["submission"]: row for row in csv.DictReader(table)}
    assert {rows[name]["status"] for name in busy} == {"not-built"}
    assert (rows["plain"]["points"], rows["plain"]["flags"]) == (str(ALL), "")


def test_what_a_compiler_says_is_reported_once(folder: Path) -> None:
    building(folder / "submissions" / "build-include" / "src", HOSTILE / "way-out" / "include.mk")
    graded_with_style(folder, "build-include")
    report = (folder / "out" / "submissions" / "build-include" / "report.txt").read_text()
    (line,) = (line for line in report.splitlines() if line.startswith("  steal.c:1:10:"))
    assert "fatal error" in line


def results(out: Path) -> dict[str, bytes]:
    """All files in a folder of results, except the database and the figures, which hold times."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "sqlite" not in path.name and path.name != TIMING
    }


def test_what_was_graded_is_not_graded_again(folder: Path) -> None:
    count = len(list((folder / "submissions").iterdir()))
    assert grade(folder, "out").startswith(f"{count} graded\n")
    before = results(folder / "out")
    assert grade(folder, "out").startswith(f"{count} known before\n")
    assert results(folder / "out") == before
    mistaken(folder / "submissions" / "new" / "src", MISTAKES[1])
    assert grade(folder, "out").startswith(f"1 graded, {count} known before\n")
    assert grade(folder, "out", "--fresh").startswith(f"{count + 1} graded\n")


def test_students_folders_are_written_while_others_are_graded(folder: Path) -> None:
    seen = set()
    with subprocess.Popen(
        command(folder, "out", "--progress", "json", "--jobs", "1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if not (folder / "out" / "gradebook.csv").exists():
                seen |= {path.parent for path in folder.glob("out/submissions/*/report.html")}
    assert running.returncode == 0
    assert seen


def test_only_those_named_are_graded(folder: Path) -> None:
    assert grade(folder, "out", "--only", "plain").startswith("1 graded\n")
    with (folder / "out" / "gradebook.csv").open(newline="") as table:
        assert [row["submission"] for row in csv.DictReader(table)] == ["plain"]


def test_one_submission_can_be_graded_again(folder: Path) -> None:
    grade(folder, "out")
    before = results(folder / "out")
    assert grade(folder, "out", "--fresh", "--only", "plain").startswith("1 graded\n")
    assert results(folder / "out") == before


@pytest.mark.parametrize(
    ("attack", "seconds", "limit", "beside"),
    [("doze", 1, "1 s", []), ("chatter", 60, "1 MiB of output", ["plain"])],
)
def test_what_no_longer_fits_the_budget_is_not_run_and_earns_nothing(
    folder: Path, attack: str, seconds: int, limit: str, beside: list[str]
) -> None:
    attacking(folder / "submissions" / attack / "src", attack)
    # On a slow machine, a run's own limit of processor time would come first.
    suite = (folder / "short.toml").read_text()
    suite = suite.replace("processor_seconds = 0.3", "processor_seconds = 3")
    (folder / "short.toml").write_text(f"{suite}[budget]\nseconds = {seconds}\noutput_mib = 1\n")
    names = [word for name in (attack, *beside) for word in ("--only", name)]
    assert grade(folder, "out", *names).startswith(f"{1 + len(beside)} graded\n")
    with (folder / "out" / "gradebook.csv").open(newline="") as table:
        rows = {row["submission"]: row for row in csv.DictReader(table)}
    for name in beside:
        assert (rows[name]["points"], rows[name]["flags"]) == (str(ALL), "")
    assert (rows[attack]["status"], rows[attack]["points"]) == ("graded", "0")
    assert outcomes(folder / "out", attack) == {"not-run"}
    assert f"not run: the submission had used its {limit}" in rows[attack]["flags"]
    assert grade(folder, "out", *names).startswith(f"{1 + len(beside)} known before\n")


def test_a_crash_with_nothing_left_of_the_budget_has_a_grade(folder: Path) -> None:
    source = folder / "submissions" / "late" / "src"
    attacking(source, "chatter")
    (attack,) = [file for file in source.glob("*.c") if "getppid();" in file.read_text()]
    chatter = "if (call == 1)"
    crash = "if (call == 2)\n        __builtin_trap();\n    "
    attack.write_text(attack.read_text().replace(chatter, crash + chatter))
    with (folder / "short.toml").open("a") as suite:
        suite.write("[budget]\nseconds = 60\noutput_mib = 1\n")
    assert grade(folder, "out", "--only", "late").startswith("1 graded\n")
    assert "crashed" in outcomes(folder / "out", "late")


SPOILING: list[tuple[str, tuple[str, ...], str]] = [
    ("out", ("--only", "plain", "--style"), "was graded with another suite"),
    ("submissions/out", (), "expected a place outside of"),
    ("submissions", (), "expected a place outside of"),
    ("out", ("--only", "plian"), "did you mean 'plain'?"),
]


def test_what_would_spoil_a_gradebook_is_refused(folder: Path) -> None:
    grade(folder, "out")
    before = results(folder / "out")
    for out, options, message in SPOILING:
        ended = subprocess.run(command(folder, out, *options), capture_output=True, text=True)
        assert ended.returncode == 2
        assert message in ended.stderr
        assert ended.stderr.count("\n") == 1
        assert results(folder / "out") == before
        assert not (folder / "submissions" / "out").exists()


def test_a_folder_out_of_reach_of_sandboxes_costs_no_submission_its_grade(folder: Path) -> None:
    temporary = folder / "private" / "tmp"
    temporary.mkdir(parents=True)
    temporary.chmod(0o1777)
    (folder / "private").chmod(0o700)
    env = {**os.environ, "TMPDIR": str(temporary)}
    ended = subprocess.run(
        command(folder, "out"), env=env, capture_output=True, text=True, check=False
    )
    if os.geteuid() == 0:  # whose sandboxes run as another user
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith(f"Error: {temporary}: expected a folder that every user")
        assert ended.stderr.count("\n") == 1
        assert not (folder / "out" / "gradebook.csv").exists()
    else:
        count = len(list((folder / "submissions").iterdir()))
        assert (ended.returncode, ended.stderr) == (0, "")
        assert f"{count} submissions: {count} graded\n" in ended.stdout


def test_killed_at_random_moments_it_ends_with_the_same_gradebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = folder / "temporary"
    temporary.mkdir()
    temporary.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(temporary))
    grade(folder, "undisturbed")
    moments = random.Random(1)
    kills = 0
    while kills < 20:
        running = subprocess.Popen(
            command(folder, "killed", *(["--fresh"] if kills % 10 == 0 else [])),
            stdout=subprocess.DEVNULL,
        )
        try:
            running.wait(moments.uniform(0.2, 1.5))
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            kills += 1
        else:
            shutil.rmtree(folder / "killed")
        running.wait()
    grade(folder, "killed")
    assert results(folder / "killed") == results(folder / "undisturbed")
    assert list(temporary.iterdir()) == []


def test_two_at_a_time_do_not_mix(folder: Path) -> None:
    first = subprocess.Popen(command(folder, "out"), stdout=subprocess.DEVNULL)
    while not (folder / "out" / ".scratch").exists():
        time.sleep(0.01)
    time.sleep(0.1)
    second = subprocess.run(command(folder, "out"), capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert "another batch is at work here" in second.stderr
    assert first.wait() == 0


def test_it_says_why_it_can_not_run(folder: Path) -> None:
    (folder / "nobody").mkdir()
    for words, message in (
        ([folder / "nobody", "--out", folder / "out"], "expected submissions, found none"),
        ([folder / "none", "--out", folder / "out"], "does not exist"),
        ([folder / "submissions", "--out", folder / "out", "--only", "x"], "named 'x', found none"),
        (
            [folder / "submissions", "--out", folder / "out", "--db", "nosuch://x"],
            "nosuch database",
        ),
        ([folder / "submissions", "--out", "/proc/out"], "/proc/out"),
    ):
        call = [str(ROOT / "checker.py"), "grade", *map(str, words)]
        ended = subprocess.run(call, capture_output=True, text=True, check=False)
        assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
        assert message in ended.stderr


def test_nothing_runs_without_a_sandbox_unless_the_user_says_so(folder: Path) -> None:
    tools = folder / "tools"
    tools.mkdir()
    for path in (*Path("/usr/bin").iterdir(), *Path("/usr/sbin").iterdir()):
        if path.name != "bwrap" and not (tools / path.name).exists():
            (tools / path.name).symlink_to(path)
    env = {**os.environ, "PATH": str(tools)}
    refused = subprocess.run(
        command(folder, "out"), env=env, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "bwrap: not found" in refused.stderr
    ended = subprocess.run(
        command(folder, "out", "--no-sandbox"), env=env, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
