"""The files that style is judged on, and the library that they make by themselves.

What a submission's own build reads can't be seen without trusting it. So the C files are compiled
and linked once more, here: what they include is judged, whatever its name, and the library that
they make shows whether they are all that there is; see `harness.grading.style_proof`. Code that a
compiler hands on without reading it, such as assembly language, can't be judged.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.execution.kit import OUR_NAMES
from harness.grading.style_tools import SOURCES, StyleError, ToolRunner, search_paths

UNITS_OF = ("nm", "-a", "--format=posix")
"""The command that lists the symbols of the library named after it, its units among them."""

CLEAR_NAME = re.compile(r"[\w./+ -]+")
"""A path that can be told apart from the rest of a tool's line."""

_PREPROCESS = "gcc -std=gnu11 -D_GNU_SOURCE -fpermissive -w -E"
_COMPILE = "gcc -x cpp-output -std=gnu11 -fpermissive -w -c -O1 -fPIC -fcommon -fgnu89-inline"
_UNREAD = (
    r"\b(asm|__asm|__asm__)\b[a-z_ ]*\(( |\"[^\"]*\")*[^\"]?"
    r"|\b(section|__section__|symver|__symver__|weakref|__weakref__)\b[( ]*[uULR8]*\""
)
"""What makes a compiler hand on text that it has not read, in lines that are joined."""
_UNREAD_LINES = r"^ *# *(ident|sccs|pragma +GCC +pch_preprocess)\b.*"
"""The same by a line of its own."""
_HARMLESS = re.compile(r'\w+[a-z_ ]*\(( |"\w*")*[:)]|#(ident|sccs) "[^"\\]*"')
"""The same with a name at most: another name for a function, a barrier, an instruction; or with a
version."""
_READ = r"""work=$(mktemp -d 2>/dev/null || mktemp -d -p .)
linked=$1
number=0
shift
for unit; do
    {preprocess} "$unit" >"$work/read.i" 2>/dev/null
    grep -a -E '^# [0-9]+ "|^ *# *pragma +GCC +diagnostic' "$work/read.i"
    {{
        grep -a -o -E {unread_lines} "$work/read.i"
        grep -a -v '^#' "$work/read.i" | tr '\n\t\f\v\r' '     ' | grep -a -o -E {unread}
    }} | sed 's/^/unread:/'
    test $number -ge "$linked" || {compile} -o "$work/$number.o" "$work/read.i" 2>/dev/null
    number=$((number + 1))
done
gcc -shared -Wl,-z,muldefs -Wl,-z,separate-code -o "$work/all.so" "$work"/*.o 2>/dev/null
printf 'library:'
test ! -f "$work/all.so" || base64 -w 0 "$work/all.so"
printf '\nend\n'
rm -rf "$work"
"""
_MARKER = re.compile(r'# (?P<line>[0-9]+) "(?P<file>[^"]+)"')
_UNIT = re.compile(r"(?P<name>\S.*\.c) a\b.*")


@dataclass(frozen=True, slots=True)
class Sources:
    """What the C files are made of."""

    shown: Mapping[str, Path]
    """The folders that the tools have to see, by their paths; `SOURCES` is the first."""
    files: tuple[str, ...]
    """All that a compiler reads of the sources, relative to them."""
    silencers: tuple[tuple[str, int], ...]
    """The places that keep the compiler from warnings, by whatever macro."""
    unread: tuple[str, ...]
    """What makes a compiler hand on text that it has not read."""
    library: bytes
    """The library that they make; empty if they make none."""


def read_sources(
    folder: Path, includes: Mapping[str, Path], run: ToolRunner, listing: str = ""
) -> Sources:
    """Compile the C files below a folder, and link them. ``includes`` are further folders, by the
    paths at which tools see them.

    ``listing`` is the output of `UNITS_OF` for the library that was built from the folder. Others
    than the units in it, such as a backup of one, are not linked; if it names none, all are. Raises
    `StyleError`, and what ``run`` raises.
    """
    shown = {SOURCES: folder, **includes}
    walked = _walk(folder)
    clear = [name for name in walked if CLEAR_NAME.fullmatch(name)]
    linked, others = _units(clear, shown, listing)
    preprocess = f"{_PREPROCESS} {shlex.join(search_paths(clear, shown))}"
    script = _READ.format(
        preprocess=preprocess,
        compile=_COMPILE,
        unread=shlex.quote(_UNREAD),
        unread_lines=shlex.quote(_UNREAD_LINES),
    )
    command = ["sh", "-c", script, "sh", str(len(linked)), *linked, *others]
    lines = run(command, shown).splitlines()
    if lines[-1:] != ["end"]:
        raise StyleError("the preprocessor did not run to its end: found too many lines")
    read = [name for name, _ in _places(lines) if _is_source(shown, name)]
    unread = (line.removeprefix("unread:") for line in lines if line.startswith("unread:"))
    return Sources(
        shown,
        tuple(sorted({*walked, *read})),
        tuple(sorted(set(_silencers(lines, shown)))),
        tuple(dict.fromkeys(each for each in unread if not _HARMLESS.fullmatch(each))),
        base64.b64decode(lines[-2].removeprefix("library:")),
    )


def _walk(folder: Path) -> list[str]:
    """Return the C files below a folder, relative to it."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*.[ch]")
        if path.is_file() and not path.is_symlink()
    )


def _units(
    names: Iterable[str], shown: Mapping[str, Path], listing: str
) -> tuple[list[str], list[str]]:
    """Return the C files that make the library, those at the top first, and the others."""
    units = [f"{SOURCES}/{name}" for name in names if name.endswith(".c")]
    units.sort(key=lambda unit: unit.count("/"))
    for inside, folder in list(shown.items())[1:]:
        units += [f"{inside}/{path.name}" for path in sorted(folder.glob("*.c"))]
    listed = filter(None, map(_UNIT.fullmatch, listing.splitlines()))
    in_library = {os.path.basename(match["name"]) for match in listed}
    linked = [unit for unit in units if os.path.basename(unit) in in_library] or units
    return linked, [unit for unit in units if unit not in linked]


def _is_source(shown: Mapping[str, Path], name: str) -> bool:
    """Return whether a file is the submission's: among its sources, or added to our folders."""
    path = os.path.normpath(f"{SOURCES}/{name}")
    ours = os.path.basename(path) in OUR_NAMES
    return any(
        path.startswith(f"{inside}/")
        and (inside == SOURCES or not ours)
        and (folder / path.removeprefix(f"{inside}/")).is_file()
        for inside, folder in shown.items()
    )


def _places(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the files and lines that the preprocessor names, in its order."""
    for match in filter(None, map(_MARKER.match, lines)):
        yield os.path.relpath(match["file"], SOURCES), int(match["line"])


def _silencers(lines: Sequence[str], shown: Mapping[str, Path]) -> Iterator[tuple[str, int]]:
    place = ("", 0)
    for line in lines:
        if match := next(_places([line]), None):
            place = match
        elif "pragma" in line and _is_source(shown, place[0]):
            yield place
