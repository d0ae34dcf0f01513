"""The allocators that workloads can be played through."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.execution.build import BUILD_ENV, LIBRARY, build_library
from harness.execution.answer import output_of
from harness.execution.limits import Limits
from harness.execution.sources import has_makefile


@dataclass(frozen=True, slots=True)
class Allocator:
    """A libosmem.so, or the malloc() of a process."""

    name: str
    library: Path | None = None
    """The libosmem.so; None for malloc()."""
    preload: Path | None = None
    """The library that takes the place of glibc's malloc()."""


_PACKAGED = {
    "jemalloc": "libjemalloc.so",
    "mimalloc": "libmimalloc.so",
    "tcmalloc": "libtcmalloc_minimal.so",
}
_PRELOADED = "libosmem-preload.so"
_GLIBC = "glibc"
KNOWN = (_GLIBC, *_PACKAGED)
"""The allocators with a name of their own, glibc's first."""
_LOOK_UP_LIMITS = Limits(10, None, 16)


def _find_library(name: str) -> Path | None:
    """Return where the loader finds a library, whatever its version. Raises `UserError` if the
    loader's list can't be read."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    ldconfig = shutil.which("ldconfig", path=path)
    if ldconfig is None:
        return None
    listing = output_of([ldconfig, "-p"], _LOOK_UP_LIMITS, BUILD_ENV)
    if listing.failure:
        raise UserError(f"{ldconfig} -p: expected the list of libraries, found {listing.failure}")
    found = re.search(rf"^\s*{re.escape(name)}\.\d+ .*=> (.+)$", listing.text, re.MULTILINE)
    return Path(found[1]) if found else None


def known_allocator(name: str) -> Allocator:
    """Return one of `KNOWN`. Raises `UserError` if it can't be found."""
    if name == _GLIBC:
        return Allocator(name)
    library = _PACKAGED[name]
    preload = _find_library(library)
    if preload is None:
        raise UserError(
            f"{name}: {library} is not installed", "'tools/install-packages bench' installs it"
        )
    return Allocator(name, preload=preload)


def library_allocator(name: str, path: Path, limits: Limits) -> Allocator:
    """Return a libosmem.so: the file at ``path``, the one in that folder, or the one built from the
    sources there; or the libosmem-preload.so at ``path``. Raises `UserError`."""
    if path.name == _PRELOADED and path.is_file():
        return Allocator(name, preload=path.resolve())
    if path.is_file():
        return Allocator(name, path.resolve())
    if not has_makefile(path) and (path / LIBRARY).is_file():
        return Allocator(name, (path / LIBRARY).resolve())
    return Allocator(name, build_library(path, limits).folder / LIBRARY)


def named_allocator(name: str, limits: Limits) -> Allocator:
    """Return the allocator that a name or a path stands for. Raises `UserError`."""
    if name in KNOWN:
        return known_allocator(name)
    if name and Path(name).exists():
        return library_allocator(name, Path(name), limits)
    raise UserError(
        f"--against: expected {', '.join(KNOWN)}, or the path of a {LIBRARY}, its"
        f" folder or its sources, found {name!r}"
    )
