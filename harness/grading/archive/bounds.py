"""The limits of a submission, and writing files within them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.text import printable

MIB = 1024 * 1024
CHUNK = 64 * 1024
"""The number of bytes in memory at a time."""

_SHOWN_LENGTH = 120


class Refused(UserError):
    """A submission can't be accepted; the message says in one line what was found."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """The largest submission, packed and unpacked."""

    archive_mib: int
    """The size of the archive itself."""
    unpacked_mib: int
    """The size of all files."""
    files: int
    """The number of entries, including folders."""
    depth: int
    """The number of nested folders."""
    ratio: int
    """Unpacked bytes over archive bytes; not applied up to 1 MiB unpacked."""


class Budget:
    """Counts what comes out of a submission, whatever the submission declares."""

    def __init__(self, limits: ArchiveLimits, packed: int | None = None) -> None:
        """``packed`` is the archive's size in bytes, or None for a folder."""
        self.limits = limits
        self._packed = packed
        self._entries = 0
        self._bytes = 0

    def entry(self) -> None:
        """Count an entry. Raises `Refused` if it is one too many."""
        self._entries += 1
        if self._entries > self.limits.files:
            raise Refused(f"holds more than {self.limits.files} files and folders")

    def take(self, size: int) -> None:
        """Count bytes of a file. Raises `Refused` if they are too many."""
        self._bytes += size
        if self._bytes > self.limits.unpacked_mib * MIB:
            raise Refused(f"unpacks to more than {self.limits.unpacked_mib} MiB")
        if self._packed is None or self._bytes <= MIB:
            return
        if self._bytes > self._packed * self.limits.ratio:
            raise Refused(f"unpacks to more than {self.limits.ratio} times its size")


def shown(text: str) -> str:
    """Return a name or message from a submission, cut and printable in one line."""
    line = printable(text)
    if len(line) > _SHOWN_LENGTH:
        return line[:_SHOWN_LENGTH] + "\N{HORIZONTAL ELLIPSIS}"
    return line


def make_folder(path: Path) -> None:
    """Make a folder that everyone can read, whatever the umask. Raises `FileExistsError`."""
    path.mkdir()
    path.chmod(0o755)


def write_file(path: Path, chunks: Iterable[bytes], executable: bool, budget: Budget) -> None:
    """Write a new file that everyone can read, whatever the umask, and never through a link.

    Raises `Refused` for a fault of the content, and `OSError` for a fault of the machine.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        for chunk in chunks:
            budget.take(len(chunk))
            file.write(chunk)
        os.fchmod(file.fileno(), 0o755 if executable else 0o644)
