"""The allocators that workloads can be played through, by their names."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.build import BUILD_ENV, LIBRARY, build_library, has_makefile
from harness.process import Limits, output_of


class AllocatorError(Exception):
    """There is no such allocator; the message is one line."""


@dataclass(frozen=True, slots=True)
class Allocator:
    """A libosmem.so, or what malloc() is in a process."""

    name: str
    library: Path | None = None
    """The libosmem.so; None for malloc()."""
    preload: Path | None = None
    """What takes the place of glibc's malloc()."""


@dataclass(frozen=True, slots=True)
class _Packaged:
    library: str
    package: str
    """Debian's, that has it."""


_PACKAGED = {
    "jemalloc": _Packaged("libjemalloc.so", "libjemalloc2"),
    "mimalloc": _Packaged("libmimalloc.so", "libmimalloc2.0"),
    "tcmalloc": _Packaged("libtcmalloc_minimal.so", "libtcmalloc-minimal4"),
}
_GLIBC = "glibc"
_LOOK_UP = Limits(10, None, 16)


def _find_library(name: str) -> Path | None:
    """Where the loader finds a library, whatever its version."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    ldconfig = shutil.which("ldconfig", path=path)
    if ldconfig is None:
        return None
    listing = output_of([ldconfig, "-p"], _LOOK_UP, BUILD_ENV)
    found = re.search(rf"^\s*{re.escape(name)}\.\d+ .*=> (.+)$", listing, re.MULTILINE)
    return Path(found[1]) if found else None


def _preloaded(name: str) -> Allocator:
    packaged = _PACKAGED[name]
    preload = _find_library(packaged.library)
    if preload is None:
        raise AllocatorError(
            f"{name}: {packaged.library} is not installed; 'apt-get install {packaged.package}'"
            " installs it"
        )
    return Allocator(name, preload=preload)


def library_allocator(name: str, path: Path, limits: Limits) -> Allocator:
    """A libosmem.so: the file, the one in a folder, or the one built from a folder's sources.
    Raises `AllocatorError` or `BuildError`."""
    if path.is_file():
        return Allocator(name, path.resolve())
    if not has_makefile(path) and (path / LIBRARY).is_file():
        return Allocator(name, (path / LIBRARY).resolve())
    return Allocator(name, build_library(path, limits).folder / LIBRARY)


def named_allocator(name: str, limits: Limits) -> Allocator:
    """The allocator that a name or a path stands for. Raises `AllocatorError` or `BuildError`."""
    if name == _GLIBC:
        return Allocator(name)
    if name in _PACKAGED:
        return _preloaded(name)
    if name and Path(name).exists():
        return library_allocator(name, Path(name), limits)
    raise AllocatorError(
        f"--against: expected {', '.join((_GLIBC, *_PACKAGED))}, or the path of a {LIBRARY}, its"
        f" folder or its sources, found {name!r}"
    )
