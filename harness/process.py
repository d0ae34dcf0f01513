"""Running programs nobody trusts: bounded in time, memory and output, and gone afterwards."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PROC = Path("/proc")
_GRACE_SECONDS = 1.0
"""How long a command may take to end once it was told to."""
_running: set[int] = set()
"""The leaders of the process groups that have not ended yet."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; None is no limit."""

    seconds: float | None
    """Of wall time."""
    memory_mib: int | None
    """Of address space, for each process."""
    file_mib: int | None
    """The size of a file it writes: output, traces, what a build makes."""


UNLIMITED = Limits(None, None, None)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    status: int
    """The exit status; -N where signal N ended it."""
    seconds: float
    timed_out: bool

    @property
    def too_much_output(self) -> bool:
        """Whether it was ended for writing a file larger than allowed."""
        return self.status == -signal.SIGXFSZ


def _under(limits: Limits) -> list[str]:
    def bytes_of(mib: int | None) -> str:
        return "unlimited" if mib is None else str(mib * 1024 * 1024)

    # Wall time is what counts, and is kept from outside; a processor's bounds those whose keeper was
    # killed.
    cpu = "unlimited" if limits.seconds is None else str(math.ceil(limits.seconds) + 1)
    return [
        "prlimit",
        f"--cpu={cpu}",
        f"--as={bytes_of(limits.memory_mib)}",
        f"--fsize={bytes_of(limits.file_mib)}",
        "--core=0",
        "--",
    ]


def _wait(pidfd: int, seconds: float | None) -> bool:
    """Waits for a process to end; False if it has not. It is not reaped yet."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def kill_children(pid: int) -> None:
    """Ends the direct children of a process, by SIGKILL."""
    for stat in _PROC.glob("[0-9]*/stat"):
        try:
            # The second field, a name in parentheses, may itself hold anything.
            parent = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
            if parent == pid:
                os.kill(int(stat.parent.name), signal.SIGKILL)
        except (OSError, IndexError, ValueError):
            continue  # it has ended by itself


def run(
    command: Sequence[str],
    limits: Limits,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    on_timeout: Callable[[int], None] | None = None,
) -> Finished:
    """Runs a command to its end, in a process group of its own of which nothing stays behind.

    When its time is up, ``on_timeout`` (if given) is called with its process id and may bring it to
    an end, before it is killed. Raises `OSError` if it can't be started.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        [*_under(limits), *command],
        env=env,
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
    _running.add(process.pid)
    pidfd = os.pidfd_open(process.pid)
    try:
        timed_out = not _wait(pidfd, limits.seconds)
        if timed_out and on_timeout is not None:
            on_timeout(process.pid)
            _wait(pidfd, _GRACE_SECONDS)
    finally:
        # The leader is not reaped yet, so the group's number is still its own.
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        _running.discard(process.pid)
        os.close(pidfd)
    return Finished(status, time.monotonic() - started, timed_out)


def stop_all() -> None:
    """Ends all that is running, in any thread."""
    for leader in list(_running):
        try:
            os.killpg(leader, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it has just ended
