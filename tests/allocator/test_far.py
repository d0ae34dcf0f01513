"""Best fit in a heap that is larger than the links of the index reach; see far.c and brink.c."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from building import build


@pytest.mark.parametrize("name", ["far", "brink"])
def test_best_fit_beyond_the_reach_of_links(tmp_path: Path, name: str) -> None:
    program = build(tmp_path).link(name)
    ended = subprocess.run([program], capture_output=True, text=True, timeout=300)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("ok\n", "", 0)
