"""A submission as bytes that travel to another machine, and what arrives there.

It arrives under its own name and as it is: whether it is refused is for the one who unpacks it to
say. Links are packed as links, and nothing is written through them.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from harness.grading.archive.bounds import ArchiveLimits

_FORMAT = tarfile.PAX_FORMAT
_KINDS = {
    stat.S_IFREG: tarfile.REGTYPE,
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
}
"""What travels: each of two hard links is a file."""


class NotPacked(Exception):
    """A submission that does not travel: it is larger than any that is graded, or has something
    else in it than files, folders and links."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A packed submission."""

    content: bytes

    def unpack(self, folder: Path) -> Path:
        """Unpack it in an empty folder of ours, and return its path."""
        with tarfile.open(fileobj=BytesIO(self.content)) as tar:
            members = tar.getmembers()
            tar.extractall(folder, members)
            return folder / members[0].name


def pack(submission: Path, limits: ArchiveLimits) -> Parcel:
    """Pack a submission. Raises `NotPacked` and `OSError`."""
    output = BytesIO()
    bytes_left = max(limits.archive_mib, limits.unpacked_mib) << 20
    entries_left = limits.files + 1
    with tarfile.open(fileobj=output, mode="w", format=_FORMAT) as tar:
        for path, name in _entries(submission):
            entry = _entry(path, name)
            entries_left -= 1
            bytes_left -= entry.size
            if min(entries_left, bytes_left) < 0:
                raise NotPacked
            if entry.isreg():
                with path.open("rb") as file:
                    tar.addfile(entry, file)
            else:
                tar.addfile(entry)
    return Parcel(output.getvalue())


def _entries(top: Path) -> Iterator[tuple[Path, str]]:
    """Yield a submission and everything in it, with names that begin with its own."""
    yield top, top.name
    if stat.S_ISDIR(top.lstat().st_mode):
        for folder, folders, files in os.walk(top, onerror=_raise):
            for name in (*folders, *files):
                path = Path(folder, name)
                yield path, str(Path(top.name, path.relative_to(top)))


def _raise(error: OSError) -> None:
    raise error


def _entry(path: Path, name: str) -> tarfile.TarInfo:
    """Return the head of an entry that whoever unpacks it owns, and can read if we can."""
    info = path.lstat()
    kind = _KINDS.get(stat.S_IFMT(info.st_mode))
    if kind is None:
        raise NotPacked
    # `tarfile` itself would look up the names of owners, which takes longer than all else here.
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.mode = info.st_mode | (0o700 if entry.isdir() else 0o400)
    entry.mtime = int(info.st_mtime)  # a fraction would take a head of its own
    entry.uid = entry.gid = os.geteuid()
    if entry.isreg():
        entry.size = info.st_size
    elif entry.issym():
        entry.linkname = os.readlink(path)
    return entry
