"""The copy of a test program that runs under ltrace, which needs half of the time for it.

ltrace stops a program at each system call, those of the loader included, and reads the names in the
loader's list of libraries word by word, 8 KiB each. So the copy names the library under test and
the C library by their places, so that nothing is searched for, and does not tell where that list
is. Debuggers need both, and uftrace the name of the C library: the program itself stays as it was
linked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from harness.execution.build import LIBRARY
from harness.execution.sandbox import SHOWN
from harness.whole_file import write_whole

TRACED_LIBRARY = "so"
"""The name of the library in the folder `SHOWN`. The path to it is as long as the name that it
takes the place of."""
_FOLDER = "traced"
_SEARCHED, _PLACED = f"\0{LIBRARY}\0".encode(), f"\0{SHOWN}/{TRACED_LIBRARY}\0".encode()
_LIBC = "libc.so.6"
_ROOM = b"room for the path of the C library".ljust(256, b"\0")
"""What lies where a program has room for it; see tests/snippets/layout.c."""
_ELF64 = b"\x7fELF\x02\x01"
"""How a file for 64 bits begins, the lower bytes of a number first."""
_HEADER = struct.Struct("<32xQ14xHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_ENTRY = struct.Struct("<qQ")
_VERSION_LIST = struct.Struct("<HHIII")
_LOADED, _DYNAMIC = 1, 2
"""The types of segments that are mapped, and of the one of entries for the loader."""
_NEEDED, _STRINGS, _DEBUG, _IGNORED, _VERSIONS = 1, 5, 21, 0x6000_0FFF, 0x6FFF_FFFE
"""The tags of entries: the name of a library, where names begin, where the loader puts the place of
its list, one without meaning, and where the lists of versions begin."""


def traced_copy(program: Path) -> Path:
    """Return the file that `write_traced_copy` writes for a program."""
    return program.parent / _FOLDER / program.name


def write_traced_copy(program: Path) -> None:
    """Make the copy of a program. Raises `OSError`."""
    content = bytearray(program.read_bytes().replace(_SEARCHED, _PLACED))
    if content.startswith(_ELF64):
        dynamic = _Dynamic(content)
        dynamic.hide_list()
        dynamic.place_libc(_path_of_libc())
    copy = traced_copy(program)
    copy.parent.mkdir(exist_ok=True)
    write_whole(copy, bytes(content))
    copy.chmod(0o755)


@cache
def _path_of_libc() -> bytes:
    """Return where the C library of this system is; empty if Python has none that is loaded."""
    mapped = (line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines())
    return next((path for path in mapped if Path(path).name == _LIBC), "").encode()


class _Segment(NamedTuple):
    """A header of the program; the fields are those of elf(5)."""

    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    align: int


class _Dynamic:
    """What a program tells the loader, changed in place."""

    def __init__(self, content: bytearray) -> None:
        self._content = content
        self._segments = list(self._read_segments())

    def _read_segments(self) -> Iterator[_Segment]:
        start, size, count = _HEADER.unpack_from(self._content)
        for number in range(count):
            yield _Segment(*_SEGMENT.unpack_from(self._content, start + number * size))

    def _entries(self) -> Iterator[tuple[int, int, int]]:
        """Yield each entry's tag and value, and where it is in the file."""
        for segment in self._segments:
            if segment.type == _DYNAMIC:
                for at in range(segment.offset, segment.offset + segment.filesz, _ENTRY.size):
                    tag, value = _ENTRY.unpack_from(self._content, at)
                    yield tag, value, at

    def hide_list(self) -> None:
        for tag, value, at in self._entries():
            if tag == _DEBUG:
                _ENTRY.pack_into(self._content, at, _IGNORED, value)

    def place_libc(self, path: bytes) -> None:
        """Name the C library by its path, if that is known, and the program has room for it."""
        room = self._content.find(_ROOM)
        if not path or len(path) >= len(_ROOM) or room < 0:
            return
        self._content[room : room + len(_ROOM)] = path.ljust(len(_ROOM), b"\0")
        values = {tag: value for tag, value, _ in self._entries()}
        strings, name = values[_STRINGS], f"{_LIBC}\0".encode()
        placed = self._address(room) - strings
        for tag, value, at in self._entries():
            if tag == _NEEDED and self._content.startswith(name, self._offset(strings + value)):
                _ENTRY.pack_into(self._content, at, tag, placed)
        for at in self._version_lists(values.get(_VERSIONS)):
            version, count, value, *rest = _VERSION_LIST.unpack_from(self._content, at)
            if self._content.startswith(name, self._offset(strings + value)):
                _VERSION_LIST.pack_into(self._content, at, version, count, placed, *rest)

    def _version_lists(self, first: int | None) -> Iterator[int]:
        """Yield where in the file each list is of the versions that a library has to have."""
        at = None if first is None else self._offset(first)
        while at is not None:
            yield at
            distance = _VERSION_LIST.unpack_from(self._content, at)[-1]
            at = at + distance if distance else None

    def _offset(self, address: int) -> int:
        """Return where in the file an address is."""
        return next(
            segment.offset + address - segment.vaddr
            for segment in self._segments
            if segment.type == _LOADED and 0 <= address - segment.vaddr < segment.filesz
        )

    def _address(self, offset: int) -> int:
        """Return the address of a place in the file."""
        return next(
            segment.vaddr + offset - segment.offset
            for segment in self._segments
            if segment.type == _LOADED and 0 <= offset - segment.offset < segment.filesz
        )
