"""Building a library from a folder of sources, by its own Makefile.

Nothing is built where the sources are, but in a copy. What comes out is kept under a name made of
everything that went in, so that the same sources are built once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.execution.compiler import CompilerFlags, refusals, write_compilers
from harness.execution.process import Limits, is_plain_file, output_of, run
from harness.execution.sandbox import Sandbox, SandboxError, let_read
from harness.execution.tools import BUILD_TOOLS, require_tools
from harness.text import printable
from harness.trace.signatures import FUNCTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("OSMEM_BUILD", ROOT / "build")).absolute()
"""Where all that is built goes; OSMEM_BUILD names another place, for a read-only checkout."""
DEFAULT_MAKEFILE = Path(__file__).with_name("default.mk")
"""For sources that come without one."""
UTILS = ROOT / "utils"
LIBRARY = "libosmem.so"

BUILT_SUFFIXES = (".o", ".so", ".d", ".a")
"""The suffixes of the files that a build leaves beside its sources."""
_MAX_SOURCE_MIB = 64
_KEPT_LIBRARIES = 16
_KEPT_SECONDS = 3600
SHELF = BUILD / "libraries"
"""Where libraries are kept."""
_TELLING = re.compile(r"\b[Ee]rror: |undefined reference|\*\*\* ")
"""What the lines of a compiler, a linker and make have that say what is wrong."""
_VARYING = (
    (re.compile(r"^([^ :]+:\d+):\d+: "), r"\1: "),  # the column
    (re.compile(r"; did you mean .*\?"), ""),
    (re.compile(r" \[-W[^]]*\]$"), ""),
    (re.compile(r"\S*/cc\w+\.o\b"), "object"),  # a temporary file
    (re.compile(r":\(\.\w+\+0x[0-9a-f]+\)"), ""),
)
"""What differs in such a line from compiler to compiler, or from build to build."""
_LOG_BYTES = 1024 * 1024
_LEFT_NONE = 100
_MAKE_FAILED = 101
_COMPILERS = "compilers"
"""The folder beside the sources that comes first on the search path of their build."""
_MAKE_IN_CELL = f"""
export PATH=$PWD/{_COMPILERS}:$PATH
cp -R /given/. . && make --no-print-directory -C src >&2 || exit {_MAKE_FAILED}
test -f src/{LIBRARY} && test ! -L src/{LIBRARY} || exit {_LEFT_NONE}
exec cat src/{LIBRARY}
"""
_MAKE_ENDINGS = (_LEFT_NONE, _MAKE_FAILED)
"""Another exit status is not that of make, nor that of what ended it: it never ran."""
BUILD_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}


class BuildError(UserError):
    """Something could not be built; the message is one line."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log
        """What the compiler said, all of it."""


class MakeFailed(BuildError):
    """make ran, and its exit status was not 0."""


