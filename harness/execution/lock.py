"""The lock of a folder, for checkers that build in it at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def provide_folder(folder: Path) -> None:
    """Make a folder, and the missing ones above it, unless it exists. Everyone can pass through a
    new one, whatever the umask: sandboxes of root run as another user."""
    if folder.is_dir():
        return
    provide_folder(folder.parent)
    with contextlib.suppress(FileExistsError):  # another checker was faster
        folder.mkdir()
        folder.chmod(0o755)


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; wait for the process or thread that holds it. Make the folder if
    it is missing.

    A folder that can't be written to needs no lock, for nothing in it is going to change.
    """
    provide_folder(folder)
    if not os.access(folder, os.W_OK):
        yield
        return
    with (folder / ".lock").open("a") as lock:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
