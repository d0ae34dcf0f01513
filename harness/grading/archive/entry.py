"""One entry of a submission, and reading its content."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import IO

from harness.grading.archive.bounds import CHUNK, Refused, shown

_MACHINES_FAULTS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EAGAIN)

SPECIAL = "expected a file, a folder or a link, found a device, a pipe, a socket or the like"


class Kind(Enum):
    """What an entry is."""

    FILE = auto()
    FOLDER = auto()
    LINK = auto()
    HARD_LINK = auto()
    """A second name for an earlier entry of the archive."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as the archive has it: nothing about it is checked."""

    name: str
    kind: Kind
    executable: bool = False
    target: str = ""
    """Of links: relative to the link's folder, or, of hard links, to the archive's top."""
    chunks: Iterator[bytes] = iter(())
    """A file's content; it is gone once the next entry was asked for."""


@contextmanager
def reading() -> Iterator[None]:
    """Makes a `Refused` of what goes wrong while reading, but for the machine's own faults."""
    try:
        yield
    except (Refused, MemoryError):
        raise
    except Exception as error:  # the standard library raises nearly anything on damaged archives
        if isinstance(error, OSError) and error.errno:
            if error.errno in _MACHINES_FAULTS:
                raise
            raise Refused(f"can't be read: {error.strerror}") from error
        # What the library says differs from version to version, and a grade must not.
        raise Refused("a damaged or incomplete archive") from error


def read_chunks(open_stream: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    """A stream's content; raises `Refused` if it can't be read, or is damaged."""
    with reading(), open_stream() as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def open_file(path: Path) -> io.FileIO:
    """A file for reading. A link or a pipe that took its place since it was looked at is none."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = io.FileIO(os.open(path, flags))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Refused(f"{shown(path.name)}: {SPECIAL}")
    return file


def file_chunks(path: Path) -> Iterator[bytes]:
    """A file's content; raises `Refused` if it can't be read."""
    return read_chunks(lambda: open_file(path))
