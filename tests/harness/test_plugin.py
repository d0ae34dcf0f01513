"""The tests of a suite are tests of pytest's, and of editors that know pytest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from command import checker
from harness.execution.build import ROOT
from harness.suite import load_suite
from submissions import mistaken

VSCODE = ROOT / ".vscode"


def run_pytest(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/snippets", *args]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(name="worst", scope="module")
def fixture_worst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An allocator that takes the largest free block."""
    return mistaken(tmp_path_factory.mktemp("worst") / "src", "fit-worst")


def test_each_test_of_the_suite_is_collected() -> None:
    listing = run_pytest("--collect-only", "-v").stdout
    assert re.findall(r"<_Item (.*)>", listing) == sorted(
        (test.name for test in load_suite(ROOT / "tests" / "suite.toml").tests),
        key=lambda name: f"test-{name}.c",
    )


def test_a_failure_is_explained_as_check_explains_it(worst: Path) -> None:
    ended = run_pytest("-k", "malloc-split-last or malloc-arrays", "--src", worst)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert re.search(r"^\.F ", ended.stdout, re.MULTILINE)
    assert (
        "malloc-split-last: differs, tests/snippets/test-malloc-split-last.c:23\n" in ended.stdout
    )
    assert "call 1, os_malloc(504): expected block7, found block11\n" in ended.stdout
    assert ">    1  os_malloc(504) = block7   >    1  os_malloc(504) = block11" in ended.stdout
    assert "Traceback" not in ended.stdout


def test_junit_xml_has_the_points(worst: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    run_pytest("-k", "malloc-split-last or malloc-arrays", "--src", worst, "--junitxml", report)
    points = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in ElementTree.parse(report).iter("testcase")
    }
    assert points == {
        "malloc-arrays": {"points": "5", "max_points": "5"},
        "malloc-split-last": {"points": "0", "max_points": "2"},
    }


def test_sources_that_do_not_build_fail_with_the_reason(tmp_path: Path) -> None:
    ended = run_pytest("-k", "malloc-arrays", "--src", tmp_path)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    assert "expected a Makefile that builds libosmem.so, found none" in ended.stdout


def test_a_suite_that_can_not_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    ended = run_pytest("--suite", tmp_path / "none.toml")
    assert ended.returncode != 0
    assert "none.toml" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def uncommented(path: Path) -> str:
    return re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)


def test_tasks_of_the_editor_mark_the_line_that_makes_the_call(worst: Path) -> None:
    tasks = {
        task["label"]: task for task in json.loads(uncommented(VSCODE / "tasks.json"))["tasks"]
    }
    first, second = tasks["check"]["problemMatcher"]["pattern"]
    lines = checker("check", "-v", "malloc-split-last", "--src", worst).stdout.splitlines()
    found = [
        (match[first["file"]], match[first["line"]], message[second["message"]])
        for line, next_line in zip(lines, lines[1:])
        if (match := re.search(first["regexp"], line))
        and (message := re.search(second["regexp"], next_line))
    ]
    assert found == [
        (
            "tests/snippets/test-malloc-split-last.c",
            "23",
            "call 1, os_malloc(504): expected block7, found block11",
        )
    ]


def test_settings_of_the_editor_name_what_there_is() -> None:
    settings = json.loads(uncommented(VSCODE / "settings.json"))
    assert (ROOT / settings["osmem.src"]).is_dir()
    assert (ROOT / settings["python.testing.pytestArgs"][0]).is_dir()
    launch = json.loads(uncommented(VSCODE / "launch.json"))["configurations"][0]
    sourced = launch["setupCommands"][0]["text"].removeprefix("source ${workspaceFolder}/")
    assert (ROOT / sourced).is_file()
