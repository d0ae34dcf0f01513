"""Building a library from a folder of sources, with its own Makefile.

The sources are built in a copy; their folder is never written to. The library is cached under the
digest of everything it is built from, so that the same sources are built once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.execution.build_error import (
    BuildError,
    MakeFailed,
    ToolFailed,
    first_error,
    read_log,
)
from harness.execution.cache import cached_folder
from harness.execution.compiler import CompilerFlags, refusals, write_compilers
from harness.execution.kit import (
    SNIPPET_HEADERS,
    UTILS,
    Layout,
    layouts,
    own_utils,
    replaced_magic,
)
from harness.execution.lock import exclusive
from harness.execution.output import Output
from harness.execution.answer import Answer, output_of
from harness.execution.limits import Excess, Finished, Limits
from harness.execution.process import is_plain_file, run
from harness.execution.process_tree import usage_of_all
from harness.execution.sandbox import Sandbox, SandboxError, make_readable
from harness.execution.sources import digest_sources, has_makefile
from harness.execution.symbols import DEFINED, LINKED, missing_functions, undefined_functions
from harness.execution.tools import BUILD_TOOLS, require_tools
from harness.execution.turns import alone
from harness.text import quoted
from harness.trace.signatures import FUNCTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("OSMEM_BUILD", ROOT / "build")).absolute()
"""The folder for everything that is built; OSMEM_BUILD names another, for a read-only checkout."""
CACHE = BUILD / "libraries"
DEFAULT_MAKEFILE = Path(__file__).with_name("default.mk")
"""The Makefile for sources that come without one."""
LIBRARY = "libosmem.so"
BUILD_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}

_ABOUT = "about.json"
"""The file that holds the rest of a `Library`, beside its folder."""
_SHOWN_FUNCTIONS = 5
_LIBRARY_MISSING = 100
_MAKE_FAILED = 101
_COMPILERS = "compilers"
"""The folder, beside the copy of the sources, that comes first on the search path of the build."""
_MAKE_IN_SANDBOX = f"""
export PATH=$PWD/{_COMPILERS}:$PATH
cp -R ../given/. . && make --no-print-directory -C src >&2 || exit {_MAKE_FAILED}
test -f src/{LIBRARY} && test ! -L src/{LIBRARY} && test -r src/{LIBRARY} || exit {_LIBRARY_MISSING}
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
    utils: str = ""
    """Whose utils it was built with, and why, if it came with changed ones; see
    `harness.execution.kit`."""
    ours: bool = True
    """Whether ours took the place of the others."""


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
    own = own_utils(source)
    rest = repr((flags, [header.read_bytes() for header in SNIPPET_HEADERS]))
    try:
        digest = digest_sources([source, UTILS, *([own] if own else [])], rest)
        ways = layouts(source)
    except OSError as error:
        raise BuildError(f"{error.filename}: can't be read: {error.strerror}") from error
    log = cache.parent / "logs" / f"{digest[:16]}.log"
    folder = cached_folder(cache, digest, _Build(ways, limits, sandbox, flags, log).run)
    about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    return Library(folder / "lib", tuple(about.pop("missing")), **about)


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


