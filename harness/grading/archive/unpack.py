"""Unpacking a submission, within limits: whatever it is, nothing but its sources is written.

All entries first go to a scratch folder, which has no links while files are written. Links are made
last, and have to stay inside. From there the sources are copied to where they belong, with links
replaced by what they lead to: an unpacked submission has no links.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from harness.grading.archive.bounds import (
    ArchiveLimits,
    Budget,
    Refused,
    make_folder,
    shown,
    write_file,
)
from harness.grading.archive.entry import Entry, Kind, file_chunks
from harness.grading.archive.finding import only_file
from harness.grading.archive.formats import entries, is_archive, packed_size
from harness.grading.archive.layout import lay_out

__all__ = ["ArchiveLimits", "Refused", "digest", "unpack"]

_MAX_NAME_BYTES = 255
"""The longest part of a name that file systems have."""
_MAX_PATH_BYTES = 1024
_MAX_NESTED = 2
"""The number of nested archives, including the outermost."""
_MAX_LINKS = 40
"""The number of links that Linux follows on the way to a file; see path_resolution(7)."""
_MAX_STEPS = 1 << 16
"""The number of folders on the way to the ends of all links of a submission."""
_DRIVE = re.compile(r"[A-Za-z]:")

_Parts = tuple[str, ...]


def _check_text(name: str, text: str) -> None:
    """Refuse a name, or the target of a link, that no sane file has."""
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise Refused(f"{shown(name)}: a control character in a name")
    if len(os.fsencode(text)) > _MAX_PATH_BYTES:
        raise Refused(f"{shown(name)}: a name of more than {_MAX_PATH_BYTES} bytes")


def _split(name: str, limits: ArchiveLimits) -> _Parts:
    """Return the folders and the name of an entry. Windows separates them by backslashes."""
    _check_text(name, name)
    path = name.replace("\\", "/")
    if path.startswith("/") or _DRIVE.match(path):
        raise Refused(f"{shown(name)}: an absolute name")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts:
        raise Refused(f"{shown(name)}: a name that leads out of the submission")
    if len(parts) > limits.depth + 1:
        raise Refused(f"{shown(name)}: more than {limits.depth} folders below each other")
    if any(len(os.fsencode(part)) > _MAX_NAME_BYTES for part in parts):
        raise Refused(f"{shown(name)}: a name of more than {_MAX_NAME_BYTES} bytes")
    return parts


class _Scratch:
    """A folder for entries; of entries with the same name, the last one counts."""

    def __init__(self, root: Path, budget: Budget) -> None:
        self._root = root
        self._budget = budget
        self._links: dict[_Parts, str] = {}
        make_folder(root)

    def _make(self, path: Path) -> bool:
        """Make a folder. Return False if it exists already."""
        try:
            make_folder(path)
        except FileExistsError:
            if not stat.S_ISDIR(path.lstat().st_mode):
                name = shown(str(path.relative_to(self._root)))
                raise Refused(f"{name}: a folder where there is a file or a link") from None
            return False
        return True

    def _folder(self, parts: _Parts) -> Path:
        """Return the folder of this name; make and count the missing ones."""
        path = self._root
        for part in parts:
            path = path / part
            if self._make(path):
                self._budget.entry()
        return path

    def _place(self, parts: _Parts) -> Path:
        """Return the path for a file of this name, and remove what had the name."""
        path = self._folder(parts[:-1]) / parts[-1]
        self._links.pop(parts, None)
        try:
            path.unlink(missing_ok=True)
        except IsADirectoryError:
            raise Refused(f"{shown('/'.join(parts))}: a file where there is a folder") from None
        return path

    def add(self, entry: Entry) -> None:
        """Write an entry, or note it for later if it is a link. Raises `Refused`."""
        self._budget.entry()
        parts = _split(entry.name, self._budget.limits)
        if entry.kind is Kind.FOLDER:
            if parts:  # else it is the top folder
                self._make(self._folder(parts[:-1]) / parts[-1])
        elif not parts:
            raise Refused(f"{shown(entry.name)}: a file without a name")
        elif entry.kind is Kind.FILE:
            write_file(self._place(parts), entry.chunks, entry.executable, self._budget)
        elif entry.kind is Kind.HARD_LINK:
            self._copy(entry, parts, _split(entry.target, self._budget.limits))
        else:
            _check_text(entry.name, entry.target)
            if not entry.target:
                raise Refused(f"{shown(entry.name)}: a link to nothing")
            self._place(parts)
            self._links[parts] = entry.target

    def _copy(self, entry: Entry, parts: _Parts, original: _Parts) -> None:
        source = self._root.joinpath(*original)
        if not source.is_file():  # there are no links yet
            raise Refused(f"{shown(entry.name)}: a hard link to what is not in the archive")
        if original != parts:
            executable = bool(source.stat().st_mode & stat.S_IXUSR)
            write_file(self._place(parts), file_chunks(source), executable, self._budget)

    def link(self) -> None:
        """Make the links, after everything else is written. Raises `Refused` if one leads out."""
        for parts, target in sorted(self._links.items()):
            path = self._folder(parts[:-1]) / parts[-1]
            try:
                path.symlink_to(target)
            except FileExistsError:
                raise Refused(f"{shown('/'.join(parts))}: a link where there is a folder") from None
        steps = iter(range(_MAX_STEPS))
        for parts, target in sorted(self._links.items()):
            self._follow(parts, f"{shown('/'.join(parts))}: a link to {shown(target)}", steps)

    def _follow(self, parts: _Parts, what: str, steps: Iterator[int]) -> None:
        """Follow a link to its end as the system would; ``what`` names it in a refusal, and
        ``steps`` are those that may be taken.

        A circle of links leads nowhere, and does no harm."""
        place: _Parts = ()
        ahead = list(reversed(parts))
        met: set[tuple[_Parts, _Parts]] = set()
        while ahead:
            if next(steps, None) is None:
                raise Refused(f"{what}, which takes too long to follow")
            part = ahead.pop()
            if part == ".." and not place:
                raise Refused(f"{what}, out of the submission")
            if part == "..":
                place = place[:-1]
            elif part not in ("", "."):
                place += (part,)
            if (target := self._links.get(place)) is not None:
                place = place[:-1]
                ahead += reversed(target.split("/"))
                if target.startswith("/"):
                    raise Refused(f"{what}, out of the submission")
                if (place, tuple(ahead)) in met:
                    return
                met.add((place, tuple(ahead)))
                if len(met) > _MAX_LINKS:
                    raise Refused(f"{what}, by way of too many others")


def _unpack_all(submission: Path, scratch: Path, limits: ArchiveLimits) -> Path:
    """Unpack a submission below a folder, and also the archive that may be all there is in it."""
    size = packed_size(submission, limits)
    budget = Budget(limits, size)
    archive = submission
    levels = _MAX_NESTED + (size is None)  # a folder does not count as an archive
    for level in range(levels):
        top = scratch / str(level)
        files = _Scratch(top, budget)
        with closing(entries(archive, limits)) as found:
            for entry in found:
                files.add(entry)
        files.link()
        inner = only_file(top)
        if inner is None or not is_archive(inner):
            break
        archive = inner
    return top


def unpack(submission: Path, to: Path, limits: ArchiveLimits, source: str = "") -> str:
    """Put the sources of a submission into ``to``/src, and its own utils into ``to``/utils. Return
    a note if other sources could be meant.

    A submission is a folder, an archive or one C file. Its sources are in ``source``, if a user
    named that folder, or where `harness.grading.archive.finding` finds them. src gets the default
    Makefile if it has none. ``to`` is made if it is missing, and holds nothing else afterwards.

    Raises `Refused` for a fault of the submission, `NoSuchFolder` for one of the user, and
    `OSError` for one of the machine; then ``to`` holds neither.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    if not to.is_dir():
        make_folder(to)
    with tempfile.TemporaryDirectory(prefix="unpacking-", dir=to) as name:
        scratch = Path(name)
        top = _unpack_all(submission, scratch, limits)
        ready = scratch / "ready"
        make_folder(ready)
        note = lay_out(top, ready, limits, source)
        for folder in sorted(ready.iterdir()):
            folder.rename(to / folder.name)
    return note


def digest(submission: Path, limits: ArchiveLimits) -> str:
    """Return the SHA-256 of a file's content, or of the names, kinds and contents in a folder.

    Raises `Refused` if the submission is too large, can't be read, or is neither file nor folder.
    """
    total = hashlib.sha256()
    if packed_size(submission, limits) is not None:
        for chunk in file_chunks(submission):
            total.update(chunk)
        return total.hexdigest()
    budget = Budget(limits)
    for entry in entries(submission, limits):
        budget.entry()
        content = hashlib.sha256()
        for chunk in entry.chunks:
            budget.take(len(chunk))
            content.update(chunk)
        # No name or target has a NUL, so different folders give different bytes.
        fields = (entry.kind.name, str(entry.executable), entry.name, entry.target)
        total.update(b"\0".join(os.fsencode(field) for field in fields))
        total.update(b"\0" + content.digest())
    return total.hexdigest()
