"""Sandboxes, made with bubblewrap, for untrusted programs and Makefiles.

A sandbox consists of two, one inside the other::

    host ─▶ outer sandbox: our own tools, such as the tracer, which read untrusted data
             └─▶ inner sandbox: the untrusted program

Both have no network, their own process IDs, a read-only system, and no file of the host except
those that are shown to them. The inner sandbox sees neither the files nor the processes of the
outer one: the tracer is out of reach of the program that it watches. The inner sandbox can write to
one folder, `WORK`, whose size and number of files are limited.

Root and ordinary users can both make sandboxes. Root becomes an ordinary user first, because the
kernel does not limit the number of root's processes.
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
"""The folder that the inner sandbox can write to: empty at first, and removed afterwards."""
OUT = "/out"
"""The folder that only the outer sandbox can write to; see `Sandbox.confine_watched`."""
KEEPER = "bwrap"
"""The name of the process whose child keeps an inner sandbox; see `Sandbox.confine_watched`."""
EXECS_TO_ENTER = 3
"""The number of calls of exec() that enter an inner sandbox; see `Sandbox.confine_watched`."""

_GUEST = 61184
"""The user that root becomes: the first of the numbers that systemd sets aside for users without a
name."""
_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": WORK, "TMPDIR": WORK}
SYSTEM = tuple(
    Path("/usr", name)
    for name in ("bin", "include", "lib", "lib32", "lib64", "libexec", "share/cppcheck")
)
"""The folders of the system that a sandbox shows: what compiles, links, and runs programs."""
_ENTRANCE = "/entrance"
_ENTER = (f"{_ENTRANCE}/confine", f"{_ENTRANCE}/filter")
_SYSTEM = (
    *(word for path in SYSTEM for word in ("--ro-bind-try", str(path), str(path))),
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
# A process needs these to enter the inner sandbox, because it changes its root folder.
_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETFCAP", "CAP_SYS_CHROOT")
# bubblewrap writes the keeper's process ID to descriptor 3, as JSON; the keeper reports on 4 that
# the inner sandbox is ready. A process group reaches out of a sandbox, so the command gets a new
# one. ltrace reads a program's list of libraries at great length, except if ld.so started the
# program: going through ld.so makes entering the inner sandbox three times as fast.
_WATCH = """
mkfifo /tmp/reports /tmp/never
{keeper} 3>/tmp/reports 4>&3 5<>/tmp/never &
while read -r word value; do
  case $word in '"child-pid":') inner=${{value%,}} ;; ready) break ;; esac
done </tmp/reports
[ -x /bin/ld.so ] && loader=/bin/ld.so
exec nsenter --no-fork --pid=/proc/$inner/ns/pid -- {watcher} $loader /bin/setsid \
  $loader /bin/nsenter --no-fork --user --mount --wd --preserve-credentials --target $inner -- \
  $loader {enter} {command}
"""
_KEEP = "echo ready >&4; exec 4>&-; read -r _ <&5"


class SandboxError(UserError):
    """This machine can't make a sandbox; the message says why, and what to do."""


def _binds(option: str, paths: Mapping[str, Path | str]) -> list[str]:
    return [word for inside, path in paths.items() for word in (option, str(path), inside)]


