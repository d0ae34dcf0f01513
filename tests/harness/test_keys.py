"""A submission is graded again if something that its grade depends on changes, and only then."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.execution.build import ROOT

KEY = """
from pathlib import Path
from harness.grading.keys import rules_key
from harness.suite import load_suite
print(rules_key(load_suite(Path("tests/classic.toml")), True, True))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout."""
    copy = tmp_path_factory.mktemp("project") / "osmem"
    ignored = shutil.ignore_patterns("build", ".git", "__pycache__", ".*_cache", "workloads")
    shutil.copytree(ROOT, copy, ignore=ignored)
    return copy


def key_of(project: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(project)}
    ended = subprocess.run(
        [sys.executable, "-c", KEY],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout


def append(text: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_text(path.read_text() + text)

    return change


def substitute(old: str, new: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("tests/classic.toml", append("[budget]\nseconds = 7\n")),
        ("tests/suite.toml", substitute("seconds = 120", "seconds = 7")),
        ("tests/suite.toml", substitute("points = 10", "points = 0")),
        ("tests/snippets/Makefile", append("# changed\n")),
        ("tests/snippets/snippet.h", append("/* changed */\n")),
        ("tests/snippets/test-all.c", append("/* changed */\n")),
        ("tests/ref/classic/test-all.trace", append("changed\n")),
        ("utils/printf.c", append("/* changed */\n")),
        ("harness/suite.py", append("# changed\n")),
        ("harness/execution/default.mk", append("# changed\n")),
    ],
)
def test_a_key_changes_with(project: Path, name: str, change: Callable[[Path], None]) -> None:
    before = key_of(project)
    content = (project / name).read_bytes()
    change(project / name)
    after = key_of(project)
    (project / name).write_bytes(content)
    assert after != before
    assert key_of(project) == before


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("README.md", append("changed\n")),
        ("tests/ref/default/test-all.trace", append("changed\n")),
        ("tests/harness/command.py", append("# changed\n")),
        ("tests/suite.toml", append("# changed\n")),
        ("tests/suite.toml", substitute("points = 5", "points = 6")),
        ("tests/suite.toml", substitute("[5, 8]", "[5, 7]")),
    ],
)
def test_a_key_does_not_change_with(
    project: Path, name: str, change: Callable[[Path], None]
) -> None:
    before = key_of(project)
    change(project / name)
    assert key_of(project) == before


def test_a_key_is_the_same_wherever_and_whenever_the_files_were_made(
    project: Path, tmp_path: Path
) -> None:
    before = key_of(project)
    copy = tmp_path / "elsewhere"
    shutil.copytree(project, copy)
    for path in (copy / "harness").rglob("*.py"):
        os.utime(path, (1, 1))
    compiled = copy / "harness" / "__pycache__"
    compiled.mkdir(exist_ok=True)
    (compiled / "suite.cpython-399.pyc").write_bytes(b"compiled")
    assert key_of(copy) == before
