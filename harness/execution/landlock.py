"""Sandboxes made with Landlock, where no namespaces can be made, as in most containers.

A program sees the machine's processes and the names of its files, but can neither open those files
nor signal those processes. If root makes them, each sandbox has a user of its own::

    warden ─▶ fence ─▶ tracer ─▶ fence ─▶ confine ─▶ program
              └ outer sandbox    └ inner sandbox

The programs in `harness/execution/confine` say what each of them does.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from harness.execution.limits import Limits
from harness.execution.sandbox import (
    ENV,
    OUT,
    SHOWN,
    SYSTEM,
    USER,
    RunSandbox,
    becomes_users,
    limiting,
)

_DEVICES = tuple(Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom"))
_WORK = Path()
"""The work folder, in which every command begins."""
_FIRST_USER = USER + 1
"""Those from here on; `USER` runs sandboxes of another kind, which are none of theirs to kill."""
_LOADER = "/bin/ld.so"
_LANDLOCK_CREATE_RULESET = 444
"""The number of the system call, on every architecture."""


def landlock_version() -> int:
    """Return the version of Landlock that the kernel has; 0 if it has none, or refuses it."""
    version: int = ctypes.CDLL(None).syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1)
    return max(0, version)


def _fence(reads: Iterable[Path], writes: Iterable[Path]) -> list[str]:
    """Return the options of `fence.c` for the system, its devices and these files."""
    read = (word for path in (*SYSTEM, *reads) for word in ("-r", str(path)))
    written = (word for path in (*_DEVICES, *writes) for word in ("-w", str(path)))
    return [*read, *written]


@dataclass(frozen=True, slots=True)
class Landlock:
    """A `Sandbox` of rules for files and processes. Each run gets an outer one of its own."""

    limits: Limits
    entrance: Path
    """The folder with what enters a sandbox; see `harness.execution.entrance`."""

    def confine(
        self,
        command: Sequence[str],
        shown: Mapping[str, Path],
        env: Mapping[str, str] | None = None,
    ) -> list[str]:
        return [*self._guard(shown, env or {}), *self._enter(shown), *command]

    @property
    def execs_to_enter(self) -> int:
        return 3

    def for_runs(self, folder: Path) -> AbstractContextManager[RunSandbox]:
        return nullcontext(self)

    def confine_watched(
        self,
        watcher: Sequence[str],
        command: Sequence[str],
        shown: Path,
        out: Path,
        env: Mapping[str, str],
    ) -> list[str]:
        # ltrace reads a program's list of libraries at great length, except if ld.so started it.
        loader = [_LOADER] if os.access(_LOADER, os.X_OK) else []
        reads = (self.entrance, shown, Path("/proc"))
        return [
            *self._guard({SHOWN: shown, OUT: out}, env, ("-o", str(out))),
            *(str(self.entrance / "fence"), *_fence(reads, (_WORK, out))),
            *watcher,
            *(*loader, "/bin/setsid", *loader, *self._enter({SHOWN: shown}, loader), *command),
        ]

    def _guard(
        self, shown: Mapping[str, Path], env: Mapping[str, str], options: Sequence[str] = ()
    ) -> list[str]:
        """Return the words that run the rest in a work folder, and clear up after it."""
        # /usr/local is out of reach, but a search would find its programs.
        variables = {**ENV, **env, "PATH": ENV["PATH"]}
        return [
            *("env", "-i", *(f"{name}={value}" for name, value in variables.items())),
            *(str(self.entrance / "warden"), "-t", str(Path(tempfile.gettempdir()).absolute())),
            *limiting(self.limits),
            *(("-u", str(_FIRST_USER)) if becomes_users() else ()),
            *options,
            *(word for name, path in shown.items() for word in ("-s", f"{name}={path}")),
        ]

    def _enter(self, shown: Mapping[str, Path], loader: Sequence[str] = ()) -> list[str]:
        """Return the words that run the rest in an inner sandbox."""
        rules = "filter" if becomes_users() else "filter-for-owner"
        fence, confine, rules = (str(self.entrance / name) for name in ("fence", "confine", rules))
        reads = (self.entrance, *shown.values())
        return [fence, *_fence(reads, (_WORK,)), *loader, confine, rules]
