"""Finding a library's sources in what a student packed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.grading.archive.bounds import MIB, Refused, shown

_MAKEFILES = ("makefile", "gnumakefile")
JUNK = (
    "__macosx",
    ".ds_store",
    "thumbs.db",
    "desktop.ini",
    ".git",
    ".svn",
    ".hg",
    ".idea",
    ".vs",
    ".vscode",
    "node_modules",
    "__pycache__",
)
"""The names of what systems and editors leave in folders, in lower case."""
APPLE_DOUBLE = "._"
"""The beginning of the names under which macOS keeps the attributes of other files."""
_COMMENT = re.compile(rb"//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+")
_DEFINITION = re.compile(rb"\bos_malloc\s*+\([^;(){}]*+\)\s*+\{")
_TESTS = "tests"
"""The folder of the kit in which an allocator, such as an empty one, is a part of a test."""
_NAMED = 3
"""The number of other folders that a note names."""


class NoSuchFolder(UserError):
    """The folder that a user named does not hold sources."""


# ---- Files ---------------------------------------------------------------------------------------


def children(folder: Path) -> list[Path]:
    """Return what is in a folder, without junk, in the order of the names."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.lower() not in JUNK and not path.name.startswith(APPLE_DOUBLE)
    )


def only_file(folder: Path) -> Path | None:
    """Return the only file in a folder and below it, apart from junk; None if there are more."""
    while True:
        match children(folder):
            case [path] if path.is_symlink():
                return None
            case [path] if path.is_dir():
                folder = path
            case [path]:
                return path
            case _:
                return None


def is_makefile(path: Path) -> bool:
    """Return whether a path is a Makefile, in any case."""
    return path.name.lower() in _MAKEFILES and path.is_file()


def _is_utils(path: Path) -> bool:
    return path.name.lower() == "utils" and path.is_dir()


def _is_c(path: Path) -> bool:
    return path.suffix.lower() == ".c" and path.is_file()


def _defines_allocator(path: Path) -> bool:
    """Return whether the beginning of a C file defines os_malloc(). A link does not count: many
    of them can lead to one large file."""
    if path.is_symlink():
        return False
    with path.open("rb") as file:
        return _DEFINITION.search(_COMMENT.sub(b" ", file.read(MIB))) is not None


# ---- Sources -------------------------------------------------------------------------------------

_REASONS = ("is called src", "has C files", "has a Makefile", "is nearer to the top")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A folder with a C file or a Makefile."""

    folder: Path
    name: str
    """Its path below the top."""
    rank: tuple[int, ...]
    """Its merits, in the order of `_REASONS`."""
    defines: bool
    """Whether a C file in it defines the allocator, for more than tests."""


def _candidates(top: Path) -> Iterator[_Candidate]:
    """Yield the folders with a C file or a Makefile, from the top down, and by name where they are
    equally deep. A folder called utils, and what is below it, does not count."""
    level, depth = [top], 0
    while level:
        below = []
        for folder in level:
            files = children(folder)
            below += [p for p in files if p.is_dir() and not p.is_symlink() and not _is_utils(p)]
            sources = list(filter(_is_c, files))
            has_makefile = any(map(is_makefile, files))
            if sources or has_makefile:
                in_tests = _TESTS in folder.relative_to(top).parts
                called_src = folder != top and folder.name.lower() == "src"
                rank = (called_src, bool(sources), has_makefile, -depth)
                defines = not in_tests and any(map(_defines_allocator, sources))
                yield _Candidate(folder, str(folder.relative_to(top)), rank, defines)
        level, depth = below, depth + 1


def find_sources(top: Path, wanted: str = "") -> tuple[Path, str]:
    """Return the folder with the library's sources, and a note if another one could be meant.

    It is the ``wanted`` one, if given, or else among those with a C file or a Makefile,

    - a folder called src, in any case, before others;
    - then one with a C file before one with only a Makefile;
    - then one with a Makefile before one without;
    - then the one nearest to the top; then the first by name.

    Another folder could be meant if a C file in it defines the allocator. But below a folder that
    was taken and defines none, it is taken for a part of that. Raises `Refused` if there is no such
    folder, and `NoSuchFolder` if the wanted one is not among them.
    """
    found = list(_candidates(top))
    if not found:
        raise Refused("holds no C source")
    if wanted:
        taken = _named(wanted, found)
    else:
        taken = max(found, key=lambda candidate: candidate.rank)  # of equal ones the first
    others = [
        other
        for other in found
        if other.defines
        and other is not taken
        and (taken.defines or not other.folder.is_relative_to(taken.folder))
    ]
    return taken.folder, _note(taken, others, bool(wanted))


def _named(wanted: str, found: list[_Candidate]) -> _Candidate:
    for candidate in found:
        if candidate.name == wanted:
            return candidate
    names = ", ".join(shown(candidate.name) for candidate in found[:_NAMED])
    raise NoSuchFolder(
        f"expected a folder with C files or a Makefile, found none called {shown(wanted)}",
        f"name another, such as {names}",
    )


def _note(taken: _Candidate, others: list[_Candidate], wanted: bool) -> str:
    if wanted:
        why = "as --source says"
    elif others:
        why = f"which {_reason(taken, max(others, key=lambda other: other.rank))}"
    else:
        return ""
    note = f"built from {shown(taken.name)}, {why}"
    if others:
        names = [shown(other.name) for other in others[:_NAMED]]
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        note += f"; {', '.join(names)}{more} could be meant, too"
    return note


def _reason(taken: _Candidate, other: _Candidate) -> str:
    """Return what ranks one folder before another."""
    for reason, merit, less in zip(_REASONS, taken.rank, other.rank):
        if merit > less:
            return reason
    return "comes first by name"


def find_utils(sources: Path, top: Path) -> Path | None:
    """Return the submission's own utils, beside its sources or else among them."""
    for place in (sources,) if sources == top else (sources.parent, sources):
        if utils := next(filter(_is_utils, children(place)), None):
            return utils
    return None
