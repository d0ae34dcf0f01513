"""Running untrusted programs: limited in time, memory and output, and gone afterwards."""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_KILLING_SECONDS = 0.1
"""Taken off the time of a command, so that killing it is within its time, too."""
_GRACE_SECONDS = 1.0
"""How long a command may take to end after ``on_timeout``."""
_OUTPUT_BYTES = 4 << 20


class Running:
    """The process groups that some work has started and that still run. Work within this work
    counts, too."""

    def __init__(self) -> None:
        self._leaders: set[int] = set()
        self._outer = _running.get()

    def add(self, leader: int) -> None:
        self._leaders.add(leader)
        if self._outer is not None:
            self._outer.add(leader)

    def discard(self, leader: int) -> None:
        self._leaders.discard(leader)
        if self._outer is not None:
            self._outer.discard(leader)

    def kill(self) -> None:
        """Kill all of them, in any thread."""
        for leader in list(self._leaders):
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.killpg(leader, signal.SIGKILL)

    def track_this_thread(self) -> None:
        """Include what the calling thread runs from now on."""
        _running.set(self)


_running: ContextVar[Running | None] = ContextVar("running", default=None)
"""Where this thread's programs are noted while they run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The resources that a program may use; None is no limit."""

    seconds: float | None
    """Wall time in all."""
    memory_mib: int | None
    """The address space of each process."""
    file_mib: int | None
    """The size of each file that it writes: output, traces, products of make."""
    processes: int = 0
    """The number of processes at a time. Only sandboxes keep this limit and the following ones."""
    scratch_mib: int = 0
    """The size of all files that it writes."""
    files: int = 0
    """The number of files that it writes."""

    @property
    def file_bytes(self) -> float:
        return math.inf if self.file_mib is None else self.file_mib * 1024 * 1024


UNLIMITED = Limits(None, None, None)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    status: int
    """The exit status; -N if signal N killed it."""
    timed_out: bool

    @property
    def too_much_output(self) -> bool:
        """Whether it was killed for writing too large a file."""
        return self.status == -signal.SIGXFSZ


def _prlimit(limits: Limits) -> list[str]:
    def bytes_of(mib: int | None) -> str:
        return "unlimited" if mib is None else str(mib * 1024 * 1024)

    # `run` keeps the limit of wall time; that of processor time is for the case that it was killed.
    cpu = "unlimited" if limits.seconds is None else str(math.ceil(limits.seconds) + 1)
    return [
        "prlimit",
        f"--cpu={cpu}",
        f"--as={bytes_of(limits.memory_mib)}",
        f"--fsize={bytes_of(limits.file_mib)}",
        "--core=0",
        "--",
    ]


def _wait(pidfd: int, seconds: float | None, meanwhile: Callable[[], None] | None = None) -> bool:
    """Wait for a process to end, without reaping it. Call ``meanwhile``, if given, every second.
    Return whether the process ended in time."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    if meanwhile is None:
        return bool(poll.poll(None if seconds is None else seconds * 1000))
    left = math.inf if seconds is None else seconds
    while left > 0:
        if poll.poll(min(left, 1) * 1000):
            return True
        left -= 1
        meanwhile()
    return False


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
    meanwhile: Callable[[], None] | None = None,
) -> Finished:
    """Run a command to its end, in a process group of its own, and kill the group afterwards.

    When its time is up, call ``on_timeout`` (if given) with its process ID, to end the command
    before it is killed. Until then, call ``meanwhile`` every second. Raises `OSError` if the
    command can't be started.
    """
    process = subprocess.Popen(
        [*_prlimit(limits), *command],
        env=env,
        cwd=cwd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
    running = _running.get()
    if running is not None:
        running.add(process.pid)
    pidfd = os.pidfd_open(process.pid)
    try:
        seconds = None if limits.seconds is None else limits.seconds - _KILLING_SECONDS
        timed_out = not _wait(pidfd, seconds, meanwhile)
        if timed_out and on_timeout is not None:
            on_timeout(process.pid)
            _wait(pidfd, _GRACE_SECONDS)
    finally:
        # The leader is not reaped yet, so no other process group can have its number.
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        if running is not None:
            running.discard(process.pid)
        os.close(pidfd)
    return Finished(status, timed_out)


def is_plain_file(path: Path) -> bool:
    """Return whether a path is a file, rather than a link to one, or a pipe that would block."""
    return path.is_file() and not path.is_symlink()


def output_of(command: Sequence[str], limits: Limits, env: Mapping[str, str]) -> str:
    """Return the first 4 MiB that a command writes to standard output, however it ends. Raises
    `OSError` if it can't be started."""
    with tempfile.TemporaryFile() as output:
        run(command, limits, env=env, stdout=output)
        output.seek(0)
        return output.read(_OUTPUT_BYTES).decode("utf-8", errors="replace")


@contextlib.contextmanager
def lines_of(command: Sequence[str]) -> Iterator[Iterator[str]]:
    """Run a trusted command, and give the lines of its standard output as it writes them. Raises
    `OSError` if it can't be started."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.kill()
