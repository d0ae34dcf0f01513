"""How a program is linked with the allocator, which decides which of its calls a tracer sees."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.trace.signatures import FUNCTIONS

_RELOCATION = re.compile(r"^\S+ +\S+ +(?P<type>R_\w+) +\S+ +(?P<name>\w+)(?:@\S+)? \+ ", re.M)
_BY_PLT = ("_JUMP_SLOT", "_JUMP_SLO", "_JUMP_SL")
_SECOND_PLT = ".plt.sec"
_NO_PROGRAM = 1
"""The exit status of readelf on a file of another kind."""
NOT_LINKED = "it has to be a program that is linked with a shared libosmem.so; use -losmem"
"""The advice for a program without a `Linkage`."""


@dataclass(frozen=True, slots=True)
class Linkage:
    """How a program calls the functions of the allocator."""

    imported: frozenset[str]
    """The functions that it imports from a shared library."""
    by_plt: frozenset[str]
    """The imported functions that it calls through its PLT."""
    second_plt: bool
    """Whether it calls them through a second PLT, apart from the one that binds them lazily."""


def read_linkage(program: Path) -> Linkage | None:
    """Return how a program is linked; None if it is no program, or loads no shared libraries.
    Raises `UserError` if readelf fails."""
    listing = subprocess.run(
        ["readelf", "--wide", "--relocs", "--dynamic", "--section-headers", str(program)],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if listing.returncode not in (0, _NO_PROGRAM):
        raise UserError(f"{program}: readelf failed, with status {listing.returncode}")
    output = listing.stdout
    if "Dynamic section at" not in output:
        return None
    found = [match for match in _RELOCATION.finditer(output) if match["name"] in FUNCTIONS]
    return Linkage(
        frozenset(match["name"] for match in found),
        frozenset(match["name"] for match in found if match["type"].endswith(_BY_PLT)),
        f" {_SECOND_PLT} " in output,
    )
