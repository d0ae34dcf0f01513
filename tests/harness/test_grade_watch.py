"""Grading whatever arrives in a folder, and showing how far a batch is."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.grading.arrivals import Arrivals
from processes import left_of, processes_of
from submissions import plain
from terminals import Terminal

PATIENCE = 120
"""Seconds in which a slow machine under load does anything that is asked of it here."""


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A suite of one test, and a folder with a file that is refused at once."""
    (tmp_path / "short.toml").write_text(
        f'extends = "{ROOT}/tests/suite.toml"\nrandomized = []\nonly = ["malloc-arrays"]\n'
    )
    (tmp_path / "submissions").mkdir()
    (tmp_path / "submissions" / "first.txt").write_text("I did not manage to do it.")
    return tmp_path


def command(top: Path, *options: str) -> list[str]:
    words = ("grade", top / "submissions", "--out", top / "out", "--suite", top / "short.toml")
    return [*map(str, words), "--no-style", *options]


def rows(top: Path) -> dict[str, str]:
    """The reasons in the gradebook, by the names of the submissions."""
    path = top / "out" / "gradebook.csv"
    if not path.exists():
        return {}
    with path.open(newline="") as table:
        return {row["submission"]: row["reason"] for row in csv.DictReader(table)}


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.1)


@contextmanager
def watching(top: Path) -> Iterator[None]:
    """Watch the folder, and end with the signal that a machine sends when it shuts down."""
    watch = subprocess.Popen(
        [str(ROOT / "checker.py"), *command(top, "--watch", "--progress", "json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield
        watch.send_signal(signal.SIGTERM)
        stdout, stderr = watch.communicate()
        assert watch.returncode == 0, stderr
        assert "Written: " in stdout
        assert all(json.loads(line) for line in stderr.splitlines())
    finally:
        watch.kill()
        watch.wait()


def test_what_arrives_or_is_replaced_is_graded(top: Path) -> None:
    handed_in = top / "submissions"
    with watching(top):
        wait_until(lambda: "first.txt" in rows(top))
        refused = rows(top)["first.txt"]
        (handed_in / "second.txt").write_text("Nor did I.")
        (handed_in / "first.txt").write_bytes(b"PK\x03\x04 an archive, or what is left of it")
        wait_until(lambda: rows(top).get("second.txt") == refused)
        wait_until(lambda: rows(top)["first.txt"] != refused)
        (handed_in / "second.txt").unlink()
        (handed_in / "third.txt").write_text("I came late.")
        wait_until(lambda: set(rows(top)) == {"first.txt", "third.txt"})
    (handed_in / "fourth.txt").write_text("I came while nobody watched.")
    with watching(top):
        wait_until(lambda: "fourth.txt" in rows(top))
    assert set(rows(top)) == {"first.txt", "third.txt", "fourth.txt"}


def test_nothing_that_arrives_stops_the_watch(top: Path) -> None:
    handed_in, same = top / "submissions", {"first.txt", "pipe.zip"}
    link, huge, odd = handed_in / "link", handed_in / "huge.zip", handed_in / "\x1b[31m<b>\n"
    with watching(top):
        link.symlink_to("nowhere")
        os.mkfifo(handed_in / "pipe.zip")
        with huge.open("wb") as file:
            file.truncate(1 << 40)
        odd.symlink_to(odd.name)
        wait_until(lambda: len(rows(top)) == 5)
        first = rows(top)
        link.unlink()
        link.mkdir(0)
        huge.unlink()
        huge.symlink_to("/dev/zero")
        odd.unlink()
        odd.write_bytes(b"PK\x03\x04")
        wait_until(lambda: all(rows(top)[name] != first[name] for name in set(first) - same))
    assert all(rows(top).values())


def test_an_upload_is_complete_once_it_no_longer_grows(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path)
    for _ in range(30):
        with (tmp_path / "upload.txt").open("a") as file:
            print("more", file=file)
        assert list(arrivals.complete()) == []
        time.sleep(0.1)
    wait_until(lambda: [each.name for each in arrivals.complete()] == ["upload.txt"])
    assert list(arrivals.complete()) == []


def test_a_change_deep_in_a_folder_is_noticed(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path)
    source = tmp_path / "ana" / "src"
    source.mkdir(parents=True)
    for content in ("old", "newer"):
        (source / "osmem.c").write_text(content)
        wait_until(lambda: [each.name for each in arrivals.complete()] == ["ana"])


def test_ending_while_something_is_graded_leaves_nothing_behind(top: Path) -> None:
    with (top / "short.toml").open("a") as suite:
        suite.write("[limits.build]\nseconds = 300\nsleep_seconds = 200\n")
    with watching(top):
        wait_until(lambda: "first.txt" in rows(top))
        makefile = plain(top / "submissions" / "sleeping" / "src") / "Makefile"
        makefile.write_text("all:\n\tsleep 123\n")
        wait_until(lambda: bool(processes_of("sleep 123")))
    assert left_of("sleep 123") == left_of(top) == []
    assert set(rows(top)) == {"first.txt"}
    makefile.write_text("all:\n\tfalse\n")
    with watching(top):
        wait_until(lambda: "sleeping" in rows(top))


def test_a_watch_can_not_be_of_some_only(top: Path) -> None:
    call = [str(ROOT / "checker.py"), *command(top, "--watch", "--only", "first.txt")]
    ended = subprocess.run(call, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "expected --watch or --only, found both" in ended.stderr


def test_progress_for_programs_is_a_line_of_json_for_each_step(top: Path) -> None:
    (top / "submissions" / "equal.txt").write_text("I did not manage to do it.")
    call = [str(ROOT / "checker.py"), *command(top, "--progress", "json")]
    ended = subprocess.run(call, capture_output=True, text=True, check=True)
    total, *steps, written = map(json.loads, ended.stderr.splitlines())
    assert total == {"event": "total", "total": 2}
    begun = [step for step in steps if step["event"] == "begun"]
    done = [step for step in steps if step["event"] == "done"]
    assert [step["submissions"][0] for step in begun] == ["equal.txt"]
    assert begun[0]["worker"] == done[0]["worker"] != ""
    assert [name for step in done for name in step["submissions"]] == ["equal.txt", "first.txt"]
    assert {step["kind"] for step in done} == {"graded"}
    assert (done[-1]["done"], done[-1]["total"], done[-1]["seconds_left"]) == (2, 2, 0)
    assert done[0]["seconds"] > 0 and done[0]["per_second"] > 0
    assert written == {"event": "written", "done": 2, "total": 2}
    again = subprocess.run(call, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in again.stderr.splitlines()]
    assert {line["kind"] for line in lines if line["event"] == "done"} == {"known before"}


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_progress_that_nobody_takes_costs_no_gradebook(top: Path, redirection: str) -> None:
    call = [str(ROOT / "checker.py"), *command(top, "--progress", "json")]
    words = ["sh", "-c", f'"$@" {redirection}', "sh", *call]
    assert subprocess.run(words, stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert set(rows(top)) == {"first.txt"}


def test_a_terminal_shows_the_pace_and_what_each_worker_does(top: Path) -> None:
    sleeping = top / "submissions" / "sleeping" / "src"
    sleeping.mkdir(parents=True)
    (sleeping / "osmem.c").write_text("int os;\n")
    (sleeping / "Makefile").write_text("all:\n\tsleep 2\n")
    with Terminal(*command(top)) as terminal:
        terminal.read_to(": sleeping, ")
        terminal.read_to("/s, 0:00:00 left")
        terminal.read_to("2 graded")


def test_the_figures_of_a_batch_are_in_a_file_of_their_own(top: Path) -> None:
    (top / "submissions" / "second.txt").write_text("Nor did I.")
    call = [str(ROOT / "checker.py"), *command(top, "--jobs", "2")]
    subprocess.run(call, stdout=subprocess.DEVNULL, check=True)
    figures = json.loads((top / "out" / "timing.json").read_text())
    assert (figures["graded"], figures["workers"]) == (2, 2)
    assert figures["cores"] == len(os.sched_getaffinity(0))
    slowest, fastest = figures["slowest"]
    assert {slowest["submission"], fastest["submission"]} == {"first.txt", "second.txt"}
    assert (fastest["seconds"], slowest["seconds"]) == (figures["p50"], figures["p95"])
    half = 0.0005  # the file has whole milliseconds
    fewest, most = (2 / (figures["seconds"] + sign * half) for sign in (1, -1))
    assert fewest - half <= figures["per_second"] <= most + half
    before = (top / "out" / "timing.json").read_bytes()
    subprocess.run(call, stdout=subprocess.DEVNULL, check=True)
    assert (top / "out" / "timing.json").read_bytes() == before
