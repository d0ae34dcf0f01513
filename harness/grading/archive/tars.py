"""The entries of tar archives, compressed ones and 7z among them.

tarfile reads headers into memory whatever length they declare, and remembers them all. It reads
from a stream that limits them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from harness.errors import UserError
from harness.execution.tools import require_tools
from harness.grading.archive.bounds import CHUNK, MIB, ArchiveLimits, Refused, shown
from harness.grading.archive.entry import SPECIAL, Entry, Kind, read_chunks

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MAX_HEADERS = 256 * 1024
"""The size of a tar's headers for one entry: names, attributes, maps of sparse files."""
_XZ_MEMORY = 66 * MIB
"""The memory that archives made by xz -9 ask for; it is used only as far as there is content."""
_TAR_BYTES_AN_ENTRY = 2048
"""The size of headers and padding for a file in a tar, with room for a long name."""

_BSDTAR_MEMORY_MIB = 256
_BSDTAR_CPU_SECONDS = 20
_NOT_STARTED = (126, 127)
"""The exit statuses of prlimit if it can't start a command."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        ...


# ---- Streams -------------------------------------------------------------------------------------


class _XzStream(io.RawIOBase):
    """The decompressed content of an xz file. Reading raises `lzma.LZMAError` and `EOFError`."""

    def __init__(self, file: _Readable) -> None:
        self._file = file
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer)
        while not self._decoder.eof:
            data = self._file.read(CHUNK) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not data:
                raise EOFError("the compressed data ends early")
            if content := self._decoder.decompress(data, len(target)):
                target[: len(content)] = content
                return len(content)
        return 0


class _ForwardStream(io.RawIOBase):
    """A decompressed tar, for tarfile to read once from its beginning to its end.

    It stops a tar that would take too much memory or time, or that never ends.
    """

    def __init__(self, file: _Readable, largest: int, refusal: str) -> None:
        """``refusal`` is the message if ``file`` has more than ``largest`` bytes."""
        self._file = file
        self._largest = largest
        self._refusal = refusal
        self._position = 0
        self._headers_left: int | None = None
        self.latest = b""
        """The bytes that were read last."""

    @contextmanager
    def reading_headers(self) -> Iterator[None]:
        """Limit what is read in this context, which are headers."""
        self._headers_left = _MAX_HEADERS
        yield
        self._headers_left = None

    def _pull(self, size: int) -> bytes:
        data = self._file.read(size)
        self._position += len(data)
        if self._position > self._largest:
            raise Refused(self._refusal)
        return data

    def read(self, size: int = -1, /) -> bytes:
        if self._headers_left is not None:
            if size < 0:
                raise tarfile.ReadError("a header with a length below 0")
            self._headers_left -= size
            if self._headers_left < 0:
                raise Refused(f"a tar with over {_MAX_HEADERS // 1024} KiB of headers for one file")
        self.latest = self._pull(size)
        return self.latest

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence != io.SEEK_SET or offset < self._position:
            raise tarfile.ReadError("an entry lies before the one that came earlier")
        while self._position < offset and self._pull(min(CHUNK, offset - self._position)):
            pass
        return self._position


# ---- Tar -----------------------------------------------------------------------------------------


def _tar_content(archive: tarfile.TarFile, header: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(header)
    assert content is not None, "every regular file has content"
    return content


def _tar_entry(archive: tarfile.TarFile, header: tarfile.TarInfo) -> Entry:
    if header.isreg():
        chunks = read_chunks(lambda: _tar_content(archive, header))
        return Entry(header.name, Kind.FILE, bool(header.mode & stat.S_IXUSR), chunks=chunks)
    if header.isdir():
        return Entry(header.name, Kind.FOLDER)
    if header.issym():
        return Entry(header.name, Kind.LINK, target=header.linkname)
    if header.islnk():
        return Entry(header.name, Kind.HARD_LINK, target=header.linkname)
    raise Refused(f"{shown(header.name)}: {SPECIAL}")


def _next_header(archive: tarfile.TarFile, stream: _ForwardStream) -> tarfile.TarInfo | None:
    with stream.reading_headers():
        header = archive.next()
    # tarfile would keep all headers, and the values of global ones, for ever.
    archive.members = []  # type: ignore[attr-defined]
    archive.pax_headers = {}
    return header


def tar_entries(file: _Readable, limits: ArchiveLimits) -> Iterator[Entry]:
    """Yield the entries of a tar. Raises `Refused`, and what tarfile and ``file`` raise."""
    largest = (limits.unpacked_mib + 1) * MIB + limits.files * _TAR_BYTES_AN_ENTRY
    stream = _ForwardStream(file, largest, f"unpacks to more than {limits.unpacked_mib} MiB")
    with stream.reading_headers():
        archive = tarfile.TarFile(fileobj=stream, encoding="utf-8", errors="surrogateescape")
    with archive:
        while header := _next_header(archive, stream):
            yield _tar_entry(archive, header)
    # tarfile takes anything but a header for the end.
    if stream.latest != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("there is no end mark")
    while stream.read(CHUNK):
        pass  # compressed data is known to be whole only at its end


def tar_gz_entries(file: io.FileIO, limits: ArchiveLimits) -> Iterator[Entry]:
    """Yield the entries of a tar compressed by gzip, as `tar_entries` does."""
    with gzip.GzipFile(fileobj=file) as stream:
        yield from tar_entries(stream, limits)


def tar_bz2_entries(file: io.FileIO, limits: ArchiveLimits) -> Iterator[Entry]:
    """Yield the entries of a tar compressed by bzip2, as `tar_entries` does."""
    with bz2.BZ2File(file) as stream:
        yield from tar_entries(stream, limits)


def tar_xz_entries(file: io.FileIO, limits: ArchiveLimits) -> Iterator[Entry]:
    """Yield the entries of a tar compressed by xz, as `tar_entries` does."""
    with io.BufferedReader(_XzStream(file), CHUNK) as stream:
        yield from tar_entries(stream, limits)


def seven_zip_entries(file: io.FileIO, limits: ArchiveLimits) -> Iterator[Entry]:
    """Yield the entries of a 7z archive. Raises `Refused`, and `UserError` without bsdtar.

    bsdtar turns the archive into a tar, from one stream to another; it opens and writes no files.
    """
    require_tools("bsdtar")
    # It can only wait for a file and for us, so a limit of processor time is enough.
    bounds = [f"--as={_BSDTAR_MEMORY_MIB * MIB}", f"--cpu={_BSDTAR_CPU_SECONDS}", "--core=0"]
    process = subprocess.Popen(
        ["prlimit", *bounds, "--fsize=0", "--", "bsdtar", "--format=pax", "-cf", "-", "@-"],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            assert process.stdout is not None
            yield from tar_entries(process.stdout, limits)
            if process.wait() != 0:
                raise tarfile.ReadError("bsdtar gave up")
        except tarfile.TarError as error:  # bsdtar writes a whole tar, unless it gave up
            process.kill()
            if process.wait() in _NOT_STARTED:
                raise UserError("bsdtar: can't be started") from error
            raise Refused("a 7z archive that is damaged or encrypted") from error
        finally:
            process.kill()
