"""The copy of a test program that runs under the tracer, which needs half of the time for it.

ltrace stops a program at each system call, those of the loader included, and reads the names in the
loader's list of libraries word by word, 8 KiB each. So the copy names the library under test by its
place, so that nothing is searched for, and does not tell where that list is. Debuggers need both:
the program itself stays as it was linked.
"""

from __future__ import annotations

import struct
from pathlib import Path

from harness.execution.build import LIBRARY
from harness.execution.sandbox import SHOWN
from harness.whole_file import write_whole

TRACED_LIBRARY = "so"
"""The name of the library in the folder `SHOWN`. The path to it is as long as the name that it
takes the place of."""
_FOLDER = "traced"
_SEARCHED, _PLACED = f"\0{LIBRARY}\0".encode(), f"\0{SHOWN}/{TRACED_LIBRARY}\0".encode()
_ELF64 = b"\x7fELF\x02\x01"
"""How a file for 64 bits begins, the lower bytes of a number first."""
_HEADER = struct.Struct("<32xQ14xHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_ENTRY = struct.Struct("<qQ")
_DYNAMIC = 2
"""The type of the segment of entries for the loader."""
_DEBUG, _IGNORED = 21, 0x6000_0FFF
"""The tag of the entry in which the loader puts the place of its list, and one without meaning."""


def traced_copy(program: Path) -> Path:
    """Return the file that `write_traced_copy` writes for a program."""
    return program.parent / _FOLDER / program.name


def write_traced_copy(program: Path) -> None:
    """Make the copy of a program. Raises `OSError`."""
    content = bytearray(program.read_bytes().replace(_SEARCHED, _PLACED))
    if content.startswith(_ELF64):
        _hide_list(content)
    copy = traced_copy(program)
    copy.parent.mkdir(exist_ok=True)
    write_whole(copy, bytes(content))
    copy.chmod(0o755)


def _hide_list(content: bytearray) -> None:
    start, size, count = _HEADER.unpack_from(content)
    for number in range(count):
        kind, _, offset, _, _, length, _, _ = _SEGMENT.unpack_from(content, start + number * size)
        if kind != _DYNAMIC:
            continue
        for at in range(offset, offset + length, _ENTRY.size):
            tag, value = _ENTRY.unpack_from(content, at)
            if tag == _DEBUG:
                _ENTRY.pack_into(content, at, _IGNORED, value)
