"""Calls from many threads, while some of them fork; see threads.c."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from building import build


@pytest.mark.parametrize(
    ("flags", "steps"), [("-O2 -g", 200_000), ("-O1 -g -fsanitize=thread", 20_000)]
)
def test_the_contents_of_blocks_survive(tmp_path: Path, flags: str, steps: int) -> None:
    program = build(tmp_path, flags=flags).link("threads")
    # The thread sanitizer does not cope with addresses that are randomized.
    command = ["setarch", "-R", str(program), "8", str(steps), "20"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("ok\n", "", 0)
