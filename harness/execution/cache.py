"""A cache of folders that take long to make, shared by all checkers that build in the same place.

A folder is cached under the digest of everything it was made from, and never changes. Checkers that
run at the same time look up, add and remove folders one by one, but make them side by side.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from harness.execution.lock import exclusive

_KEPT_FOLDERS = 16
_KEPT_SECONDS = 24 * 3600
"""How long an unused folder is kept that is not among the latest few: longer than any command that
uses it without looking it up again."""
_UNFINISHED = "unfinished-"
_UNFINISHED_SECONDS = 7 * 24 * 3600
"""How long an unfinished folder is kept: longer than any build may take. It is left behind by a
checker that was killed."""


def cached_folder(cache: Path, digest: str, make: Callable[[Path], Path]) -> Path:
    """Return the folder that is cached under a digest. If there is none, cache the one that
    ``make`` makes within an empty folder and returns."""
    cached = cache / digest
    with exclusive(cache):
        if _mark_used(cached):
            return cached
    with tempfile.TemporaryDirectory(dir=cache, prefix=_UNFINISHED) as scratch:
        made = make(Path(scratch))
        with exclusive(cache):
            if not cached.exists():  # or else another checker was faster
                made.rename(cached)
            _mark_used(cached)
            _remove_unused(cache)
    return cached


def _mark_used(folder: Path) -> bool:
    """Set a folder's time of last use. Return False if there is no such folder."""
    with contextlib.suppress(PermissionError):  # another user's
        try:
            os.utime(folder)
        except FileNotFoundError:
            return False
    return True


def _last_use(folder: Path) -> float:
    with contextlib.suppress(FileNotFoundError):  # another checker has just finished it
        return folder.stat().st_mtime
    return time.time()


def _remove_unused(cache: Path) -> None:
    folders = [path for path in cache.iterdir() if path.is_dir()]
    unfinished = [path for path in folders if path.name.startswith(_UNFINISHED)]
    finished = sorted(set(folders) - set(unfinished), key=_last_use, reverse=True)
    for old, seconds in (
        (finished[_KEPT_FOLDERS:], _KEPT_SECONDS),
        (unfinished, _UNFINISHED_SECONDS),
    ):
        for folder in old:
            if time.time() - _last_use(folder) > seconds:
                shutil.rmtree(folder, ignore_errors=True)
