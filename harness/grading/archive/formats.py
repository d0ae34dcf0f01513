"""The entries of a submission, which is a folder or an archive, one after the other.

The format of an archive is detected from its first bytes, not from its name. Nothing that it says
about itself is trusted. Only a chunk of a file, and a bounded piece of the archive's own tables,
are in memory at a time; the caller counts what comes out.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from pathlib import Path

from harness.grading.archive.bounds import MIB, ArchiveLimits, Refused, shown
from harness.grading.archive.entry import (
    SPECIAL,
    Entry,
    Kind,
    file_chunks,
    open_file,
    read_chunks,
    reading,
)
from harness.grading.archive.tars import (
    seven_zip_entries,
    tar_bz2_entries,
    tar_entries,
    tar_gz_entries,
    tar_xz_entries,
)

_MAX_TABLE = 2 * MIB
"""The size of a zip's table of contents, which zipfile reads at once."""
_MAX_LINK_TARGET = 4096
_ZIP_ENCRYPTED = 0x41
_ZIP_UTF8 = 0x800
_ACCEPTED = "zip, tar, tar.gz, tar.xz, tar.bz2 or 7z"

# ---- Folders -------------------------------------------------------------------------------------


def _folder_entries(folder: Path, limits: ArchiveLimits, above: str = "") -> Iterator[Entry]:
    if above.count("/") > limits.depth:
        raise Refused(f"{shown(above)}: more than {limits.depth} folders below each other")
    with os.scandir(folder) as listing:
        names = sorted(item.name for item in islice(listing, limits.files + 1))
    for name in names:
        path, full = folder / name, above + name
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield Entry(full, Kind.FOLDER)
            yield from _folder_entries(path, limits, f"{full}/")
        elif stat.S_ISLNK(mode):
            yield Entry(full, Kind.LINK, target=os.readlink(path))
        elif stat.S_ISREG(mode):
            yield Entry(full, Kind.FILE, bool(mode & stat.S_IXUSR), chunks=file_chunks(path))
        else:
            raise Refused(f"{shown(full)}: {SPECIAL}")


# ---- Zip -----------------------------------------------------------------------------------------


class _ZipFile(io.FileIO):
    """A file that refuses to read a table of contents that would fill the memory."""

    def read(self, size: int = -1, /) -> bytes:
        if size > _MAX_TABLE:
            raise Refused(f"a zip with a table of contents of more than {_MAX_TABLE // MIB} MiB")
        return super().read(size) or b""


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return the name, read as UTF-8 if possible: not all tools that write UTF-8 say so."""
    name = info.orig_filename  # info.filename ends at a NUL
    if info.flag_bits & _ZIP_UTF8:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _zip_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    name, mode = _zip_name(info), info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if info.flag_bits & _ZIP_ENCRYPTED:
        raise Refused(f"{shown(name)}: encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused(f"{shown(name)}: compressed with another method than deflate")
    if kind == stat.S_IFLNK:
        with archive.open(info) as stream:
            target = os.fsdecode(stream.read(_MAX_LINK_TARGET + 1))
        return Entry(name, Kind.LINK, target=target)
    if kind == stat.S_IFDIR or name.endswith(("/", "\\")):
        return Entry(name, Kind.FOLDER)
    if kind not in (0, stat.S_IFREG):  # 0 comes from systems on which files have no kind
        raise Refused(f"{shown(name)}: {SPECIAL}")
    chunks = read_chunks(lambda: archive.open(info))
    return Entry(name, Kind.FILE, bool(mode & stat.S_IXUSR), chunks=chunks)


def _check_overlaps(infos: Iterable[zipfile.ZipInfo]) -> None:
    """Refuse entries that share bytes of the archive, as only some versions of zipfile do."""
    end = 0
    for start, size in sorted((info.header_offset, info.compress_size) for info in infos):
        if start < end:
            raise Refused("a zip whose entries overlap")
        end = start + size


def _zip_entries(file: io.FileIO, limits: ArchiveLimits) -> Iterator[Entry]:
    with zipfile.ZipFile(_ZipFile(file.fileno(), closefd=False)) as archive:
        _check_overlaps(archive.infolist())
        for info in archive.infolist():
            yield _zip_entry(archive, info)


# ---- Any format ----------------------------------------------------------------------------------

_Reader = Callable[[io.FileIO, ArchiveLimits], Iterator[Entry]]

_READERS: tuple[tuple[bytes, _Reader], ...] = (
    (b"PK\3\4", _zip_entries),
    (b"PK\5\6", _zip_entries),  # an empty one
    (b"\x1f\x8b", tar_gz_entries),
    (b"BZh", tar_bz2_entries),
    (b"\xfd7zXZ\0", tar_xz_entries),
    (b"7z\xbc\xaf\x27\x1c", seven_zip_entries),
)


def _reader(head: bytes) -> _Reader | None:
    """Return the reader for an archive that starts like this; None if it is no archive."""
    for magic, reader in _READERS:
        if head.startswith(magic):
            return reader
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return None
    return tar_entries


def is_archive(path: Path) -> bool:
    """Return whether a file is an archive that `entries` can read."""
    with open_file(path) as file:
        return _reader(file.read(tarfile.BLOCKSIZE)) is not None


def packed_size(submission: Path, limits: ArchiveLimits) -> int | None:
    """Return the size in bytes of a submission that is a file; None for a folder.

    Raises `Refused` if it is neither, or too large.
    """
    with reading():
        info = submission.lstat()
    if stat.S_ISDIR(info.st_mode):
        return None
    if stat.S_ISLNK(info.st_mode):
        raise Refused("a symbolic link, not an archive or a folder")
    if not stat.S_ISREG(info.st_mode):
        raise Refused("a device, a pipe or a socket, not an archive or a folder")
    if info.st_size == 0:
        raise Refused("an empty file")
    if info.st_size > limits.archive_mib * MIB:
        raise Refused(f"a file of more than {limits.archive_mib} MiB")
    return info.st_size


def entries(submission: Path, limits: ArchiveLimits) -> Generator[Entry, None, None]:
    """Yield the entries of a folder, in the order of their names, or of an archive, in its order.

    A C file on its own is an entry, too. Raises `Refused` for anything else, and for what can't be
    read.
    """
    if packed_size(submission, limits) is None:
        with reading():
            yield from _folder_entries(submission, limits)
        return
    with reading(), open_file(submission) as file:
        reader = _reader(file.read(tarfile.BLOCKSIZE))
        if reader is not None:
            file.seek(0)
            yield from reader(file, limits)
        elif submission.suffix.lower() == ".c":
            yield Entry("osmem.c", Kind.FILE, chunks=file_chunks(submission))
        else:
            raise Refused(f"expected a {_ACCEPTED} archive, found something else")
