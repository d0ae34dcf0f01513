"""The checker as its users run it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from harness.execution.build import ROOT


def checker(
    *args: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "checker.py", *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        check=False,
    )


def outside_make() -> dict[str, str]:
    """The environment without what `make test` hands down to another make."""
    handed_down = ("MAKE", "ARGS", "MFLAGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(handed_down)}


def assert_could_not_run(ended: subprocess.CompletedProcess[str], *messages: str) -> None:
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert all(words in ended.stderr for words in messages), ended.stderr
