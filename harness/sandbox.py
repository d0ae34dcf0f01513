"""Sandboxes, made with bubblewrap, for programs and build files that nobody trusts.

A sandbox is two rooms, one inside the other::

    host ─▶ room: our own tools, such as the tracer; they read what nobody trusts
             └─▶ cell: what nobody trusts

Both have no network, processes of their own, a read-only system, and none of the host's files but
those that are shown to them. The cell can't see the room, nor its processes; so the tracer stands
where the program it watches can't reach it. The one place a cell can write to is `WORK`, which is
bounded in size and in the number of its files.

It works for root and for ordinary users alike: root becomes an ordinary user first, because the
kernel does not bound how many processes root starts.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.process import Limits

WORK = "/work"
"""The folder a cell can write to; it is empty at first, and gone afterwards."""
OUT = "/out"
"""The folder a room, but not its cell, can write to; see `Sandbox.room`."""

_GUEST = 61184
"""Who root becomes: the first of the numbers that systemd sets aside for users without a name."""
_PATH = "/usr/bin:/bin"
_SYSTEM = (
    *("--ro-bind", "/usr", "/usr"),
    *("--symlink", "usr/bin", "/bin"),
    *("--symlink", "usr/lib", "/lib"),
    *("--symlink", "usr/lib64", "/lib64"),
    *("--symlink", "usr/lib32", "/lib32"),
    *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
)
_ALONE = ("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv")
_DEVICES = ("null", "zero", "full", "random", "urandom")
# Out of memory, the kernel ends what runs in a sandbox before anything else.
_FIRST_TO_GO = ("choom", "-n", "1000", "--")


class SandboxError(Exception):
    """No sandbox can be made on this machine; the message says why, and what to do."""


def _binds(option: str, paths: Mapping[str, Path | str]) -> list[str]:
    return [word for inside, path in paths.items() for word in (option, str(path), inside)]


def _variables(env: Mapping[str, str]) -> list[str]:
    return [word for name, value in env.items() for word in ("--setenv", name, value)]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How sandboxes are made: within these limits."""

    limits: Limits

    def room(
        self, command: Sequence[str], shown: Mapping[str, Path], out: Path | None = None
    ) -> list[str]:
        """The command that runs ``command`` in a room. ``shown`` names what it can read, by its
        path inside; it can write to ``out``, as `OUT`. What is shown has to be readable for
        everyone, and ``out`` made with `let_write`."""
        limits = self.limits
        mount = (
            f"mount -t tmpfs -o size={limits.scratch_mib}m,nr_inodes={limits.files},nosuid,nodev"
            f' osmem {WORK} && exec prlimit --nproc={limits.processes} -- "$@"'
        )
        return [
            *(_as_guest() if os.geteuid() == 0 else ()),
            *_FIRST_TO_GO,
            "bwrap",
            *_ALONE,
            # What is needed to mount, and to map users for the cell; it reaches no further.
            *("--uid", "0", "--gid", "0"),
            *("--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETFCAP"),
            *_SYSTEM,
            *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", WORK),
            *_binds("--ro-bind", shown),
            *(_binds("--bind", {OUT: out}) if out is not None else ()),
            *_variables({"PATH": f"{_PATH}:/usr/sbin", "LC_ALL": "C"}),
            *("--", "/bin/sh", "-c", mount, "sh"),
            *command,
        ]

    def cell(
        self, command: Sequence[str], shown: Sequence[str], env: Mapping[str, str] | None = None
    ) -> list[str]:
        """The command that, in a room, runs ``command`` in a cell, in `WORK`. ``shown`` names what
        of the room it can read."""
        devices = {f"/dev/{name}": f"/dev/{name}" for name in _DEVICES}
        return [
            "bwrap",
            *_ALONE,
            *("--disable-userns", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"),
            *_SYSTEM,
            *_binds("--dev-bind", devices),
            *_binds("--ro-bind", {path: path for path in shown}),
            *_binds("--bind", {WORK: WORK}),
            *("--remount-ro", "/", "--chdir", WORK),
            *_variables({"PATH": _PATH, "LC_ALL": "C", "HOME": WORK, "TMPDIR": WORK}),
            *_variables(env or {}),
            "--",
            *command,
        ]

    def confine(
        self,
        command: Sequence[str],
        shown: Mapping[str, Path],
        env: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The command that runs ``command`` in a cell in a room."""
        return self.room(self.cell(command, list(shown), env), shown)


def _as_guest() -> list[str]:
    return ["setpriv", f"--reuid={_GUEST}", f"--regid={_GUEST}", "--clear-groups"]


def let_read(folder: Path) -> None:
    """Makes a folder and all below it readable for sandboxes."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def let_write(folder: Path) -> None:
    """Makes a new folder that a room can write to."""
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, _GUEST, _GUEST)


def require_sandbox(sandbox: Sandbox) -> None:
    """Raises `SandboxError` unless a sandbox can be made here."""
    try:
        tried = subprocess.run(
            sandbox.confine(["true"], {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"no sandbox can be made here: {error}") from error
    if tried.returncode != 0:
        said = tried.stderr.strip().splitlines()[-1:] or [f"status {tried.returncode}"]
        raise SandboxError(
            f"no sandbox can be made here: {said[0]}; bubblewrap needs user namespaces for ordinary"
            " users (see docs/sandbox.md)"
        )
