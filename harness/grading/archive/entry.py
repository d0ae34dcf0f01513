"""An entry of a submission, and reading its content."""

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

from harness.errors import UserError
from harness.grading.archive.bounds import CHUNK, Refused, shown

_FAULTS_OF_THE_MACHINE = (
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EAGAIN),
    *(errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN),  # of disks and network folders
)

SPECIAL = "expected a file, a folder or a link, found a device, a pipe, a socket or the like"


class Kind(Enum):
    """The kind of an entry."""

    FILE = auto()
    FOLDER = auto()
    LINK = auto()
    HARD_LINK = auto()
    """A second name for an earlier entry of the archive."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is in the archive: nothing in it is checked yet."""

    name: str
    kind: Kind
    executable: bool = False
    target: str = ""
    """Where a link leads: relative to its folder, or for a hard link to the top of the archive."""
    chunks: Iterator[bytes] = iter(())
    """The content of a file, to be read before the next entry."""


@contextmanager
def reading() -> Iterator[None]:
    """Turn errors of reading into `Refused`, except faults of the machine."""
    try:
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:  # the standard library raises any of them for damaged archives
        if isinstance(error, OSError) and error.errno:
            if error.errno in _FAULTS_OF_THE_MACHINE:
                raise
            raise Refused(f"can't be read: {error.strerror}") from error
        # The library's messages differ from version to version, and a grade must not.
        raise Refused("a damaged or incomplete archive") from error


def read_chunks(open_stream: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    """Yield the content of a stream. Raises `Refused` if it can't be read, or is damaged."""
    with reading(), open_stream() as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def open_file(path: Path) -> io.FileIO:
    """Open a file for reading. Raises `Refused` if a link or a pipe has taken its place."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = io.FileIO(os.open(path, flags))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Refused(f"{shown(path.name)}: {SPECIAL}")
    return file


def file_chunks(path: Path) -> Iterator[bytes]:
    """Yield the content of a file. Raises `Refused` if it can't be read."""
    return read_chunks(lambda: open_file(path))
