"""A folder for a worker's temporary files. What a killed worker has left, the next one removes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PREFIX = "osmem-worker-"
_HELD = "held"
"""The name of the file that is locked for as long as the worker lives."""
_NEW_SECONDS = 60
"""A folder without that file may be one that another worker is making."""


@dataclass(frozen=True, slots=True)
class WorkerScratch:
    """A folder that others can pass through. It is removed once nobody uses this any more."""

    path: Path
    _folder: tempfile.TemporaryDirectory[str]
    _held: IO[bytes]


def make_worker_scratch() -> WorkerScratch:
    """Make a folder where temporary files go. Raises `OSError`."""
    folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    path = Path(folder.name).absolute()
    path.chmod(0o711)
    held = (path / _HELD).open("wb")
    fcntl.flock(held, fcntl.LOCK_EX)
    for other in path.parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another worker is removing it
            _remove_if_left(other)
    return WorkerScratch(path, folder, held)


def _remove_if_left(folder: Path) -> None:
    status = folder.lstat()
    if status.st_uid != os.geteuid() or folder.is_symlink():
        return
    if not (folder / _HELD).exists() and time.time() - status.st_mtime < _NEW_SECONDS:
        return
    with (folder / _HELD).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