def make(
    folder: Path, variables: Mapping[str, Path], targets: Iterable[Path], *options: str
) -> str | None:
    """Runs the Makefile of a folder of ours; None if it has made its targets, else what it said."""

    def seen_from_there(path: Path) -> str:
        # make can't cope with a space in a path, and there may be one above all that is ours.
        return os.path.relpath(path, folder)

    made = subprocess.run(
        [
            *("make", "--silent", *options),
            *(f"{name}={seen_from_there(path)}" for name, path in variables.items()),
            *map(seen_from_there, targets),
        ],
        cwd=folder,
        env=BUILD_ENV,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return None if made.returncode == 0 else made.stderr


@dataclass(frozen=True, slots=True)
class Library:
    """A libosmem.so that is ready to be loaded."""

    folder: Path
    """It holds the library and nothing else."""
    missing: tuple[str, ...]
    """The functions of the allocator that it does not define."""
    refused: str = ""
    """Why the first try to build it failed, if it took a second one with more lenient compiler
    flags; see `harness.execution.compiler`."""


def _source_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder in order, without those that a build left."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in BUILT_SUFFIXES and (path.is_symlink() or not path.is_dir()):
            yield path


def _digest(folders: Iterable[Path], rest: str) -> str:
    """A name for the contents of folders, and for the rest of what a library is built from. Raises
    `BuildError` for files that are no source."""
    digest, size = hashlib.sha256(rest.encode()), 0
    for folder in folders:
        digest.update(b"\0folder\0")
        for path in _source_files(folder):
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


def read_log(log: Path) -> str:
    """What a build said, or the beginning of it."""
    return log.read_bytes()[:_LOG_BYTES].decode("utf-8", errors="replace")


def first_error(log: Path) -> str:
    """The line of a build's output that says most, but for what only this machine would say."""
    lines = [line.strip() for line in read_log(log).splitlines() if line.strip()]
    chosen = next(filter(_TELLING.search, lines), lines[-1] if lines else "it said nothing")
    for pattern, replacement in _VARYING:
        chosen = pattern.sub(replacement, chosen)
    return printable(chosen)[:200]


def _make(copy: Path, library: Path, log: Path, limits: Limits, sandbox: Sandbox | None) -> None:
    """Runs make in a copy of the sources, and leaves what it built at ``library``."""
    compilers = copy.parent / _COMPILERS
    env = {**BUILD_ENV, "UTILS_PATH": "../utils"}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said, library.open("wb") as built:
        if sandbox is None:
            command = ["make", "--no-print-directory", "-C", str(copy)]
            env["PATH"] = f"{compilers}:{env['PATH']}"
            finished = run(command, limits, env=env, stdout=said, stderr=said)
        else:
            let_read(copy.parent)
            command = sandbox.confine(["sh", "-c", _MAKE_IN_CELL], {"/given": copy.parent}, env)
            finished = run(command, limits, env=env, stdout=built, stderr=said)
    if finished.timed_out:
        raise BuildError(f"make did not end within {limits.seconds} s", log)
    if finished.too_much_output or log.stat().st_size >= limits.file_bytes:
        raise BuildError(f"make wrote more than {limits.file_mib} MiB", log)
    if sandbox is not None and 0 < finished.status < 128 and finished.status not in _MAKE_ENDINGS:
        raise SandboxError(f"make could not be run in a sandbox: {first_error(log)}")
    if finished.status not in (0, _LEFT_NONE):
        raise MakeFailed(f"make failed: {first_error(log)}", log)
    made = copy / LIBRARY
    if finished.status == _LEFT_NONE or (sandbox is None and not is_plain_file(made)):
        raise BuildError(f"make ended well but left no {LIBRARY} in the folder", log)
    if sandbox is None:
        shutil.copyfile(made, library)


def _missing_functions(library: Path, limits: Limits, sandbox: Sandbox | None) -> tuple[str, ...]:
    """The functions of the allocator that a library does not define."""
    command = ["nm", "-D", "--defined-only", "--format=posix"]
    if sandbox is None:
        command.append(str(library))
    else:
        let_read(library.parent)
        command = sandbox.confine([*command, f"/built/{LIBRARY}"], {"/built": library.parent})
    listing = output_of(command, limits, BUILD_ENV)
    # A versioned symbol is listed as name@@VERSION.
    defined = {re.split(r"[@ ]", line, maxsplit=1)[0] for line in listing.splitlines()}
    return tuple(name for name in FUNCTIONS if name not in defined)


def _forget_old_libraries(shelf: Path) -> None:
    """Removes what was not used for an hour, but for the latest few."""
    kept = sorted(shelf.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_KEPT_LIBRARIES:]:
        if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def has_makefile(folder: Path) -> bool:
    """Whether make finds something to do in a folder."""
    return any((folder / name).is_file() for name in ("GNUmakefile", "makefile", "Makefile"))


def build_library(
    source: Path,
    limits: Limits,
    sandbox: Sandbox | None = None,
    shelf: Path = SHELF,
    flags: CompilerFlags = CompilerFlags(),
) -> Library:
    """The library of a folder of sources, built in a sandbox if there is one, and kept on a shelf.

    Raises `BuildError`, and `SandboxError` if make never ran. The folder is not written to.
    """
    require_tools(*BUILD_TOOLS)
    source = source.resolve()
    if not source.is_dir():
        raise BuildError(f"{source}: expected a folder with a Makefile, found none")
    if not has_makefile(source):
        below = source / "src"
        hint = (
            f"did you mean {below}?"
            if below.is_dir() and has_makefile(below)
            else f"copy {DEFAULT_MAKEFILE} there, as grade does"
        )
        raise BuildError(f"{source}: expected a Makefile that builds {LIBRARY}, found none; {hint}")
    utils = _utils_beside(source)
    try:
        digest = _digest([source, *utils], repr(flags))
    except OSError as error:
        raise BuildError(f"{error.filename}: can't be read: {error.strerror}") from error
    shelf.mkdir(parents=True, exist_ok=True)
    kept = shelf / digest
    if not kept.is_dir():
        with tempfile.TemporaryDirectory(dir=shelf, prefix="building-") as scratch:
            _build_in(Path(scratch), source, utils, kept, limits, flags, sandbox)
        _forget_old_libraries(shelf)
    with contextlib.suppress(PermissionError):  # somebody else built it
        os.utime(kept)
    return Library(
        kept / "lib",
        tuple((kept / "missing").read_text().split()),
        (kept / "refused").read_text(encoding="utf-8"),
    )


def _build_in(
    scratch: Path,
    source: Path,
    utils: Iterable[Path],
    kept: Path,
    limits: Limits,
    flags: CompilerFlags,
    sandbox: Sandbox | None,
) -> None:
    """Builds in a scratch folder, and puts what came out in its place in one step."""
    scratch.chmod(0o755)
    product = scratch / "product"
    library = product / "lib" / LIBRARY
    library.parent.mkdir(parents=True)
    log = kept.parent.parent / "logs" / f"{kept.name[:16]}.log"

    def attempt(name: str, flags: Sequence[str]) -> None:
        given = scratch / name
        for folder in utils:
            _copy(folder, given / "utils")
        _copy(source, given / "src")
        write_compilers(given / _COMPILERS, flags, BUILD_ENV["PATH"])
        _make(given / "src", library, log, limits, sandbox)

    refused = ""
    try:
        attempt("first-try", flags.first_try)
    except MakeFailed as error:
        if not flags.second_try:
            raise
        refused = ", ".join(refusals(read_log(log))) or str(error)
        attempt("second-try", flags.second_try)
    (product / "refused").write_text(refused, encoding="utf-8")
    missing = _missing_functions(library, limits, sandbox)
    if missing == FUNCTIONS:
        raise BuildError(f"{LIBRARY} defines none of {', '.join(FUNCTIONS)}", log)
    (product / "missing").write_text(" ".join(missing))
    try:
        product.rename(kept)
    except OSError:
        if not kept.is_dir():  # or else someone built the same at the same time
            raise
