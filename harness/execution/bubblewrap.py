"""Sandboxes made with bubblewrap, where namespaces can be made.

The outer and the inner sandbox both have no network, their own process IDs, a read-only system, and
no file of the host except those that are shown to them. The inner one sees neither the files nor
the processes of the outer one. The work folder is a file system of its own, of a limited size.

Root becomes an ordinary user first, because the kernel does not limit the number of root's
processes.
"""

from __future__ import annotations

import os
import posixpath
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import AF_UNIX, SOCK_SEQPACKET, recv_fds, socket, socketpair

from harness.execution.limits import Limits
from harness.execution.sandbox import (
    AS_USER,
    ENV,
    OUT,
    SHOWN,
    SYSTEM,
    USER,
    RunSandbox,
    SandboxError,
    limiting,
)

_WORK = "/work"
_ENTRANCE = "/entrance"
_SYSTEM = (
    *(word for path in SYSTEM for word in ("--ro-bind-try", str(path), str(path))),
    *("--symlink", "usr/bin", "/bin"),
    *("--symlink", "usr/lib", "/lib"),
    *("--symlink", "usr/lib64", "/lib64"),
    *("--symlink", "usr/lib32", "/lib32"),
    *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
    # The tracer stops a program at every system call. Without the cache, the loader makes some 20
    # more to find libc.
    *("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"),
)
_ALONE = ("--unshare-user", "--unshare-pid", "--die-with-parent", "--new-session", "--clearenv")
_DEVICES = tuple(
    word
    for name in ("null", "zero", "full", "random", "urandom")
    for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
)
_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETFCAP")
"""What it takes to make the inner sandbox."""
_RUNS = "/tmp"
"""The folder of runs in an outer sandbox; a run has a folder of its own in its place."""
_ENDING_SECONDS = 10
"""How long it may take to end what was killed."""
_KEEPER, _REPORT = "3", "4"
"""The descriptors by which `join` lets a program enter the inner sandbox, and by which that is
handed to it."""


def _binds(option: str, paths: Mapping[str, Path | str]) -> list[str]:
    return [word for inside, path in paths.items() for word in (option, str(path), inside)]


def _absolute_names(*names: str) -> list[str]:
    return [posixpath.normpath(f"{_WORK}/{name}") for name in names]


def _absolute(shown: Mapping[str, Path]) -> dict[str, Path]:
    return dict(zip(_absolute_names(*shown), shown.values(), strict=True))


def _variables(env: Mapping[str, str]) -> dict[str, str]:
    return {**ENV, "HOME": _WORK, "TMPDIR": _WORK, **env}


def _setenv(env: Mapping[str, str]) -> list[str]:
    return [word for each in _variables(env).items() for word in ("--setenv", *each)]


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """A `Sandbox` of namespaces."""

    limits: Limits
    entrance: Path
    """The folder with what enters a sandbox; see `harness.execution.entrance`."""

    def confine(
        self,
        command: Sequence[str],
        shown: Mapping[str, Path],
        env: Mapping[str, str] | None = None,
    ) -> list[str]:
        enter = (f"{_ENTRANCE}/confine", f"{_ENTRANCE}/filter")
        return self._outer(self.inner([*enter, *command], _absolute_names(*shown), env), shown)

    @contextmanager
    def for_runs(self, folder: Path) -> Iterator[RunSandbox]:
        ours, theirs = socketpair(AF_UNIX, SOCK_SEQPACKET)
        with ours, theirs:
            keep = [f"{_ENTRANCE}/keep", str(theirs.fileno())]
            with subprocess.Popen(
                [*_as_guest(), *self._for_all_runs(folder), *keep],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            ) as process:
                theirs.close()
                with _kept(ours, process) as keeper:
                    yield BubblewrapForRuns(self, folder, keeper)

    def _for_all_runs(self, folder: Path) -> list[str]:
        return [
            *("bwrap", "--unshare-all", *_ALONE, "--as-pid-1", "--uid", "0", "--gid", "0"),
            *(*_SYSTEM, "--proc", "/proc", *_DEVICES),
            *_binds("--ro-bind", {_ENTRANCE: self.entrance}),
            *_binds("--bind", {_RUNS: folder}),
            *(word for path in (_WORK, *_absolute_names(SHOWN, OUT)) for word in ("--dir", path)),
            *("--remount-ro", "/"),
        ]

    def _outer(
        self,
        command: Sequence[str],
        shown: Mapping[str, Path],
        env: Mapping[str, str] | None = None,
    ) -> list[str]:
        limits = self.limits
        furnish = (
            # Out of memory, the kernel kills the processes of a sandbox first.
            "echo 1000 >/proc/self/oom_score_adj;"
            f" mount -t tmpfs -o size={limits.scratch_mib}m,nr_inodes={limits.files},nosuid,nodev"
            f" osmem {_WORK} && ulimit -p {limits.processes}"
            f' && cd {_WORK} && exec "$@"'
        )
        return [
            *_as_guest(),
            "bwrap",
            "--unshare-all",  # the inner sandbox shares the namespaces that it does not unshare
            *_ALONE,
            # Rights to mount, and to map users for the inner sandbox; they do not reach the host.
            *("--uid", "0", "--gid", "0"),
            *(word for name in _CAPABILITIES for word in ("--cap-add", name)),
            *_SYSTEM,
            *("--proc", "/proc", *_DEVICES, "--tmpfs", "/tmp", "--dir", _WORK),
            *_binds("--ro-bind", {_ENTRANCE: self.entrance, **_absolute(shown)}),
            *_setenv(env or {}),
            *("--", "/bin/sh", "-c", furnish, "sh"),
            *command,
        ]

    def inner(
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
            *_binds("--bind", {_WORK: _WORK}),
            *("--remount-ro", "/", "--chdir", _WORK),
            *_setenv(env or {}),
            *command,
        ]


