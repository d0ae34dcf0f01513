"""Files that a command writes results to: whole, or as they were."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from command import assert_could_not_run, checker
from harness.execution.build import ROOT

TEST = "malloc-arrays"


@pytest.fixture(name="old")
def fixture_old(tmp_path: Path) -> Path:
    path = tmp_path / "results"
    path.write_text("of yesterday")
    return path


@pytest.mark.parametrize("option", ["--html", "--json"])
def test_a_command_that_can_not_run_leaves_the_old_results(old: Path, option: str) -> None:
    ended = checker("check", TEST, "--suite", ROOT / "README.md", option, old)
    assert_could_not_run(ended, "README.md: not a TOML file")
    assert [path.read_text() for path in old.parent.iterdir()] == ["of yesterday"]


@pytest.mark.parametrize(("option", "start"), [("--html", "<!DOCTYPE html>"), ("--json", "{")])
def test_a_reader_that_goes_away_costs_no_results(old: Path, option: str, start: str) -> None:
    command: list[str | Path] = [ROOT / "checker.py", "check", TEST, option, old]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as check:
        assert check.stdout is not None
        check.stdout.close()
    assert old.read_text().startswith(start)
    assert list(old.parent.iterdir()) == [old]


def test_results_come_last_on_standard_output() -> None:
    text = checker("check", TEST, "--json", "-").stdout
    assert json.loads(text[text.index("{") :])["tests"][0]["name"] == TEST


def test_what_is_no_file_is_written_and_stays() -> None:
    ended = checker("check", TEST, "--json", "/dev/null")
    assert ended.returncode == 0
    assert Path("/dev/null").is_char_device()


def test_a_folder_that_is_not_there_is_told_before_any_test_runs(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "results"
    ended = checker("check", TEST, "--json", path)
    assert_could_not_run(ended, f"Invalid value for '--json': '{path}': No such file or directory")
    assert ended.stdout == ""