class _OutOfTime(BuildError):
    """make met the limit of wall time."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A build with one of the layouts."""

    layout: Layout
    library: Path
    failed: bool
    fault: str = ""
    """Why it failed, or what the library lacks; empty if nothing is wrong."""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class _Build:
    """A build of one library."""

    layouts: Sequence[Layout]
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
            self.log.parent.mkdir(0o700, parents=True, exist_ok=True)
            log.replace(self.log)

    def _build(self, scratch: Path, log: Path) -> Path:
        attempts: list[_Attempt] = []
        for number, layout in enumerate(self.layouts):
            attempts.append(self._attempt(layout, scratch / str(number), log))
            if not attempts[-1].fault:
                break
        faults = [attempt.fault for attempt in attempts]
        built = [attempt for attempt in attempts if not attempt.failed]
        if not built:
            raise MakeFailed("; with our utils, ".join(dict.fromkeys(faults)))
        chosen = next((attempt for attempt in built if not attempt.fault), built[0])
        missing = missing_functions(self._defined(chosen.library))
        if missing == FUNCTIONS:
            raise BuildError(f"{LIBRARY} defines none of {', '.join(FUNCTIONS)}")
        product = chosen.library.parent.parent
        magic = replaced_magic(chosen.layout.source, self.flags.first_try)
        about = {
            "missing": missing,
            "refused": chosen.refused,
            "utils": "; ".join(filter(None, (chosen.layout.note(faults[0]), magic))),
            "ours": chosen.layout.ours,
        }
        (product / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
        return product

    def _attempt(self, layout: Layout, scratch: Path, log: Path) -> _Attempt:
        library = scratch / "product" / "lib" / LIBRARY
        library.parent.mkdir(parents=True)
        make_readable(scratch)  # whatever the umask
        try:
            refused = self._try_twice(layout, scratch, library, log)
        except MakeFailed as error:
            return _Attempt(layout, library, failed=True, fault=str(error))
        fault = ""
        if len(self.layouts) > 1:
            if undefined := self._undefined(library):
                fault = f"the library lacks {', '.join(undefined[:_SHOWN_FUNCTIONS])}"
        return _Attempt(layout, library, False, fault, refused)

    def _try_twice(self, layout: Layout, scratch: Path, library: Path, log: Path) -> str:
        """Build with strict flags, or else with lenient ones. Return why strict ones failed, if
        they did."""
        try:
            self._try(layout, scratch / "first-try", self.flags.first_try, library, log)
            return ""
        except MakeFailed as error:
            if not self.flags.second_try:
                raise
            refused = ", ".join(refusals(read_log(log))) or quoted(str(error))
        self._try(layout, scratch / "second-try", self.flags.second_try, library, log)
        return refused

    def _try(
        self, layout: Layout, copy: Path, flags: Sequence[str], library: Path, log: Path
    ) -> None:
        """Lay out the sources, run make with these compiler flags, and put what it built at
        ``library``. If make meets the limit of wall time, run it again, alone: other programs may
        have delayed it."""
        try:
            self._try_once(layout, copy, flags, library, log)
        except _OutOfTime:
            shutil.rmtree(copy)
            with alone():
                self._try_once(layout, copy, flags, library, log)

    def _try_once(
        self, layout: Layout, copy: Path, flags: Sequence[str], library: Path, log: Path
    ) -> None:
        layout.write(copy)
        write_compilers(copy / _COMPILERS, flags, BUILD_ENV["PATH"])
        if self.sandbox is None:
            self._make(copy, library, log)
        else:
            self._make_in_sandbox(self.sandbox, copy, library, log)

    def _make(self, copy: Path, library: Path, log: Path) -> None:
        command = ["make", "--no-print-directory", "-C", str(copy / "src")]
        path = f"{copy / _COMPILERS}:{BUILD_ENV['PATH']}"
        env = {**BUILD_ENV, "PATH": path, "UTILS_PATH": "../utils"}
        output = Output(self.limits.file_bytes)
        finished = run(
            command, self.limits, env=env, stdout=output, stderr=output, measure=usage_of_all
        )
        log.write_bytes(output.content)
        self._check_limits(finished)
        if finished.status != 0:
            raise MakeFailed(f"make failed: {first_error(log)}")
        built = copy / "src" / LIBRARY
        if not is_plain_file(built):
            raise BuildError(_NO_LIBRARY)
        shutil.copyfile(built, library)

    def _make_in_sandbox(self, sandbox: Sandbox, copy: Path, library: Path, log: Path) -> None:
        make_readable(copy)
        env = {**BUILD_ENV, "UTILS_PATH": "../utils"}
        command = sandbox.confine(["sh", "-c", _MAKE_IN_SANDBOX], {"../given": copy}, env)
        output, built = Output(self.limits.file_bytes), Output(self.limits.file_bytes)
        finished = run(
            command, self.limits, env=env, stdout=built, stderr=output, measure=usage_of_all
        )
        log.write_bytes(output.content)
        library.write_bytes(built.content)
        self._check_limits(finished)
        if 0 < finished.status < 128 and finished.status not in _MAKE_STATUSES:
            raise SandboxError(f"make could not be run in a sandbox: {first_error(log)}")
        if finished.status == _LIBRARY_MISSING:
            raise BuildError(_NO_LIBRARY)
        if finished.status != 0:
            raise MakeFailed(f"make failed: {first_error(log)}")

    def _check_limits(self, finished: Finished) -> None:
        limits = self.limits
        match finished.excess:
            case Excess.WALL:
                raise _OutOfTime(f"make did not end within {limits.seconds} s")
            case Excess.PROCESSOR:
                raise BuildError(
                    f"make used more than {limits.processor_seconds:g} s of processor time"
                )
            case Excess.SLEEP:
                raise BuildError(f"make slept for more than {limits.sleep_seconds:g} s")
            case Excess.MEMORY:
                raise BuildError(f"make used more than {limits.memory_mib} MiB of memory")
            case Excess.PROCESSES:
                raise BuildError(f"make started more than {limits.processes} processes")
        if finished.too_much_output:
            raise BuildError(f"make wrote more than {limits.file_mib} MiB")

    def _defined(self, library: Path) -> str:
        listing = self._ask(DEFINED, library)
        if listing.failure:
            raise ToolFailed(
                f"{LIBRARY}: expected a shared library, found that nm can't read it:"
                f" {listing.failure}"
            )
        return listing.text

    def _undefined(self, library: Path) -> tuple[str, ...]:
        linking = self._ask(LINKED, library)
        undefined = undefined_functions(linking.text)
        if linking.failure and not undefined:
            raise ToolFailed(
                f"{LIBRARY}: expected a shared library, found that gcc can't link a program with"
                f" it: {linking.failure}"
            )
        return undefined

    def _ask(self, command: Sequence[str], library: Path) -> Answer:
        """Return the output of a command on a library, which is untrusted."""
        if self.sandbox is None:
            return output_of([*command, str(library)], self.limits, BUILD_ENV)
        make_readable(library.parent)
        shown = {"../built": library.parent}
        confined = self.sandbox.confine([*command, f"../built/{LIBRARY}"], shown)
        return output_of(confined, self.limits, BUILD_ENV)
