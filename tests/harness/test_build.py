"""Checkers that build in the same folder, one after another and at the same time."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.execution.build_error import first_error
from harness.execution.cache import cached_folder
from submissions import plain

DAY = 24 * 3600


def add_old_folders(cache: Path, count: int, days: int = 2, prefix: str = "old") -> None:
    for number in range(count):
        folder = cache / f"{prefix}-{number}"
        (folder / "lib").mkdir(parents=True)
        os.utime(folder, (0, time.time() - days * DAY))


def folders(cache: Path) -> set[str]:
    return {path.name for path in cache.iterdir() if path.is_dir()}


def test_several_checkers_can_build_at_once(tmp_path: Path) -> None:
    """Some build the same library, some others; each finds unused ones to remove."""
    add_old_folders(tmp_path / "build" / "libraries", 40)
    sources = [plain(tmp_path / f"src-{number}", f"NUMBER {number}") for number in range(3)]
    running = [
        subprocess.Popen(
            [ROOT / "checker.py", "check", "--src", source, "malloc-arrays"],
            env={**os.environ, "OSMEM_BUILD": str(tmp_path / "build")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for source in sources * 2
    ]
    for each in running:
        output, _ = each.communicate()
        assert each.returncode == 0, output
        assert "1 of 1 tests passed: 5 of 5 points" in output
    assert not any(name.startswith("unfinished") for name in folders(tmp_path / "build/libraries"))
    assert (tmp_path / "build" / "logs").stat().st_mode & 0o777 == 0o700


def test_what_was_made_at_once_is_whole(tmp_path: Path) -> None:
    add_old_folders(tmp_path, 40)

    def make(scratch: Path) -> Path:
        folder = scratch / "made"
        folder.mkdir()
        for number in range(50):
            (folder / str(number)).touch()
        return folder

    def use(number: int) -> int:
        return len(list(cached_folder(tmp_path, f"new-{number % 10}", make).iterdir()))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(200))) == [50] * 200
    assert {f"new-{number}" for number in range(10)} <= folders(tmp_path)


def test_a_folder_is_made_once_and_kept_while_it_is_used(tmp_path: Path) -> None:
    made = []

    def make(scratch: Path) -> Path:
        made.append(scratch)
        folder = scratch / "made"
        folder.mkdir()
        return folder

    used = cached_folder(tmp_path, "used", make)
    os.utime(used, (0, 0))
    add_old_folders(tmp_path, 40)
    add_old_folders(tmp_path, 1, prefix="unfinished")
    add_old_folders(tmp_path, 1, prefix="unfinished-long-ago", days=10)
    assert cached_folder(tmp_path, "used", make) == used
    assert len(made) == 1
    assert len(folders(tmp_path)) == 43
    cached_folder(tmp_path, "another", make)
    assert len(made) == 2
    assert folders(tmp_path) >= {"used", "another", "unfinished-0"}
    assert len(folders(tmp_path)) == 17  # the latest 16, and what someone is about to finish


@pytest.mark.parametrize("folder", ["/work/src", "/tmp/osmem-BFfMY2/work/src"])
def test_the_first_error_does_not_name_the_folder_of_a_sandbox(tmp_path: Path, folder: str) -> None:
    log = tmp_path / "log"
    log.write_text(f"ld: {folder}/b.c:61: multiple definition of `f'; {folder}/a.c:1: first here\n")
    assert first_error(log) == "ld: b.c:61: multiple definition of `f'; a.c:1: first here"
