"""OSMEM_CONF sets the policy; if it is malformed, it is reported and ignored as a whole."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PROGRAM = "c 0 1 100\nm 1 100\nend\n"


def play(driver: Path, conf: str) -> tuple[str, str]:
    """Return the bytes of the first growth, and the messages on standard error."""
    ended = subprocess.run(
        [driver],
        input=PROGRAM,
        env={**os.environ, "OSMEM_CONF": conf},
        capture_output=True,
        text=True,
        check=True,
    )
    first = next(
        line for line in ended.stdout.splitlines() if "system brk" in line and "brk 0" not in line
    )
    wanted, result = map(int, first.split()[2:])
    assert wanted == result
    start = int(next(line for line in ended.stdout.splitlines() if "brk 0" in line).split()[3])
    return str(wanted - start), ended.stderr


def test_the_default_is_the_policy_of_the_specification(sanitized: Path) -> None:
    assert play(sanitized, "") == ("4096", "")


def test_values_take_effect(sanitized: Path) -> None:
    assert play(sanitized, "prealloc_calloc:131072,alignment:16") == ("131072", "")


@pytest.mark.parametrize(
    "conf",
    [
        "prealloc_calloc",
        "prealloc_calloc:",
        "prealloc_calloc:131072,",
        ",prealloc_calloc:131072",
        "prealloc_calloc:128K",
        "prealloc_calloc=131072",
        "prealloc_calloc:131072,unknown:1",
        "prealloc_calloc:-1",
        "prealloc_calloc:99999999999999999999999",
        "prealloc_calloc:131072,alignment:12",
        "prealloc_calloc:131072,alignment:64",
        "prealloc_calloc:131072,alignment:0",
        "prealloc_calloc:39",
        "trim:",
        "smallest_rest:0",
        "fit:",
        "fit:firs",
        "fit:firstly",
        "fit:first,order:",
        "fit:next,order:lifo",
        "merge:1",
    ],
)
def test_malformed_values_are_reported_once_and_ignored_as_a_whole(
    sanitized: Path, conf: str
) -> None:
    growth, said = play(sanitized, conf)
    assert growth == "4096"
    assert said.count("\n") == 1
    assert f"found '{conf}'" in said
