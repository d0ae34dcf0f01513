"""Laying out what a student packed for a build."""

from __future__ import annotations

import stat
from collections.abc import Iterable
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
from harness.grading.archive.finding import children, find_sources, find_utils, is_makefile


_PRECOMPILED = ".gch"
"""The suffix of a header in the compiler's own form, or of a folder of such. gcc reads it in place
of the header beside it, and need not find the same there."""


def _content(path: Path) -> Iterable[bytes]:
    """Return the content of a file; of Makefiles, without byte order mark and carriage returns."""
    makefile = is_makefile(path) or path.suffix.lower() == ".mk"
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
    for path in children(folder):
        if path.suffix.lower() == _PRECOMPILED:
            continue
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
    names = [path.name for path in sources.iterdir() if is_makefile(path)]
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


def lay_out(top: Path, to: Path, limits: ArchiveLimits, source: str = "") -> str:
    """Copy the sources below ``top`` to ``to``/src, and their utils to ``to``/utils. Return a note
    if other sources could be meant; ``source`` is the folder that a user named.

    Raises `Refused` if there are none, or if their links make them too large, and `NoSuchFolder`.
    """
    sources, note = find_sources(top, source)
    budget = Budget(limits)
    _copy(sources, to / "src", budget, limits.depth)
    _provide_makefile(to / "src", budget)
    if utils := find_utils(sources, top):
        _copy(utils, to / "utils", Budget(limits), limits.depth)
    return note
