"""How a program is linked with the allocator, which decides what a tracer sees of its calls."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.trace.signatures import FUNCTIONS

_RELOCATION = re.compile(r"^\S+ +\S+ +(?P<type>R_\w+) +\S+ +(?P<name>\w+)(?:@\S+)? \+ ", re.M)
_BY_PLT = ("_JUMP_SLOT", "_JUMP_SLO", "_JUMP_SL")
_SECOND_PLT = ".plt.sec"
NOT_LINKED = "it has to be a program that is linked with a shared libosmem.so; use -losmem"
"""What there is to say of a program that has no `Linkage`."""


@dataclass(frozen=True, slots=True)
class Linkage:
    """Of a program that can be run with a shared library."""

    imported: frozenset[str]
    """The functions of the allocator that it takes from a library."""
    by_plt: frozenset[str]
    """Those of them that it calls by way of its PLT."""
    second_plt: bool
    """Whether the PLT that calls go through is not the one that binds them lazily."""


def read_linkage(program: Path) -> Linkage | None:
    """None if it is no program, or one that no shared library is loaded for."""
    said = subprocess.run(
        ["readelf", "--wide", "--relocs", "--dynamic", "--section-headers", str(program)],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    ).stdout
    if "Dynamic section at" not in said:
        return None
    found = [match for match in _RELOCATION.finditer(said) if match["name"] in FUNCTIONS]
    return Linkage(
        frozenset(match["name"] for match in found),
        frozenset(match["name"] for match in found if match["type"].endswith(_BY_PLT)),
        f" {_SECOND_PLT} " in said,
    )
