"""Where the code of a test program calls the allocator, and where it tells what it has checked.

The Makefile beside the tests' programs disassembles each of them once, and keeps the lines that say
so in a file of its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

_Key = TypeVar("_Key")

_SUFFIX = ".code"
_X86 = "file format elf64-x86-64"
"""Only there the programs tell without libc's help."""
_SEGMENT = re.compile(
    r"LOAD off .* vaddr 0x(?P<start>[0-9a-f]+) .*\n.* memsz 0x(?P<size>[0-9a-f]+) "
)
_CALL = re.compile(
    r"^ +[0-9a-f]+:\tcallq? .*<(?P<function>\w+)@plt>\n +(?P<next>[0-9a-f]+):", re.MULTILINE
)
_TELLING = re.compile(r"^(?P<next>[0-9a-f]+) <tell_(?P<check>[0-9]+)_[0-9]+>:$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ProgramCode:
    """Places in a program, as its file has them. In memory, all are moved by the same distance."""

    start: int
    end: int
    """The addresses that it takes up."""
    calls: Mapping[str, frozenset[int]]
    """Where its calls of a function of the allocator return to, by the name of the function."""
    telling: Mapping[int, frozenset[int]]
    """The same for the system calls by which it tells, by the number of the check."""


def read_code(program: Path) -> ProgramCode | None:
    """Return where a test program makes calls; None on a machine on which that is not known. Raises
    `OSError`."""
    listing = program.with_name(program.name + _SUFFIX).read_text(encoding="ascii")
    if _X86 not in listing:
        return None
    segments = [(int(m["start"], 16), int(m["size"], 16)) for m in _SEGMENT.finditer(listing)]
    return ProgramCode(
        min(start for start, _ in segments),
        max(start + size for start, size in segments),
        _places((m["function"], m["next"]) for m in _CALL.finditer(listing)),
        _places((int(m["check"]), m["next"]) for m in _TELLING.finditer(listing)),
    )


def _places(found: Iterable[tuple[_Key, str]]) -> dict[_Key, frozenset[int]]:
    places = defaultdict(set)
    for key, place in found:
        places[key].add(int(place, 16))
    return {key: frozenset(each) for key, each in places.items()}
