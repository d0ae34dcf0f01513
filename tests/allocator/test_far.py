"""A heap beyond the reach of the index's links. See far.c."""

from __future__ import annotations

import subprocess
from pathlib import Path

from building import build


def test_best_fit_beyond_32_gib(tmp_path: Path) -> None:
    program = build(tmp_path).link("far")
    ended = subprocess.run([program], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("ok\n", "", 0)
