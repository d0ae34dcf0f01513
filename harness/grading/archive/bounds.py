"""What a submission may cost, and writing files within it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError

MIB = 1024 * 1024
CHUNK = 64 * 1024
"""Bytes that are in memory at a time."""

_SHOWN_LENGTH = 120


class Refused(UserError):
    """A submission that is not unpacked; the message is one line that says what was found."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How large a submission may be, packed and unpacked."""

    archive_mib: int
    """The size of the archive itself."""
    unpacked_mib: int
    """All files together."""
    files: int
    """The number of entries, folders among them."""
    depth: int
    """Folders below each other, in an entry's name."""
    ratio: int
    """Unpacked bytes over archive bytes; not asked below 1 MiB unpacked."""


class Budget:
    """Counts what really comes out of a submission, whatever it declares."""

    def __init__(self, limits: ArchiveLimits, packed: int | None = None) -> None:
        """``packed`` is the archive's size in bytes, None where there is no archive."""
        self.limits = limits
        self._packed = packed
        self._entries = 0
        self._bytes = 0

    def entry(self) -> None:
        """Counts an entry; raises `Refused` if it is one too many."""
        self._entries += 1
        if self._entries > self.limits.files:
            raise Refused(f"holds more than {self.limits.files} files and folders")

    def take(self, size: int) -> None:
        """Counts bytes of a file; raises `Refused` if they are too many."""
        self._bytes += size
        if self._bytes > self.limits.unpacked_mib * MIB:
            raise Refused(f"unpacks to more than {self.limits.unpacked_mib} MiB")
        if self._packed is None or self._bytes <= MIB:
            return
        if self._bytes > self._packed * self.limits.ratio:
            raise Refused(f"unpacks to more than {self.limits.ratio} times its size")


def shown(text: str) -> str:
    """A name or message from a submission, fit for one line of output."""
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    if len(printable) > _SHOWN_LENGTH:
        return printable[:_SHOWN_LENGTH] + "\N{HORIZONTAL ELLIPSIS}"
    return printable


def make_folder(path: Path) -> None:
    """A new folder that everyone can read, whatever the umask. Raises `FileExistsError`."""
    path.mkdir()
    path.chmod(0o755)


def write_file(path: Path, chunks: Iterable[bytes], executable: bool, budget: Budget) -> None:
    """A new file that everyone can read, whatever the umask; never through a link.

    Raises `Refused` for what is in ``chunks``, and `OSError` for the machine's faults.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        for chunk in chunks:
            budget.take(len(chunk))
            file.write(chunk)
        os.fchmod(file.fileno(), 0o755 if executable else 0o644)
