"""Laying out sources for a build as they lay in the kit that students work in::

    src/               the sources
    utils/             osmem.h, block_meta.h, printf.h and printf.c
    tests/snippets/    the headers of the test programs

Students also hand in copies of utils: as a folder beside their sources or among them, or as single
files among them. A copy matters if it is changed in more than its line ends. Then there are two
layouts, and neither mixes theirs with ours:

- With *theirs*, utils is their folder alone. If only files among the sources are changed, utils is
  ours without these files, and without their other halves: that of printf.h is printf.c.
- With *ours*, utils is ours. Ours also replace the changed files in a folder called utils among
  the sources, and a half without the other. Whole files among the sources stay: in the kit, too,
  they come before those of utils.

Files that only they have stay in any case.

The magic number of a course's headers is none of these changes: a build defines it, and so that of
the tests takes the place of any other.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.execution.sources import copy_sources, source_files

_KIT = Path(__file__).resolve().parents[2]
UTILS = _KIT / "utils"
SNIPPET_HEADERS = tuple((_KIT / "tests" / "snippets").glob("snippet.h"))
"""All that a submission can see of the tests."""
_NUMBERS = re.compile(rb"^(#define HEADER_(?:MAGIC|ALIGNMENT)) .*", re.MULTILINE)
_MAGIC = re.compile(r"^#define HEADER_MAGIC +(\w+)", re.MULTILINE)
_DEFINED = "-DHEADER_MAGIC="
"""The beginning of the flag that gives the number to a compiler."""
_NAMES = frozenset(path.name for path in UTILS.glob("*.[ch]"))
OUR_NAMES = _NAMES | {path.name for path in SNIPPET_HEADERS}
"""The names of our files in the folders beside the sources."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A way to lay out sources. The files that it lists are changed copies of ours."""

    source: Path
    own_utils: Path | None
    """Their folder of utils."""
    in_utils: Sequence[Path]
    """The files in that folder, and in one of that name among the sources."""
    halves: Sequence[Path]
    """The files among the sources without their other half."""
    whole: Sequence[Path]
    """The other files among the sources."""
    ours: bool
    """Whether ours take the place of theirs."""

    def write(self, to: Path) -> None:
        """Copy all files to a new folder."""
        copy_sources(self.source, to / "src")
        if self.own_utils:
            copy_sources(self.own_utils, to / "utils")
        if self.ours or not self.in_utils:
            copy_sources(UTILS, to / "utils")
        if self.ours:
            for path in (*self.in_utils, *self.halves):
                if path.is_relative_to(self.source):
                    _copy(UTILS / path.name, to / "src" / path.relative_to(self.source))
        else:
            self._hide_ours(to / "utils")
        for header in SNIPPET_HEADERS:
            _copy(header, to / "tests" / "snippets" / header.name)

    def _hide_ours(self, utils: Path) -> None:
        """Remove the files of which there are others among the sources; let no header of the system
        take the place of a missing one, as glibc's printf.h would."""
        if not self.in_utils:
            for name in _with_halves(path.name for path in (*self.halves, *self.whole)):
                (utils / name).unlink()
        for name in _NAMES:
            if name.endswith(".h") and not (utils / name).exists():
                (utils / name).write_text(f"#error there is no {name} in utils\n")

    def note(self, why_not_theirs: str) -> str:
        """Return whose files the sources were built with, and why; empty if they brought no changed
        ones. ``why_not_theirs`` is the fault of the layout with theirs, if this is the other."""
        replaced = [*self.in_utils, *self.halves]
        kept = [*self.whole] if self.ours else [*replaced, *self.whole]
        notes = []
        if self.ours and replaced:
            notes.append(
                f"built with our utils, not with its own {_listed(replaced)}:"
                f" with its own, {why_not_theirs}"
            )
        if kept:
            notes.append(f"built with its own {_listed(kept)}, not with ours: nothing is missing")
        return "; ".join(notes)


def layouts(source: Path) -> tuple[Layout, ...]:
    """Return the ways to lay out sources, in the order in which to try them."""
    own = own_utils(source)
    found = _all_files(source)
    among = [path for path in found if not _is_in_utils(path, source)]
    names = {path.name for path in among}
    in_utils, halves, whole = [], [], []
    for path in filter(_is_changed, found):
        if path not in among:
            in_utils.append(path)
        elif _with_halves([path.name]) <= names:
            whole.append(path)
        else:
            halves.append(path)
    ours = Layout(source, own, in_utils, halves, whole, ours=True)
    if not (in_utils or halves or whole):
        return (ours,)
    return (replace(ours, ours=False), ours)


def replaced_magic(source: Path, flags: Iterable[str]) -> str:
    """Return a note if sources come with a magic number of headers that is not that of the tests;
    empty if they don't. ``flags`` are those that the tests give to the compiler."""
    given = [flag.removeprefix(_DEFINED) for flag in flags if flag.startswith(_DEFINED)]
    expected = given[0] if given else "0"
    for path in _all_files(source):
        if path.name == "block_meta.h" and (given or not _is_changed(path)):
            own = _MAGIC.search(path.read_text(encoding="utf-8", errors="replace"))
            if own and _number(own[1]) not in (0, _number(expected)):
                ours = f"the magic number {expected}" if given else "no magic number"
                told = f"not with its own {own[1]}: as the tests have it"
                return f"built with {ours} in headers, {told}"
    return ""


def _number(text: str) -> int | str:
    try:
        return int(text.rstrip("uUlL"), 0)
    except ValueError:
        return text


def own_utils(source: Path) -> Path | None:
    """Return the folder of utils beside sources, or else among them, unless it is ours."""
    for folder in (source.parent / UTILS.name, source / UTILS.name):
        if folder.is_dir():
            return None if folder.resolve() == UTILS else folder
    return None


def _all_files(source: Path) -> list[Path]:
    """Return the files of sources and of their utils."""
    own = own_utils(source)
    return list(dict.fromkeys((*(source_files(own) if own else ()), *source_files(source))))


def _is_in_utils(path: Path, source: Path) -> bool:
    return path.is_relative_to(source / UTILS.name) or not path.is_relative_to(source)


def _is_changed(path: Path) -> bool:
    return path.name in _NAMES and (path.is_symlink() or _text(path) != _text(UTILS / path.name))


def _text(path: Path) -> bytes:
    """Return a file without what makes no difference: the ends of its lines, and the numbers of a
    course's headers, which a build defines."""
    return _NUMBERS.sub(rb"\1", path.read_bytes().replace(b"\r\n", b"\n"))


def _with_halves(names: Iterable[str]) -> set[str]:
    """Return the names of ours that differ from these in the suffix at most."""
    stems = {Path(name).stem for name in names}
    return {name for name in _NAMES if Path(name).stem in stems}


def _listed(paths: Iterable[Path]) -> str:
    return ", ".join(sorted({path.name for path in paths}))


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    shutil.copy(path, to)
