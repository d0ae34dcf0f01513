"""Finding a library's sources in what a student packed, and laying them out for a build."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.execution.build import DEFAULT_MAKEFILE
from harness.execution.sources import BUILT_SUFFIXES
from harness.grading.archive.bounds import (
    MIB,
    ArchiveLimits,
    Budget,
    Refused,
    make_folder,
    shown,
    write_file,
)
from harness.grading.archive.entry import file_chunks

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


# ---- Finding -------------------------------------------------------------------------------------


def _children(folder: Path) -> list[Path]:
    """Return what is in a folder, without junk, in the order of the names."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.lower() not in JUNK and not path.name.startswith("._")
    )


def _is_utils(path: Path) -> bool:
    return path.name.lower() == "utils" and path.is_dir()


def _is_makefile(path: Path) -> bool:
    return path.name.lower() in _MAKEFILES and path.is_file()


def _is_c(path: Path) -> bool:
    return path.suffix.lower() == ".c" and path.is_file()


def _folders(top: Path) -> Iterator[Path]:
    """Yield the folders, from the top down, and by name where they are equally deep."""
    level = [top]
    while level:
        yield from level
        level = [
            path
            for folder in level
            for path in _children(folder)
            if path.is_dir() and not path.is_symlink() and not _is_utils(path)
        ]


def _find_sources(top: Path) -> Path:
    """Return the folder with the library's sources: among those with a C file or a Makefile,

    - a folder called src, in any case, before others;
    - then one with a C file before one with only a Makefile;
    - then one with a Makefile before one without;
    - then the one nearest to the top; then the first by name.

    A folder called utils, and what is below it, does not count. Raises `Refused` if there is no
    such folder.
    """
    ranked = []
    for folder in _folders(top):
        children = _children(folder)
        has_c, has_makefile = any(map(_is_c, children)), any(map(_is_makefile, children))
        if has_c or has_makefile:
            called_src = folder != top and folder.name.lower() == "src"
            ranked.append(((called_src, has_c, has_makefile), folder))
    if not ranked:
        raise Refused("holds no C source")
    return max(ranked, key=lambda pair: pair[0])[1]  # of equal ones the first


def _find_utils(sources: Path, top: Path) -> Path | None:
    """Return the submission's own utils, beside its sources or else among them."""
    for place in (sources,) if sources == top else (sources.parent, sources):
        if utils := next(filter(_is_utils, _children(place)), None):
            return utils
    return None


def only_file(folder: Path) -> Path | None:
    """Return the only file in a folder and below it, apart from junk; None if there are more."""
    while True:
        match _children(folder):
            case [path] if path.is_symlink():
                return None
            case [path] if path.is_dir():
                folder = path
            case [path]:
                return path
            case _:
                return None


# ---- Laying out ----------------------------------------------------------------------------------


def _content(path: Path) -> Iterable[bytes]:
    """Return the content of a file; of Makefiles, without byte order mark and carriage returns."""
    makefile = path.name.lower() in _MAKEFILES or path.suffix.lower() == ".mk"
    if not makefile or path.stat().st_size > MIB:
        return file_chunks(path.resolve())
    return [path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")]


def _copy(folder: Path, to: Path, budget: Budget, depth: int) -> None:
    """Copy a folder, with links replaced by what they lead to, without junk and what a build left.

    The links stay inside of what was unpacked, but they may multiply it.
    """
    if depth < 0:
        raise Refused(f"{shown(folder.name)}: links make folders endlessly deep")
    make_folder(to)
    for path in _children(folder):
        target = to / path.name
        if path.is_dir():
            budget.entry()
            _copy(path, target, budget, depth - 1)
        elif path.is_file() and path.suffix.lower() not in BUILT_SUFFIXES:
            budget.entry()
            executable = bool(path.stat().st_mode & stat.S_IXUSR)
            write_file(target, _content(path), executable, budget)


def _provide_makefile(sources: Path, budget: Budget) -> None:
    """Make sure that there is a file called exactly Makefile or GNUmakefile."""
    names = [path.name for path in sources.iterdir() if _is_makefile(path)]
    if "Makefile" in names or "GNUmakefile" in names:
        return
    if (sources / "Makefile").is_dir():
        raise Refused("Makefile: expected a file, found a folder")
    if names:
        # make prefers makefile, and does not find other spellings at all.
        chosen = "makefile" if "makefile" in names else min(names)
        (sources / chosen).rename(sources / "Makefile")
    else:
        write_file(sources / "Makefile", [DEFAULT_MAKEFILE.read_bytes()], False, budget)


def lay_out(top: Path, to: Path, limits: ArchiveLimits) -> None:
    """Copy the sources below ``top`` to ``to``/src, and their utils to ``to``/utils.

    Raises `Refused` if there are none, or if their links make them too large.
    """
    sources = _find_sources(top)
    budget = Budget(limits)
    _copy(sources, to / "src", budget, limits.depth)
    _provide_makefile(to / "src", budget)
    if utils := _find_utils(sources, top):
        _copy(utils, to / "utils", Budget(limits), limits.depth)
