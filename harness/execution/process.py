"""Running programs nobody trusts: bounded in time, memory and output, and gone afterwards."""

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

_PROC = Path("/proc")
_ENDING_SECONDS = 0.1
"""What a command that does not end has less, so that ending it is within its time as well."""
_GRACE_SECONDS = 1.0
"""How long a command may take to end once it was told to."""


class Running:
    """The process groups of some work that have not ended yet, those of work within it included."""

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
        """Ends all of them, in any thread."""
        for leader in list(self._leaders):
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.killpg(leader, signal.SIGKILL)

    def count_here(self) -> None:
        """Takes up what the calling thread runs from now on."""
        _running.set(self)


_running: ContextVar[Running | None] = ContextVar("running", default=None)
"""Where this thread's programs are kept while they run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use; None is no limit."""

    seconds: float | None
    """Of wall time, all in all."""
    memory_mib: int | None
    """Of address space, for each process."""
    file_mib: int | None
    """The size of a file it writes: output, traces, what a build makes."""
    processes: int = 0
    """How many may run at a time. This and what follows is kept in a sandbox only."""
    scratch_mib: int = 0
    """The size of all the files it writes."""
    files: int = 0
    """How many files it writes."""

    @property
    def file_bytes(self) -> float:
        """`file_mib` in bytes."""
        return math.inf if self.file_mib is None else self.file_mib * 1024 * 1024


UNLIMITED = Limits(None, None, None)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    status: int
    """The exit status; -N where signal N ended it."""
    timed_out: bool

    @property
    def too_much_output(self) -> bool:
        """Whether it was ended for writing a file larger than allowed."""
        return self.status == -signal.SIGXFSZ


def _under(limits: Limits) -> list[str]:
    def bytes_of(mib: int | None) -> str:
        return "unlimited" if mib is None else str(mib * 1024 * 1024)

    # Wall time is what counts, and is kept from outside; the processor's bounds those whose keeper
    # was killed.
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
    """Waits for a process to end; False if it has not. It is not reaped yet. Every second
    ``meanwhile`` is called, if given."""
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


def _processes() -> dict[int, tuple[int, str]]:
    """The parent and the name of each process."""
    found = {}
    for process in filter(str.isdigit, os.listdir(_PROC)):
        try:
            stat = (_PROC / process / "stat").read_text(errors="replace")
            # The second field, a name in parentheses, may itself hold anything.
            head, _, tail = stat.rpartition(")")
            found[int(process)] = int(tail.split()[1]), head.partition("(")[2]
        except (OSError, IndexError, ValueError):
            continue  # it has ended by itself
    return found


def kill_below(pid: int, name: str, spared: str = "") -> None:
    """Ends, by SIGKILL, all that the process called ``name`` has started: that process is ``pid``
    or the first of this name below it. What is called ``spared`` goes on, with all below it."""
    processes = _processes()
    children: dict[int, list[int]] = {}
    for child, (parent, _) in processes.items():
        children.setdefault(parent, []).append(child)

    def below(start: int, spared: str = "") -> list[int]:
        found = [start]
        for process in found:  # grows as it goes
            found += (c for c in children.get(process, []) if processes[c][1] != spared)
        return found

    top = next(
        (process for process in below(pid) if processes.get(process, (0, ""))[1] == name), None
    )
    for process in below(top, spared)[1:] if top is not None else ():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


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
    """Runs a command to its end, in a process group of its own of which nothing stays behind.

    When its time is up, ``on_timeout`` (if given) is called with its process id and may bring it to
    an end, before it is killed. Every second until then ``meanwhile`` is called. Raises `OSError`
    if it can't be started.
    """
    process = subprocess.Popen(
        [*_under(limits), *command],
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
        seconds = None if limits.seconds is None else limits.seconds - _ENDING_SECONDS
        timed_out = not _wait(pidfd, seconds, meanwhile)
        if timed_out and on_timeout is not None:
            on_timeout(process.pid)
            _wait(pidfd, _GRACE_SECONDS)
    finally:
        # The leader is not reaped yet, so the group's number is still its own.
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        if running is not None:
            running.discard(process.pid)
        os.close(pidfd)
    return Finished(status, timed_out)


def is_plain_file(path: Path) -> bool:
    """Whether there is a file, and not a link to one, nor anything that reading would wait for."""
    return path.is_file() and not path.is_symlink()


_OUTPUT_BYTES = 4 << 20


def output_of(command: Sequence[str], limits: Limits, env: Mapping[str, str]) -> str:
    """What a command writes on its standard output, in so far as it is of any use: the first 4 MiB,
    whatever its end. Raises `OSError` if it can't be started."""
    with tempfile.TemporaryFile() as output:
        run(command, limits, env=env, stdout=output)
        output.seek(0)
        return output.read(_OUTPUT_BYTES).decode("utf-8", errors="replace")


@contextlib.contextmanager
def lines_of(command: Sequence[str]) -> Iterator[Iterator[str]]:
    """What a command of ours writes on its standard output, line by line as it writes it. Raises
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
