"""Building: a library from a folder of sources, and the tests' programs.

Nothing is built where the sources are. A library is built in a copy, by its own Makefile, and kept
under a name made of everything that went into it, so that the same sources are built once. The
programs do not depend on the library they will run with: they are built once for all of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.process import Limits, run
from harness.suite import Suite
from harness.trace import FUNCTIONS

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("OSMEM_BUILD", ROOT / "build")).absolute()
"""Where all that is built goes; OSMEM_BUILD names another place for a checkout that is read-only."""
UTILS = ROOT / "utils"
LIBRARY = "libosmem.so"

_SNIPPETS_MAKEFILE = ROOT / "tests" / "snippets" / "Makefile"
_BUILT_FILES = (".o", ".so", ".d", ".a")
_MAX_SOURCE_MIB = 64
_KEPT_LIBRARIES = 16
_KEPT_SECONDS = 3600
_BUILD_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}


class BuildError(Exception):
    """Something could not be built; the message is one line."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log
        """What the compiler said, all of it."""


@dataclass(frozen=True, slots=True)
class Library:
    """A libosmem.so that is ready to be loaded."""

    folder: Path
    """It holds the library and nothing else."""
    missing: tuple[str, ...]
    """The functions of the allocator that it does not define."""


# ---- The library ---------------------------------------------------------------------------------


