"""What the README tells a maintainer to type works as it is printed."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from harness.execution.build import ROOT
from command import checker

SECTION = "## A regression gate for an allocator"


def test_the_regression_gate_works_as_printed(tmp_path: Path) -> None:
    assert checker("check", "all").returncode == 0
    for name in ("build", "tests", "checker.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    section = (ROOT / "README.md").read_text().split(SECTION)[1].split("\n## ")[0]
    commands = [line[2:] for line in section.splitlines() if line.startswith("$ ")]
    assert [shlex.split(command)[1] for command in commands] == ["record", "record", "diff"]
    for command in commands:
        subprocess.run(shlex.split(command), cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "before.trace.gz").is_file()
