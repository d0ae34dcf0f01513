"""Where the code of a test program makes calls, and where it tells what it has checked.

Programs are disassembled once, all in one go, and what was found is kept beside each of them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import starmap
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import UserError
from harness.whole_file import write_whole

_SUFFIX = ".code"
_DISASSEMBLE = ("objdump", "-pd", "--no-show-raw-insn")
_LINES = r"file format|LOAD off|^[0-9a-f]+ <.*>:$|[[:space:]]callq? "
_FILTER = ("grep", "-E", "-A1", "--no-group-separator", _LINES)
"""grep takes a tenth of the time that Python would."""
_PROGRAM = re.compile(r"^(?P<path>/.*):     file format (?P<format>.*)$", re.MULTILINE)
_X86 = "elf64-x86-64"
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
    uncalled: frozenset[str] = frozenset()
    """The functions that call others, but are called by none."""
    main: str = "main"
    """The one of them that the program begins with."""


def kept_code(program: Path) -> Path:
    """Return the file that `keep_code` writes for a program."""
    return program.with_name(program.name + _SUFFIX)


def keep_code(programs: Sequence[Path]) -> None:
    """Find out where test programs make calls, and keep that for `read_code`. Raises `UserError` if
    they can't be disassembled, and `OSError`."""
    disassembled = _output_of([*_DISASSEMBLE, *map(str, programs)])
    listings = _output_of(_FILTER, disassembled).decode(errors="surrogateescape")
    _, *parts = _PROGRAM.split(listings)
    for path, form, listing in zip(parts[::3], parts[1::3], parts[2::3]):
        found = _find_calls(listing) if form == _X86 else None
        write_whole(kept_code(Path(path)), json.dumps(found))


def _output_of(command: Sequence[str], given: bytes = b"") -> bytes:
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    ended = subprocess.run(command, env=env, input=given, capture_output=True, check=False)
    if ended.returncode != 0:
        raise UserError(f"{command[0]} failed, with status {ended.returncode}")
    return ended.stdout


def _find_calls(listing: str) -> dict[str, Any]:
    """Return the arguments of a `ProgramCode` in a form that can be kept."""
    segments = [(int(m["start"], 16), int(m["size"], 16)) for m in _SEGMENT.finditer(listing)]
    calls, telling = defaultdict(list), defaultdict(list)
    callers: dict[int, tuple[str, str]] = {}
    called: set[str] = set()
    function = ""
    for match in _CODE.finditer(listing):
        if match["function"]:
            function = match["function"]
        elif match["check"]:
            telling[int(match["check"])].append(int(match["place"], 16))
        else:
            place = int(match["next"], 16)
            callers[place] = (function, match["callee"])
            called.add(match["callee"])
            if match["plt"]:
                calls[match["callee"]].append(place)
    return {
        "start": min(start for start, _ in segments),
        "end": max(start + size for start, size in segments),
        "calls": calls,
        "telling": telling,
        "callers": callers,
        "uncalled": sorted({name for name, _ in callers.values()} - called),
    }


def read_code(program: Path) -> ProgramCode | None:
    """Return where a test program makes calls; None on a machine on which that is not known. Raises
    `OSError`."""
    kept = kept_code(program)
    return _of_program(program.name, kept, kept.stat().st_mtime_ns)


@lru_cache(maxsize=128)  # each submission runs all programs
def _of_program(name: str, kept: Path, _: int) -> ProgramCode | None:
    code = _parse(kept.read_text(encoding="utf-8"))
    own = name.replace("-", "_")  # see tests/snippets/main.c
    return replace(code, main=own) if code and own in code.uncalled else code


@lru_cache(maxsize=1)  # most programs are one file with many names
def _parse(text: str) -> ProgramCode | None:
    kept = json.loads(text)
    if kept is None:
        return None
    return ProgramCode(
        kept["start"],
        kept["end"],
        {name: frozenset(places) for name, places in kept["calls"].items()},
        {int(check): frozenset(places) for check, places in kept["telling"].items()},
        dict(zip(map(int, kept["callers"]), starmap(Caller, kept["callers"].values()))),
        frozenset(kept["uncalled"]),
    )
