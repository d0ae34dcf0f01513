"""OSMEM_CONF: read once, followed if it is well formed, reported and ignored if it is not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PROGRAM = "c 0 1 100\nm 1 100\nend\n"


def play(driver: Path, conf: str) -> tuple[str, str]:
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


def test_without_it_the_specification_holds(sanitized: Path) -> None:
    assert play(sanitized, "") == ("4096", "")


def test_values_are_followed(sanitized: Path) -> None:
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
    ],
)
def test_malformed_ones_are_reported_once_and_ignored_whole(sanitized: Path, conf: str) -> None:
    growth, said = play(sanitized, conf)
    assert growth == "4096"
    assert said.count("\n") == 1
    assert f"found '{conf}'" in said
