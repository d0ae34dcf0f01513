"""Running untrusted programs: limited in time, memory and output, and gone afterwards."""

from __future__ import annotations

import contextlib
import math
import os
import random
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT

from harness.execution.budget import charge, require_rest
from harness.execution.output import Output, give, readers
from harness.execution.process_tree import ProcessorTime, Usage, usage_of_all
from harness.execution.turns import shared

_KILLING_SECONDS = 0.1
"""Taken off the time of a command, so that killing it is within its time, too."""
_GRACE_SECONDS = 1.0
"""How long a command may take to end after ``on_excess``."""
_OUTPUT_BYTES = 4 << 20
_SANDBOX_PROCESSES = 8
"""More than any sandbox takes for itself; they are measured with what runs in it."""
_SHORTEST_PAUSE = 0.02
_LONGEST_PAUSE = 0.3
"""The time between two measurements of what a command uses."""


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
    """The address space of each process; and the resident memory of all together, if `run` can
    measure it."""
    file_mib: int | None
    """The size of each file that it writes: output, traces, products of make."""
    processes: int = 0
    """The number of processes at a time; 0 is no limit. `run` ends what exceeds it, if it can
    measure that; most sandboxes let nothing exceed it."""
    scratch_mib: int = 0
    """The size of all files that it writes. Only sandboxes keep this limit and the next."""
    files: int = 0
    """The number of files that it writes."""
    processor_seconds: float = math.inf
    """Processor time of a program and all that it starts. `run` keeps this limit and the following
    one, too, if it can measure them."""
    sleep_seconds: float = math.inf
    """Time in which all of them wait for something else than a processor."""

    @property
    def file_bytes(self) -> float:
        return math.inf if self.file_mib is None else self.file_mib * 1024 * 1024


UNLIMITED = Limits(None, None, None)


class Excess(Enum):
    """The limit that a command met, and was ended for."""

    WALL = "seconds"
    PROCESSOR = "processor_seconds"
    SLEEP = "sleep_seconds"
    MEMORY = "memory_mib"
    PROCESSES = "processes"
    OUTPUT = "file_mib"


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    status: int
    """The exit status; -N if signal N killed it."""
    excess: Excess | None
    """The limit for which it was killed; None if it ended by itself, or for another reason."""

    @property
    def timed_out(self) -> bool:
        return self.excess in (Excess.WALL, Excess.PROCESSOR, Excess.SLEEP)

    @property
    def too_much_output(self) -> bool:
        """Whether it was killed for writing too much, to a file or to an `Output`."""
        return self.excess is Excess.OUTPUT or self.status == -signal.SIGXFSZ


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


class _Meter:
    """Measures what a running command uses, and compares it with its limits."""

    def __init__(self, limits: Limits, measure: Callable[[], Usage]) -> None:
        self._limits = limits
        self._measure = measure
        self._usage = Usage()
        self._processor_time = ProcessorTime()
        self._tracer_seconds = 0.0
        self._slept = 0.0
        self._idle = 0.0
        self._looked = time.monotonic()

    @property
    def seconds(self) -> float:
        """The time that the command has used up to the last measurement, however busy the machine
        was: processor time, with the tracer's, and time in which nothing of it was ready to run."""
        return self._processor_time.seconds + self._tracer_seconds + self._idle

    def pause(self) -> float:
        """Return the time until the next measurement. It varies, so that no program can hide what
        it does from all of them."""
        left = min(
            self._limits.processor_seconds - self._processor_time.seconds,
            self._limits.sleep_seconds - self._slept,
            _LONGEST_PAUSE * random.uniform(0.2, 1),
        )
        return max(left, _SHORTEST_PAUSE)

    def look(self) -> Excess | None:
        """Measure once more, and return the limit that is met."""
        before, looked = self._usage, self._looked
        usage = self._usage = self._measure()
        self._looked = time.monotonic()
        passed = self._looked - looked
        # A look that comes late shows how busy the machine is, and not what was between.
        self._slept += usage.slept_since(before, min(passed, _LONGEST_PAUSE))
        self._idle += passed if before.idle and usage.idle else 0
        self._tracer_seconds = max(self._tracer_seconds, usage.tracer)
        self._processor_time.add(usage)
        if self._limits.memory_mib is not None and usage.memory_mib > self._limits.memory_mib:
            return Excess.MEMORY
        if 0 < self._limits.processes < len(usage.own) - _SANDBOX_PROCESSES:
            return Excess.PROCESSES
        if self._processor_time.seconds >= self._limits.processor_seconds:
            return Excess.PROCESSOR
        return Excess.SLEEP if self._slept >= self._limits.sleep_seconds else None


