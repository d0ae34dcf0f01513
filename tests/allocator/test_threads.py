"""Calls from many threads, while some of them fork; see threads.c."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize("conf", ["", "thread_cache:100", "thread_cache:0", "trim:1", "check:1"])
def test_caches_of_threads_keep_the_heap_sound(tmp_path: Path, conf: str) -> None:
    built = build(tmp_path, target="all")
    library = built.folder / "libosmem-preload.so"
    ended = subprocess.run(
        [built.link("threads"), "8", "50000", "20"],
        env={**os.environ, "LD_PRELOAD": str(library), "OSMEM_CONF": conf},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("ok\n", "", 0)


@pytest.mark.parametrize(("handlers", "preloads"), [("nested", False), ("mutex", True)])
def test_handlers_of_fork_may_come_first(tmp_path: Path, handlers: str, preloads: bool) -> None:
    built = build(tmp_path, target="all")
    preload = str(built.folder / "libosmem-preload.so") if preloads else ""
    ended = subprocess.run(
        [built.link("forks"), handlers],
        env={**os.environ, "LD_PRELOAD": preload},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("ok\n", "", 0)


@pytest.mark.parametrize("name", ["libosmem.so", "libosmem-preload.so"])
def test_a_thread_may_outlive_the_library(tmp_path: Path, name: str) -> None:
    built = build(tmp_path, target="all")
    ended = subprocess.run(
        [built.compile("unload"), built.folder / name],
        env={**os.environ, "OSMEM_CONF": "thread_cache:8192"},
        capture_output=True,
        text=True,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("ok\n", "", 0)
