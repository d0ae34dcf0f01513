"""`make audit` finds the grades that differ from one time to the next, and only those."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from submissions import attacking, plain

FICKLE = """
#include <fcntl.h>
#include <stdlib.h>
#include "attack.h"

/* Behaves only once. */
void strike(int call)
{{
    if (call == 3 && open("{seen}", O_CREAT | O_EXCL, 0600) < 0)
        abort();
}}
"""


def audit(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    suite = folder / "suite.toml"
    suite.write_text(
        f'extends = "{ROOT}/tests/suite.toml"\nonly = ["malloc-arrays"]\nrandomized = []\n'
    )
    command = [str(ROOT / "tools" / "compare_gradings.py"), "--no-style", *options]
    command += ["--submissions", str(folder / "submissions"), "--suite", str(suite)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_grades_that_differ_are_listed(tmp_path: Path) -> None:
    source = attacking(tmp_path / "submissions" / "fickle" / "src", "nap")
    (source / "attack.c").write_text(FICKLE.format(seen=tmp_path / "seen"))
    plain(tmp_path / "submissions" / "plain" / "src")
    ended = audit(tmp_path, "--no-sandbox", "--load", "1")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.splitlines()[5:] == [
        "fickle: malloc-arrays: passed, 5 points (first); crashed, 0 points"
        " (second under load, third, fourth under load, fifth)",
        "1 of 2 grades differ",
    ]


def test_it_says_why_it_can_not_grade(tmp_path: Path) -> None:
    plain(tmp_path / "submissions" / "plain" / "src")
    ended = audit(tmp_path, "--only", "plian")
    assert ended.returncode == 2
    assert "did you mean 'plain'?" in ended.stderr
