"""Where the code of a test program makes calls, and where it tells what it has checked.

The Makefile beside the tests' programs disassembles each of them once, and keeps the lines that say
so in a file of its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_SUFFIX = ".code"
_X86 = "file format elf64-x86-64"
"""Only there the programs tell without libc's help."""
_SEGMENT = re.compile(
    r"LOAD off .* vaddr 0x(?P<start>[0-9a-f]+) .*\n.* memsz 0x(?P<size>[0-9a-f]+) "
)
_CALL = r"^ +[0-9a-f]+:\tcallq? .*<(?P<callee>[\w.]+)(?P<plt>@plt)?>(?=\n +(?P<next>[0-9a-f]+):)"
_TELLING = r"^(?P<place>[0-9a-f]+) <tell_(?P<check>[0-9]+)_[0-9]+>:$"
_FUNCTION = r"^[0-9a-f]+ <(?P<function>[\w.]+)>:$"
_CODE = re.compile("|".join((_CALL, _TELLING, _FUNCTION)), re.MULTILINE)


class Caller(NamedTuple):
    """A function that calls another one."""

    function: str
    callee: str


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
    callers: Mapping[int, Caller] = field(default_factory=dict)
    """The function that goes on at a place, and the one that it has called."""


def read_code(program: Path) -> ProgramCode | None:
    """Return where a test program makes calls; None on a machine on which that is not known. Raises
    `OSError`."""
    listing = program.with_name(program.name + _SUFFIX).read_text(encoding="ascii")
    if _X86 not in listing:
        return None
    segments = [(int(m["start"], 16), int(m["size"], 16)) for m in _SEGMENT.finditer(listing)]
    calls, telling, callers = defaultdict(set), defaultdict(set), {}
    function = ""
    for match in _CODE.finditer(listing):
        if match["function"]:
            function = match["function"]
        elif match["check"]:
            telling[int(match["check"])].add(int(match["place"], 16))
        else:
            place = int(match["next"], 16)
            callers[place] = Caller(function, match["callee"])
            if match["plt"]:
                calls[match["callee"]].add(place)
    return ProgramCode(
        min(start for start, _ in segments),
        max(start + size for start, size in segments),
        {name: frozenset(places) for name, places in calls.items()},
        {check: frozenset(places) for check, places in telling.items()},
        callers,
    )