def _wait(
    pidfd: int,
    seconds: float,
    outputs: Mapping[int, Output],
    meter: _Meter | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Excess | None:
    """Wait for a process to end, without reaping it, and take its output from the pipes that
    ``outputs`` names by their readers. Call ``meanwhile``, if given, at least every second. Return
    the limit that the process met before it ended."""
    poll = select.poll()
    for descriptor in (pidfd, *outputs):
        poll.register(descriptor, select.POLLIN)
    now = time.monotonic()
    end = now + seconds

    def next_look() -> float:
        return now + min(meter.pause() if meter else math.inf, 1 if meanwhile else math.inf)

    look = next_look()
    while now < end:
        pause = min(end, look) - now
        for descriptor, _ in poll.poll(None if pause == math.inf else max(pause, 0) * 1000):
            if descriptor == pidfd:
                return None
            if not outputs[descriptor].take(descriptor):
                poll.unregister(descriptor)
            if outputs[descriptor].excessive:
                return Excess.OUTPUT
        now = time.monotonic()
        if now >= look:
            if meanwhile is not None:
                meanwhile()
            if meter is not None and (excess := meter.look()) is not None:
                return excess
            look = next_look()
    return Excess.WALL


def run(
    command: Sequence[str],
    limits: Limits,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: int | bytes = DEVNULL,
    stdout: int | Output = DEVNULL,
    stderr: int | Output = DEVNULL,
    measure: Callable[[int], Usage] | None = None,
    on_excess: Callable[[int], None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Finished:
    """Run a command to its end, in a process group of its own, and kill the group afterwards.

    ``stdin`` may be the command's whole input. ``stdout`` and ``stderr`` may be the same `Output`.
    ``measure``, if given, returns what the command uses, by its process ID. When it meets a limit,
    call ``on_excess`` (if given) with that ID, to end the command before it is killed. Until then,
    call ``meanwhile`` at least every second. Charge the budget, if there is one, with what can be
    measured, and with the output. Raises `OSError` if the command can't be started, and
    `BudgetUsedUp`.
    """
    require_rest()
    with (
        shared(),
        subprocess.Popen(
            [*_prlimit(limits), *command],
            env=env,
            cwd=cwd,
            stdin=PIPE if isinstance(stdin, bytes) else stdin,
            stdout=PIPE if isinstance(stdout, Output) else stdout,
            stderr=_stderr_for(stdout, stderr),
            start_new_session=True,
        ) as process,
        _noted(process.pid),
        _pidfd(process.pid) as pidfd,
    ):
        outputs = readers(process, stdout, stderr)
        seconds = math.inf if limits.seconds is None else limits.seconds - _KILLING_SECONDS
        meter = _Meter(limits, partial(measure, process.pid)) if measure is not None else None
        try:
            if isinstance(stdin, bytes):
                give(process, stdin)
            excess = _wait(pidfd, seconds, outputs, meter, meanwhile)
            if excess is not None and on_excess is not None:
                on_excess(process.pid)
                _wait(pidfd, _GRACE_SECONDS, {})
        finally:
            # The leader is not reaped yet, so no other process group can have its number.
            os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
        for reader, output in outputs.items():
            output.take(reader)
            if output.excessive:
                excess = excess or Excess.OUTPUT
            charge(output_bytes=output.size)
        charge(meter.seconds if meter is not None else 0)
        return Finished(status, excess)


def _stderr_for(stdout: int | Output, stderr: int | Output) -> int:
    if isinstance(stderr, int):
        return stderr
    return STDOUT if stderr is stdout else PIPE


@contextlib.contextmanager
def _noted(leader: int) -> Iterator[None]:
    """Note a process group as one that runs."""
    running = _running.get()
    if running is None:
        yield
        return
    running.add(leader)
    try:
        yield
    finally:
        running.discard(leader)


@contextlib.contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    pidfd = os.pidfd_open(pid)
    try:
        yield pidfd
    finally:
        os.close(pidfd)


def is_plain_file(path: Path) -> bool:
    """Return whether a path is a file, rather than a link to one, or a pipe that would block."""
    return path.is_file() and not path.is_symlink()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command wrote to standard output, and how it ended."""

    text: str
    """The first 4 MiB."""
    finished: Finished

    @property
    def failure(self) -> str:
        """Why the text can't be relied on; empty if the command ended with status 0."""
        if self.finished.timed_out:
            return "it did not end in time"
        if self.finished.too_much_output:
            return "it wrote too much"
        status = self.finished.status
        if status < 0:
            return f"{signal.Signals(-status).name} killed it"
        return f"it ended with status {status}" if status else ""


def output_of(command: Sequence[str], limits: Limits, env: Mapping[str, str]) -> Answer:
    """Return what a command writes to standard output. Raises `OSError` if it can't be started."""
    output = Output(limits.file_bytes, _OUTPUT_BYTES)
    finished = run(command, limits, env=env, stdout=output, measure=usage_of_all)
    return Answer(output.text, finished)


@contextlib.contextmanager
def lines_of(command: Sequence[str]) -> Iterator[Iterator[str]]:
    """Run a trusted command, and give the lines of its standard output as it writes them. Raises
    `OSError` if it can't be started."""
    with subprocess.Popen(
        command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.kill()
