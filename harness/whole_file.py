"""Files that are written as a whole: what was there stays until then."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Open a file for writing, in UTF-8, that replaces the old one once it is complete. Raises
    `OSError`, and whatever is raised in its context; the old file stays then. What is no regular
    file, such as a terminal, is written as it is."""
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    target = path.resolve() if path.is_symlink() else path
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.replace(target)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):  # of a full disk, it does not say which file
            error.filename = error.filename or str(path)
        raise


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a text, or bytes as they are; see `whole_file`."""
    with whole_file(path) as file:
        if isinstance(content, str):
            file.write(content)
        else:
            file.buffer.write(content)


def remove_unfinished(folder: Path, *names: str) -> None:
    """Remove what writers of such files left in a folder when they were killed. Nobody else may
    write them now. The names may be patterns. Raises `OSError`."""
    for name in names:
        for path in folder.glob(f".{name}.[0-9]*"):
            path.unlink(missing_ok=True)
