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
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.execution.process import Limits

WORK = "/work"
"""The folder a cell can write to; it is empty at first, and gone afterwards."""
OUT = "/out"
"""The folder a room, but not its cell, can write to; see `Sandbox.room`."""
KEEPER = "bwrap"
"""The name of the process that has started what keeps a cell; see `Sandbox.watch`."""
ENTERING = 2
"""How often a process calls exec() to enter a cell; see `Sandbox.watch`."""

_GUEST = 61184
"""Who root becomes: the first of the numbers that systemd sets aside for users without a name."""
_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": WORK, "TMPDIR": WORK}
_SYSTEM = (
    *("--ro-bind", "/usr", "/usr"),
    *("--symlink", "usr/bin", "/bin"),
    *("--symlink", "usr/lib", "/lib"),
    *("--symlink", "usr/lib64", "/lib64"),
    *("--symlink", "usr/lib32", "/lib32"),
    *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
)
_ALONE = ("--unshare-user", "--unshare-pid", "--die-with-parent", "--new-session", "--clearenv")
_DEVICES = tuple(
    word
    for name in ("null", "zero", "full", "random", "urandom")
    for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
)
# Who enters a cell needs to change its root folder.
_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETFCAP", "CAP_SYS_CHROOT")
# bubblewrap tells, as JSON, which process the keeper is (on 3), and that when the cell is ready (on
# 4). A process group reaches out of a cell, so who enters gets one of its own. ltrace reads a
# program's list of libraries at great length, but not where that was started by ld.so: this makes
# entering the cell three times as fast.
_WATCH = """
mkfifo /tmp/told /tmp/never
{keeper} 3>/tmp/told 4>&3 5<>/tmp/never &
while read -r word value; do
  case $word in '"child-pid":') cell=${{value%,}} ;; ready) break ;; esac
done </tmp/told
[ -x /bin/ld.so ] && loader=/bin/ld.so
exec nsenter --no-fork --pid=/proc/$cell/ns/pid -- {watcher} $loader /bin/setsid \
  $loader /bin/nsenter --no-fork --user --mount --wd --preserve-credentials --target $cell -- \
  {command}
"""
_KEEPER = "echo ready >&4; exec 4>&-; read -r _ <&5"


class SandboxError(UserError):
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
        self,
        command: Sequence[str],
        shown: Mapping[str, Path],
        out: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The command that runs ``command`` in a room. ``shown`` names what it can read, by its
        path inside; it can write to ``out``, as `OUT`. What is shown has to be readable for
        everyone, and ``out`` made with `let_write`."""
        limits = self.limits
        furnish = (
            # Out of memory, the kernel ends what runs in a sandbox before anything else.
            "echo 1000 >/proc/self/oom_score_adj;"
            f" mount -t tmpfs -o size={limits.scratch_mib}m,nr_inodes={limits.files},nosuid,nodev"
            f' osmem {WORK} && ulimit -p {limits.processes} && exec "$@"'
        )
        return [
            *(_as_guest() if os.geteuid() == 0 else ()),
            "bwrap",
            "--unshare-all",  # the cell has a part in what of this it does not have of its own
            *_ALONE,
            # What is needed to mount, and to map users for the cell; it reaches no further.
            *("--uid", "0", "--gid", "0"),
            *(word for name in _CAPABILITIES for word in ("--cap-add", name)),
            *_SYSTEM,
            *("--proc", "/proc", *_DEVICES, "--tmpfs", "/tmp", "--dir", WORK),
            *_binds("--ro-bind", shown),
            *(_binds("--bind", {OUT: out}) if out is not None else ()),
            *_variables({**_ENV, **(env or {})}),
            *("--", "/bin/sh", "-c", furnish, "sh"),
            *command,
        ]

    def cell(
        self, command: Sequence[str], shown: Sequence[str], env: Mapping[str, str] | None = None
    ) -> list[str]:
        """The command that, in a room, runs ``command`` in a cell, in `WORK`. ``shown`` names what
        of the room it can read."""
        return [
            "bwrap",
            *_ALONE,
            *("--disable-userns", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"),
            *_SYSTEM,
            *("--dev-bind", "/dev", "/dev", "--remount-ro", "/dev"),
            *_binds("--ro-bind", {path: path for path in shown}),
            *_binds("--bind", {WORK: WORK}),
            *("--remount-ro", "/", "--chdir", WORK),
            *_variables({**_ENV, **(env or {})}),
            "--",
            *command,
        ]

    def watch(
        self,
        watcher: Sequence[str],
        command: Sequence[str],
        shown: Mapping[str, Path],
        out: Path,
        env: Mapping[str, str],
    ) -> list[str]:
        """The command that runs ``watcher`` in a room; at its end come the words that start
        ``command`` in a cell, as a child of the watcher. That is what it is after `ENTERING` calls
        of exec().

        To make a cell takes a number of processes, which would all be watched. So the cell is made
        first, around a process that keeps it, and the command then enters it.
        """
        keeper = self.cell(["/bin/sh", "-c", _KEEPER], list(shown))
        keeper[1:1] = ["--as-pid-1", "--info-fd", "3"]
        script = _WATCH.format(
            keeper=shlex.join(keeper),
            watcher=shlex.join(watcher),
            command=shlex.join(command),
        )
        return self.room(["/bin/sh", "-c", script], shown, out, env)

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


def require_sandbox(sandbox: Sandbox, shown: Path) -> None:
    """Raises `SandboxError` unless a sandbox can be made here, and be shown this folder."""
    try:
        tried = subprocess.run(
            sandbox.confine(["true"], {"/given": shown}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"no sandbox can be made here: {error}") from error
    if tried.returncode == 0:
        return
    said = tried.stderr.strip().splitlines()[-1:] or [f"status {tried.returncode}"]
    if str(shown) in said[0]:
        raise SandboxError(
            f"{shown.parent}: expected a folder that every user can pass through, for sandboxes are"
            " another user's; set TMPDIR to such a folder"
        )
    raise SandboxError(
        f"no sandbox can be made here: {said[0]}; bubblewrap needs user namespaces for ordinary"
        " users (see docs/sandbox.md)"
    )