def _variables(env: Mapping[str, str]) -> list[str]:
    return [word for name, value in env.items() for word in ("--setenv", name, value)]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The way to run a command in a sandbox, within these limits.

    ``shown`` names the host's files that a sandbox can read, by their paths inside. They have to be
    readable for everyone; see `make_readable`.
    """

    limits: Limits
    entrance: Path
    """The folder with what enters a sandbox; see `harness.execution.entrance`."""

    def confine(
        self,
        command: Sequence[str],
        shown: Mapping[str, Path],
        env: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the command that runs ``command`` in an inner sandbox, in `WORK`."""
        return self._outer(self._inner([*_ENTER, *command], list(shown), env), shown)

    def confine_watched(
        self,
        watcher: Sequence[str],
        command: Sequence[str],
        shown: Mapping[str, Path],
        out: Path,
        env: Mapping[str, str],
    ) -> list[str]:
        """Return the command that runs ``watcher`` in an outer sandbox, and ``command`` as its
        child in an inner one. The watcher's last arguments are the words that start the child,
        which becomes ``command`` after `EXECS_TO_ENTER` calls of exec(). The watcher can write to
        ``out``, a folder from `make_writable_folder`, as `OUT`.

        Making the inner sandbox takes several processes, which would all be watched. So it is made
        first, around a process that keeps it, and the child then enters it.
        """
        keeper = self._inner(["/bin/sh", "-c", _KEEP], list(shown))
        keeper[1:1] = ["--as-pid-1", "--info-fd", "3"]
        script = _WATCH.format(
            keeper=shlex.join(keeper),
            watcher=shlex.join(watcher),
            enter=shlex.join(_ENTER),
            command=shlex.join(command),
        )
        return self._outer(["/bin/sh", "-c", script], shown, out, env)

    def _outer(
        self,
        command: Sequence[str],
        shown: Mapping[str, Path],
        out: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> list[str]:
        limits = self.limits
        furnish = (
            # Out of memory, the kernel kills the processes of a sandbox first.
            "echo 1000 >/proc/self/oom_score_adj;"
            f" mount -t tmpfs -o size={limits.scratch_mib}m,nr_inodes={limits.files},nosuid,nodev"
            f' osmem {WORK} && ulimit -p {limits.processes} && exec "$@"'
        )
        return [
            *(_as_guest() if os.geteuid() == 0 else ()),
            "bwrap",
            "--unshare-all",  # the inner sandbox shares the namespaces that it does not unshare
            *_ALONE,
            # Rights to mount, and to map users for the inner sandbox; they do not reach the host.
            *("--uid", "0", "--gid", "0"),
            *(word for name in _CAPABILITIES for word in ("--cap-add", name)),
            *_SYSTEM,
            *("--proc", "/proc", *_DEVICES, "--tmpfs", "/tmp", "--dir", WORK),
            *_binds("--ro-bind", {_ENTRANCE: self.entrance, **shown}),
            *(_binds("--bind", {OUT: out}) if out is not None else ()),
            *_variables({**_ENV, **(env or {})}),
            *("--", "/bin/sh", "-c", furnish, "sh"),
            *command,
        ]

    def _inner(
        self, command: Sequence[str], shown: Sequence[str], env: Mapping[str, str] | None = None
    ) -> list[str]:
        """Return the command that, in an outer sandbox, runs ``command`` in an inner one."""
        return [
            "bwrap",
            *_ALONE,
            *("--disable-userns", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"),
            *_SYSTEM,
            *("--dev-bind", "/dev", "/dev", "--remount-ro", "/dev"),
            *_binds("--ro-bind", {path: path for path in (_ENTRANCE, *shown)}),
            *_binds("--bind", {WORK: WORK}),
            *("--remount-ro", "/", "--chdir", WORK),
            *_variables({**_ENV, **(env or {})}),
            "--",
            *command,
        ]


def _as_guest() -> list[str]:
    return ["setpriv", f"--reuid={_GUEST}", f"--regid={_GUEST}", "--clear-groups"]


def make_readable(folder: Path) -> None:
    """Let sandboxes read a folder and everything below it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def make_writable_folder(folder: Path) -> None:
    """Make a new folder that an outer sandbox can write to."""
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, _GUEST, _GUEST)


def require_sandbox(sandbox: Sandbox, shown: Path, variable: str) -> None:
    """Raise `SandboxError` unless this machine can make a sandbox that sees this folder. The
    environment variable ``variable`` names the folder that it lies in."""
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
    last_line = (tried.stderr.strip().splitlines() or [f"status {tried.returncode}"])[-1]
    if str(shown.parent) in last_line:
        raise SandboxError(
            f"{shown.parent}: expected a folder that every user can reach, because sandboxes run as"
            " another user",
            f"set {variable} to such a folder",
        )
    raise SandboxError(
        f"no sandbox can be made here: {last_line}",
        "bubblewrap needs user namespaces for ordinary users (see docs/sandbox.md)",
    )
