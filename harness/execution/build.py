"""Building a library from a folder of sources, with its own Makefile.

The sources are built in a copy; their folder is never written to. The library is cached under the
digest of everything it is built from, so that the same sources are built once.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.execution.build_error import BuildError, MakeFailed, first_error, read_log
from harness.execution.cache import cached_folder
from harness.execution.compiler import CompilerFlags, refusals, write_compilers
from harness.execution.lock import exclusive
from harness.execution.process import Finished, Limits, is_plain_file, output_of, run
from harness.execution.sandbox import Sandbox, SandboxError, make_readable
from harness.execution.sources import copy_sources, digest_sources, has_makefile
from harness.execution.tools import BUILD_TOOLS, require_tools
from harness.trace.signatures import FUNCTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("OSMEM_BUILD", ROOT / "build")).absolute()
"""The folder for everything that is built; OSMEM_BUILD names another, for a read-only checkout."""
CACHE = BUILD / "libraries"
DEFAULT_MAKEFILE = Path(__file__).with_name("default.mk")
"""The Makefile for sources that come without one."""
UTILS = ROOT / "utils"
LIBRARY = "libosmem.so"
BUILD_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}

_LIBRARY_MISSING = 100
_MAKE_FAILED = 101
_COMPILERS = "compilers"
"""The folder, beside the copy of the sources, that comes first on the search path of the build."""
_MAKE_IN_SANDBOX = f"""
export PATH=$PWD/{_COMPILERS}:$PATH
cp -R /given/. . && make --no-print-directory -C src >&2 || exit {_MAKE_FAILED}
test -f src/{LIBRARY} && test ! -L src/{LIBRARY} || exit {_LIBRARY_MISSING}
exec cat src/{LIBRARY}
"""
_MAKE_STATUSES = (_LIBRARY_MISSING, _MAKE_FAILED)
"""The exit statuses of a failed build. Any other, unless a signal caused it, means that the sandbox
did not come as far as make."""
_NO_LIBRARY = f"make ended well but left no {LIBRARY} in the folder"


@dataclass(frozen=True, slots=True)
class Library:
    """A libosmem.so that is ready to be loaded."""

    folder: Path
    """The folder that holds the library and nothing else."""
    missing: tuple[str, ...]
    """The functions of the allocator that it does not define."""
    refused: str = ""
    """Why the first build failed, if it took a second one with more lenient compiler flags; see
    `harness.execution.compiler`."""


def make(
    folder: Path, variables: Mapping[str, Path], targets: Iterable[Path], *options: str
) -> str | None:
    """Run one of the project's own Makefiles, which builds in `BUILD`. Return None if it made its
    targets, else its error output."""

    def as_seen_by_make(path: Path) -> str:
        # make can't cope with a space in a path, and the path to the checkout may have one.
        return os.path.relpath(path, folder)

    with exclusive(BUILD):
        made = subprocess.run(
            [
                *("make", "--silent", *options),
                *(f"{name}={as_seen_by_make(path)}" for name, path in variables.items()),
                *map(as_seen_by_make, targets),
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


def build_library(
    source: Path,
    limits: Limits,
    sandbox: Sandbox | None = None,
    cache: Path = CACHE,
    flags: CompilerFlags = CompilerFlags(),
) -> Library:
    """Return the library of a folder of sources: the cached one, or else a new one, built in the
    sandbox if one is given.

    Raises `BuildError`, and `SandboxError` if the sandbox did not come as far as make.
    """
    require_tools(*BUILD_TOOLS)
    source = source.resolve()
    _require_makefile(source)
    headers = _headers_for(source)
    try:
        digest = digest_sources([source, *headers], repr(flags))
    except OSError as error:
        raise BuildError(f"{error.filename}: can't be read: {error.strerror}") from error
    log = cache.parent / "logs" / f"{digest[:16]}.log"
    build = _Build(source, headers, limits, sandbox, flags, log)
    folder = cached_folder(cache, digest, build.run)
    return Library(
        folder / "lib",
        tuple((folder / "missing").read_text().split()),
        (folder / "refused").read_text(encoding="utf-8"),
    )


def _require_makefile(source: Path) -> None:
    if not source.is_dir():
        raise BuildError(f"{source}: expected a folder with a Makefile, found none")
    if has_makefile(source):
        return
    below = source / "src"
    hint = (
        f"did you mean {below}?"
        if below.is_dir() and has_makefile(below)
        else f"copy {DEFAULT_MAKEFILE} there, as grade does"
    )
    raise BuildError(f"{source}: expected a Makefile that builds {LIBRARY}, found none; {hint}")


def _headers_for(source: Path) -> tuple[Path, ...]:
    """Return the folders of headers to build with: ours, then the one beside the sources, which
    takes precedence."""
    own = source.parent / "utils"
    if own.is_dir() and own.resolve() != UTILS:
        return (UTILS, own)
    return (UTILS,)


@dataclass(frozen=True, slots=True)
class _Build:
    """A build of one library."""

    source: Path
    headers: tuple[Path, ...]
    limits: Limits
    sandbox: Sandbox | None
    flags: CompilerFlags
    log: Path
    """Where the output is kept, once the build has ended."""

    def run(self, scratch: Path) -> Path:
        """Build in a scratch folder. Return the folder in it that is to be cached."""
        scratch.chmod(0o755)
        log = scratch / "log"
        log.touch()
        try:
            return self._build(scratch, log)
        except BuildError as error:
            error.log = self.log
            raise
        finally:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            log.replace(self.log)

    def _build(self, scratch: Path, log: Path) -> Path:
        product = scratch / "product"
        library = product / "lib" / LIBRARY
        library.parent.mkdir(parents=True)
        refused = ""
        try:
            self._try(scratch / "first-try", self.flags.first_try, library, log)
        except MakeFailed as error:
            if not self.flags.second_try:
                raise
            refused = ", ".join(refusals(read_log(log))) or str(error)
            self._try(scratch / "second-try", self.flags.second_try, library, log)
        missing = self._missing_functions(library)
        if missing == FUNCTIONS:
            raise BuildError(f"{LIBRARY} defines none of {', '.join(FUNCTIONS)}")
        (product / "refused").write_text(refused, encoding="utf-8")
        (product / "missing").write_text(" ".join(missing))
        return product

    def _try(self, copy: Path, flags: Sequence[str], library: Path, log: Path) -> None:
        """Copy the sources, run make with these compiler flags, and put what it built at
        ``library``."""
        for folder in self.headers:
            copy_sources(folder, copy / "utils")
        copy_sources(self.source, copy / "src")
        write_compilers(copy / _COMPILERS, flags, BUILD_ENV["PATH"])
        if self.sandbox is None:
            self._make(copy, library, log)
        else:
            self._make_in_sandbox(self.sandbox, copy, library, log)

    def _make(self, copy: Path, library: Path, log: Path) -> None:
        command = ["make", "--no-print-directory", "-C", str(copy / "src")]
        path = f"{copy / _COMPILERS}:{BUILD_ENV['PATH']}"
        env = {**BUILD_ENV, "PATH": path, "UTILS_PATH": "../utils"}
        with log.open("wb") as output:
            finished = run(command, self.limits, env=env, stdout=output, stderr=output)
        self._check_limits(finished, log)
        if finished.status != 0:
            raise MakeFailed(f"make failed: {first_error(log)}")
        built = copy / "src" / LIBRARY
        if not is_plain_file(built):
            raise BuildError(_NO_LIBRARY)
        shutil.copyfile(built, library)

    def _make_in_sandbox(self, sandbox: Sandbox, copy: Path, library: Path, log: Path) -> None:
        make_readable(copy)
        env = {**BUILD_ENV, "UTILS_PATH": "../utils"}
        command = sandbox.confine(["sh", "-c", _MAKE_IN_SANDBOX], {"/given": copy}, env)
        with log.open("wb") as output, library.open("wb") as built:
            finished = run(command, self.limits, env=env, stdout=built, stderr=output)
        self._check_limits(finished, log)
        if 0 < finished.status < 128 and finished.status not in _MAKE_STATUSES:
            raise SandboxError(f"make could not be run in a sandbox: {first_error(log)}")
        if finished.status == _LIBRARY_MISSING:
            raise BuildError(_NO_LIBRARY)
        if finished.status != 0:
            raise MakeFailed(f"make failed: {first_error(log)}")

    def _check_limits(self, finished: Finished, log: Path) -> None:
        if finished.timed_out:
            raise BuildError(f"make did not end within {self.limits.seconds} s")
        if finished.too_much_output or log.stat().st_size >= self.limits.file_bytes:
            raise BuildError(f"make wrote more than {self.limits.file_mib} MiB")

    def _missing_functions(self, library: Path) -> tuple[str, ...]:
        """Return the functions of the allocator that a library does not define."""
        command = ["nm", "-D", "--defined-only", "--format=posix"]
        if self.sandbox is None:
            command.append(str(library))
        else:
            make_readable(library.parent)
            shown = {"/built": library.parent}
            command = self.sandbox.confine([*command, f"/built/{LIBRARY}"], shown)
        listing = output_of(command, self.limits, BUILD_ENV)
        # A versioned symbol is listed as name@@VERSION.
        defined = {re.split(r"[@ ]", line, maxsplit=1)[0] for line in listing.splitlines()}
        return tuple(name for name in FUNCTIONS if name not in defined)
