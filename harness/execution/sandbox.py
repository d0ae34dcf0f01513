"""Sandboxes for untrusted programs and Makefiles: what every kind of them does.

A sandbox consists of two, one inside the other::

    host ─▶ outer sandbox: our own tools, such as the tracer, which read untrusted data
             └─▶ inner sandbox: the untrusted program

The tracer is out of reach of the program that it watches. The program begins in the work folder,
the only one that it can write to: empty at first, and removed afterwards. It finds what it is shown
at paths relative to that folder, the same in every kind of sandbox.

`harness.execution.bubblewrap` and `harness.execution.landlock` are the kinds, and
`harness.execution.walls` chooses one.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol

from harness.errors import UserError
from harness.execution.limits import Limits

SHOWN = "../osmem"
"""Where a watched program finds the folder that it is shown; see `RunSandbox.confine_watched`."""
OUT = "../out"
"""The folder that only its watcher can write to."""
USER = 61184
"""The user that root becomes: the first of the numbers that systemd sets aside for users without a
name."""
AS_USER = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups")
"""The words that let root run a command as this user."""
ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
"""The environment of all sandboxes. HOME and TMPDIR are the work folder."""
SYSTEM = tuple(
    Path("/usr", name)
    for name in ("bin", "include", "lib", "lib32", "lib64", "libexec", "share/cppcheck")
)
"""The folders of the system that a sandbox shows: what compiles, links, and runs programs."""


class SandboxError(UserError):
    """This machine can't make a sandbox; the message says why, and what to do."""


class Sandbox(Protocol):
    """The way to run a command in a sandbox, within limits.

    ``shown`` names the host's files that a sandbox can read, by their paths inside, such as
    ``../given``. They have to be readable for everyone; see `make_readable`.
    """

    def confine(
        self,
        command: Sequence[str],
        shown: Mapping[str, Path],
        env: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the command that runs ``command`` in an inner sandbox."""

    def for_runs(self, folder: Path) -> AbstractContextManager[RunSandbox]:
        """Make an outer sandbox for watched programs, which are shown folders in ``folder``, one
        that all users can pass through. It ends with everything in it. Raises `SandboxError`."""


class RunSandbox(Protocol):
    """An outer sandbox in which watchers run, one after another or side by side. Nothing of a run
    remains for the others."""

    @property
    def execs_to_enter(self) -> int:
        """The number of calls of exec() after which a watched process is its program."""

    def confine_watched(
        self,
        watcher: Sequence[str],
        command: Sequence[str],
        shown: Path,
        out: Path,
        env: Mapping[str, str],
    ) -> list[str]:
        """Return the command that runs ``watcher`` in the outer sandbox, and ``command`` as its
        child in a new inner one. The watcher's last arguments are the words that start the child.
        Both can read the folder ``shown`` as `SHOWN`. The watcher can write to ``out``, a folder
        from `make_writable_folder`, as `OUT`.
        """


@cache
def becomes_users() -> bool:
    """Return whether this is root, and can become other users: it can't in some containers."""
    if os.geteuid() != 0:
        return False
    become = [*AS_USER, "true"]
    return subprocess.run(become, stderr=subprocess.DEVNULL, check=False).returncode == 0


def limiting(limits: Limits) -> list[str]:
    """Return the options of `join.c` and `warden.c` for the limits that a sandbox keeps."""
    kept = {
        "-p": limits.processes,
        "-m": limits.scratch_mib,
        "-f": limits.files,
        "-c": limits.process_seconds,
        "-a": limits.memory_mib,
        "-w": limits.file_mib,
    }
    return [word for option, most in kept.items() if most for word in (option, str(most))]


def make_readable(folder: Path) -> None:
    """Let sandboxes read a folder and everything below it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def make_writable_folder(folder: Path) -> None:
    """Make a new folder that an outer sandbox can write to."""
    folder.mkdir()
    if becomes_users():
        os.chown(folder, USER, USER)


@contextmanager
def scratch_folder(top: Path | None = None) -> Iterator[Path]:
    """Make a temporary folder that sandboxes can reach into and other users can't list. It lies in
    ``top``, which has to be such a folder as well, or where temporary files go."""
    top = top or Path(tempfile.gettempdir()).absolute()
    with tempfile.TemporaryDirectory(prefix="osmem-", dir=top, ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        scratch.chmod(0o711)
        yield scratch