def _source_files(folder: Path) -> Iterator[Path]:
    """The files of a folder, in order, but for what a build leaves behind."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _BUILT_FILES and (path.is_symlink() or not path.is_dir()):
            yield path


def _digest(folders: Iterable[Path]) -> str:
    """A name for the contents of folders. Raises `BuildError` for files that are no source."""
    digest, size = hashlib.sha256(), 0
    for folder in folders:
        digest.update(b"\0folder\0")
        for path in _source_files(folder):
            info = path.lstat()
            size += info.st_size
            if size > _MAX_SOURCE_MIB * 1024 * 1024:
                raise BuildError(f"{folder}: expected sources, found over {_MAX_SOURCE_MIB} MiB")
            digest.update(
                f"\0{path.relative_to(folder)}\0{info.st_mode}\0".encode(errors="replace")
            )
            if path.is_symlink():
                digest.update(os.fsencode(os.readlink(path)))
            elif stat.S_ISREG(info.st_mode):
                digest.update(path.read_bytes())
            else:
                raise BuildError(f"{path}: expected a file, found a device, a pipe or a socket")
    return digest.hexdigest()


def _utils_beside(source: Path) -> tuple[Path, ...]:
    """The headers a library is built with: ours, and over them those beside its own sources."""
    own = source.parent / "utils"
    if own.is_dir() and own.resolve() != UTILS:
        return (UTILS, own)
    return (UTILS,)


def _copy(source: Path, to: Path) -> None:
    for path in _source_files(source):
        target = to / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)


def _first_error(log: Path) -> str:
    """The line of a compiler's output that says most."""
    text = log.read_bytes()[: 1024 * 1024].decode("utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    chosen = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in chosen)[:200]


def _make(folder: Path, log: Path, limits: Limits) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        env = {**_BUILD_ENV, "UTILS_PATH": "../utils"}
        finished = run(["make", "-C", str(folder)], limits, env=env, stdout=output, stderr=output)
    if finished.timed_out:
        raise BuildError(f"make was still running after {limits.seconds} s", log)
    if finished.too_much_output:
        raise BuildError(f"make wrote more than {limits.file_mib} MiB", log)
    if finished.status != 0:
        raise BuildError(f"make failed: {_first_error(log)}", log)


def _defined_functions(library: Path) -> set[str]:
    """The symbols a library offers; empty if it is none."""
    listing = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=posix", str(library)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return {line.split(" ", 1)[0] for line in listing.stdout.splitlines()}


def _found_library(folder: Path, log: Path) -> tuple[str, ...]:
    """Looks at what a build left; the functions that are missing from it."""
    library = folder / LIBRARY
    if library.is_symlink() or not library.is_file():
        raise BuildError(f"make ended well but left no {LIBRARY} in the folder", log)
    defined = _defined_functions(library)
    missing = tuple(name for name in FUNCTIONS if name not in defined)
    if missing == FUNCTIONS:
        raise BuildError(f"{LIBRARY} defines none of {', '.join(FUNCTIONS)}", log)
    return missing


def _forget_old_libraries(shelf: Path) -> None:
    """Removes what was not used for an hour, but for the latest few."""
    kept = sorted(shelf.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_KEPT_LIBRARIES:]:
        if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def build_library(source: Path, limits: Limits) -> Library:
    """The library of a folder of sources; raises `BuildError`. The folder is not written to."""
    if not source.is_dir():
        raise BuildError(f"{source}: expected a folder with a Makefile, found none")
    if not any((source / name).is_file() for name in ("GNUmakefile", "makefile", "Makefile")):
        raise BuildError(f"{source}: expected a Makefile that builds {LIBRARY}, found none")
    utils = _utils_beside(source)
    try:
        digest = _digest([source, *utils])
    except OSError as error:
        raise BuildError(f"{error.filename}: can't be read: {error.strerror}") from error
    shelf = BUILD / "libraries"
    shelf.mkdir(parents=True, exist_ok=True)
    kept = shelf / digest
    if not kept.is_dir():
        with tempfile.TemporaryDirectory(dir=shelf, prefix="building-") as scratch:
            _build_in(Path(scratch), source, utils, kept, limits)
        _forget_old_libraries(shelf)
    with contextlib.suppress(PermissionError):  # somebody else built it
        os.utime(kept)
    return Library(kept / "lib", tuple((kept / "missing").read_text().split()))


def _build_in(
    scratch: Path, source: Path, utils: Iterable[Path], kept: Path, limits: Limits
) -> None:
    """Builds in a scratch folder, and puts what came out in its place in one step."""
    copy = scratch / "src"
    for folder in utils:
        _copy(folder, scratch / "utils")
    _copy(source, copy)
    log = BUILD / "logs" / f"{kept.name[:16]}.log"
    _make(copy, log, limits)
    missing = _found_library(copy, log)
    product = scratch / "product"
    (product / "lib").mkdir(parents=True)
    shutil.copyfile(copy / LIBRARY, product / "lib" / LIBRARY)
    (product / "missing").write_text(" ".join(missing))
    try:
        product.rename(kept)
    except OSError:
        if not kept.is_dir():  # or else someone built the same at the same time
            raise


# ---- The programs --------------------------------------------------------------------------------


def _programs_folder(suite: Suite) -> Path:
    snippets = suite.snippets.resolve()
    if snippets == _SNIPPETS_MAKEFILE.parent:
        return BUILD / "snippets"
    return BUILD / f"snippets-{hashlib.sha256(os.fsencode(snippets)).hexdigest()[:12]}"


def build_programs(suite: Suite, jobs: int) -> dict[str, Path | BuildError]:
    """The program of each test, by its name, or why there is none."""
    folder = _programs_folder(suite)
    targets = {test.name: folder / f"test-{test.name}" for test in suite.tests}
    here = _SNIPPETS_MAKEFILE.parent
    made = subprocess.run(
        [
            "make",
            "--silent",
            "--keep-going",
            f"--jobs={jobs}",
            # Relative to the Makefile's folder: make can't cope with a space in a path above it.
            f"SNIPPETS={os.path.relpath(suite.snippets, here)}",
            f"UTILS_PATH={os.path.relpath(UTILS, here)}",
            f"OUT={os.path.relpath(folder, here)}",
            *(os.path.relpath(target, here) for target in targets.values()),
        ],
        cwd=here,
        env=_BUILD_ENV,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if made.returncode == 0:
        return dict(targets)
    return {
        test.name: _program_or_error(test.snippet, targets[test.name], made.stderr)
        for test in suite.tests
    }


def _program_or_error(snippet: Path, program: Path, said: str) -> Path | BuildError:
    if program.exists():
        return program
    log = program.with_suffix(".log")
    if not snippet.is_file():
        return BuildError(f"{snippet}: there is no such file")
    if log.is_file() and log.stat().st_size:
        return BuildError(_first_error(log), log)
    return BuildError(next(iter(said.splitlines()), "make failed"))
