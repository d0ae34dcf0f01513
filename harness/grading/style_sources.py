"""The files that style is judged on: those that a compiler reads to make the library.

What a submission's own build reads can't be seen without trusting it. So the C files are compiled
and linked once more, here. What they include is judged as they are, whatever its name. If they lack
a function of the library, then the build read something else, and style can't be judged.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.execution.symbols import undefined_functions
from harness.grading.style_tools import SOURCES, ToolRunner, search_paths

LIBRARY_SYMBOLS = ("nm", "-D", "--format=posix")
"""The command that lists the symbols of the library named after it."""

_COMPILE = "gcc -std=gnu11 -D_GNU_SOURCE -fpermissive -w"
_READ = r"""work=$(mktemp -d 2>/dev/null || mktemp -d -p .)
number=0
for unit; do
    {compile} -E "$unit" 2>/dev/null | grep -a -E '^# [0-9]+ "|^ *# *pragma +GCC +diagnostic'
    {compile} -c -O1 -fPIC -fcommon -fgnu89-inline -o "$work/$number.o" "$unit" 2>/dev/null
    number=$((number + 1))
done
gcc -shared -Wl,-z,muldefs -Wl,-z,defs -o "$work/all.so" "$work"/*.o 2>&1 | grep -a undefined
nm --defined-only --format=posix "$work"/*.o 2>/dev/null
rm -rf "$work"
"""
_MARKER = re.compile(r'# (?P<line>[0-9]+) "(?P<file>[^"]+)"')
_FUNCTION = re.compile(r"(?P<name>[\w.$]+)(?:@\S*)? (?P<kind>[A-Za-z])(?: .*)?")
_DEFINED, _UNDEFINED = "TtWi", "Uw"
"""How nm marks functions that a file defines, and those that it looks for elsewhere."""
_OF_THE_LINKER = frozenset(("_init", "_fini"))


@dataclass(frozen=True, slots=True)
class Sources:
    """What the C files are made of."""

    files: tuple[str, ...]
    """All that a compiler reads of the sources, relative to them."""
    silencers: tuple[tuple[str, int], ...]
    """The places that keep the compiler from warnings, by whatever macro."""
    lacking: tuple[str, ...]
    """The functions of the library that are in none of the files that compile."""


def read_sources(
    names: Sequence[str], shown: Mapping[str, Path], library: str | None, run: ToolRunner
) -> Sources:
    """Compile the C files among ``names``, and link them. ``library`` is the output of
    `LIBRARY_SYMBOLS`, or None if there is no library to compare them with. Raises what ``run``
    raises."""
    units = [f"{SOURCES}/{name}" for name in names if name.endswith(".c")]
    utils = [
        f"{inside}/{path.name}"
        for inside, folder in shown.items()
        if inside != SOURCES
        for path in sorted(folder.glob("*.c"))
    ]
    compiler = f"{_COMPILE} {shlex.join(search_paths(names, shown))}"
    lines = run(
        ["sh", "-c", _READ.format(compile=compiler), "sh", *units, *utils], shown
    ).splitlines()
    read = [name for name, _ in _places(lines) if _is_source(shown[SOURCES], name)]
    return Sources(
        tuple(sorted({*names, *read})),
        tuple(sorted(set(_silencers(lines, shown[SOURCES])))),
        () if library is None else tuple(sorted(_lacking(lines, library))),
    )


def _is_source(folder: Path, name: str) -> bool:
    return name.split("/")[0] != ".." and (folder / name).is_file()


def _places(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the files and lines that the preprocessor names, in its order."""
    for match in filter(None, map(_MARKER.match, lines)):
        yield os.path.relpath(match["file"], SOURCES), int(match["line"])


def _silencers(lines: Iterable[str], folder: Path) -> Iterator[tuple[str, int]]:
    place = ("", 0)
    for line in lines:
        if match := next(_places([line]), None):
            place = match
        elif "pragma" in line and _is_source(folder, place[0]):
            yield place


def _functions(lines: Iterable[str], kinds: str) -> set[str]:
    matches = filter(None, map(_FUNCTION.fullmatch, lines))
    return {match["name"] for match in matches if match["kind"] in kinds} - _OF_THE_LINKER


def _lacking(lines: Sequence[str], library: str) -> set[str]:
    of_library = library.splitlines()
    exported = _functions(of_library, _DEFINED) - _functions(lines, _DEFINED)
    hidden = set(undefined_functions("\n".join(lines))) - _functions(of_library, _UNDEFINED)
    return exported | hidden
