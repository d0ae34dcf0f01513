"""The sources of a library: which files count, their digest, and a copy of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.execution.build_error import BuildError

BUILT_SUFFIXES = (".o", ".so", ".d", ".a")
"""The suffixes of the files that a build leaves beside its sources."""
_MAX_SOURCE_MIB = 64


def has_makefile(folder: Path) -> bool:
    """Return whether make finds a Makefile in a folder."""
    return any((folder / name).is_file() for name in ("GNUmakefile", "makefile", "Makefile"))


def source_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder in order, without those that a build left."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in BUILT_SUFFIXES and (path.is_symlink() or not path.is_dir()):
            yield path


def digest_sources(folders: Iterable[Path], rest: str) -> str:
    """Return a digest of the sources in folders, and of the rest of what a build depends on.

    Raises `BuildError` for a file that can't be a source, and `OSError`.
    """
    digest, size = hashlib.sha256(rest.encode()), 0
    for folder in folders:
        digest.update(b"\0folder\0")
        for path in source_files(folder):
            info = path.lstat()
            size += info.st_size
            if size > _MAX_SOURCE_MIB * 1024 * 1024:
                raise BuildError(f"{folder}: expected sources, found over {_MAX_SOURCE_MIB} MiB")
            digest.update(os.fsencode(f"\0{path.relative_to(folder)}\0{info.st_mode}\0"))
            if path.is_symlink():
                digest.update(os.fsencode(os.readlink(path)))
            elif stat.S_ISREG(info.st_mode):
                digest.update(path.read_bytes())
            else:
                raise BuildError(f"{path}: expected a file, found a device, a pipe or a socket")
    return digest.hexdigest()


def copy_sources(folder: Path, to: Path) -> None:
    """Copy the sources in a folder, over those that are there already."""
    for path in source_files(folder):
        target = to / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