@dataclass(frozen=True, slots=True)
class BubblewrapForRuns:
    """A `RunSandbox` of namespaces. Each run joins those of the outer sandbox, and parts from the
    others with users, processes and mounts of its own; see `join.c`."""

    sandbox: Bubblewrap
    folder: Path
    keeper: str
    """The process that keeps the outer sandbox; see `_identity`."""

    @property
    def execs_to_enter(self) -> int:
        return 1

    def confine_watched(
        self,
        watcher: Sequence[str],
        command: Sequence[str],
        shown: Path,
        out: Path,
        env: Mapping[str, str],
    ) -> list[str]:
        # Making the inner sandbox takes several processes, which would all be watched. So it is
        # made first, around a process that keeps it, and the child then enters it.
        keep = ["--as-pid-1", f"{_ENTRANCE}/keep", _REPORT]
        entrance = self.sandbox.entrance
        return [
            *(str(entrance / "join"), "-k", self.keeper),
            *(("-u", str(USER)) if os.geteuid() == 0 else ()),
            *("-s", str(shown.relative_to(self.folder)), "-o", str(out.relative_to(self.folder))),
            *limiting(self.sandbox.limits),
            *(word for each in _variables(env).items() for word in ("-e", "=".join(each))),
            *("--", *self.sandbox.inner(keep, _absolute_names(SHOWN))),
            *("--", *watcher, f"{_ENTRANCE}/enter", _KEEPER, f"{_ENTRANCE}/filter", *command),
        ]


@contextmanager
def _kept(ours: socket, process: subprocess.Popen[str]) -> Iterator[str]:
    """Wait until an outer sandbox is made, and give the identity of the process that keeps it. End
    everything in it with the ``with`` block."""
    keepers: list[int] = []
    try:
        _, keepers, *_ = recv_fds(ours, 1, 1)
        if not keepers:
            messages = process.communicate()[1].strip().splitlines()
            raise SandboxError((messages or ["a sandbox ended before it was made"])[-1])
        yield _identity(keepers[0])
    finally:
        process.kill()
        for keeper in keepers:
            ended = select.poll()
            ended.register(keeper, select.POLLIN)
            ended.poll(_ENDING_SECONDS * 1000)
            os.close(keeper)


def _identity(keeper: int) -> str:
    """Return a process's ID, and the number of its mount namespace: IDs are used again. Raises
    `SandboxError`."""
    about = Path(f"/proc/self/fdinfo/{keeper}").read_text(encoding="ascii")
    pid = next(line.split()[1] for line in about.splitlines() if line.startswith("Pid:"))
    try:
        return f"{pid}:{os.stat(f'/proc/{pid}/ns/mnt').st_ino}"
    except PermissionError as error:
        raise SandboxError(
            "expected the right to look at processes in a sandbox, CAP_SYS_PTRACE, found none"
        ) from error


def _as_guest() -> list[str]:
    return list(AS_USER) if os.geteuid() == 0 else []
