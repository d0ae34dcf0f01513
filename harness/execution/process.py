"""Running untrusted programs: limited in time, memory and output, and gone afterwards."""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT

from harness.execution.budget import charge, require_rest
from harness.execution.control_group import control_group
from harness.execution.groups import noted
from harness.execution.limits import Excess, Finished, Limits
from harness.execution.meter import Meter
from harness.execution.output import Output, give, readers
from harness.execution.process_tree import Usage
from harness.execution.turns import shared

_KILLING_SECONDS = 0.1
"""Taken off the time of a command, so that killing it is within its time, too."""
_GRACE_SECONDS = 1.0
"""How long a command may take to end after ``on_excess``."""


def _prlimit(limits: Limits) -> list[str]:
    def bytes_of(mib: int | None) -> str:
        return "unlimited" if mib is None else str(mib * 1024 * 1024)

    return [
        "prlimit",
        f"--cpu={limits.process_seconds or 'unlimited'}",
        f"--as={bytes_of(limits.memory_mib)}",
        f"--fsize={bytes_of(limits.file_mib)}",
        "--core=0",
        "--",
    ]


def _wait(
    pidfd: int,
    seconds: float,
    outputs: Mapping[int, Output],
    meter: Meter | None = None,
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
    limits_itself: bool = False,
) -> Finished:
    """Run a command to its end, in a process group of its own, and kill the group afterwards.

    ``stdin`` may be the command's whole input. ``stdout`` and ``stderr`` may be the same `Output`.
    ``measure``, if given, returns what the command uses, by its process ID. When it meets a limit,
    call ``on_excess`` (if given) with that ID, to end the command before it is killed. Until then,
    call ``meanwhile`` at least every second. Set ``limits_itself`` if the command bounds each of
    its processes, as a `RunSandbox` does: that saves a program which bounds them before. Charge the
    budget, if there is one, with what can be measured, and with the output. Raises `OSError` if the
    command can't be started, and `BudgetUsedUp`.
    """
    require_rest()
    with (
        shared(),
        control_group(limits) as group,
        subprocess.Popen(
            [*group.entrance(), *([] if limits_itself else _prlimit(limits)), *command],
            env=env,
            cwd=cwd,
            stdin=PIPE if isinstance(stdin, bytes) else stdin,
            stdout=PIPE if isinstance(stdout, Output) else stdout,
            stderr=_stderr_for(stdout, stderr),
            start_new_session=True,
        ) as process,
        noted(process.pid),
        _pidfd(process.pid) as pidfd,
    ):
        outputs = readers(process, stdout, stderr)
        seconds = math.inf if limits.seconds is None else limits.seconds - _KILLING_SECONDS
        meter = Meter(limits, partial(measure, process.pid)) if measure is not None else None
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
        excess = group.excess() or excess
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
def _pidfd(pid: int) -> Iterator[int]:
    pidfd = os.pidfd_open(pid)
    try:
        yield pidfd
    finally:
        os.close(pidfd)


def is_plain_file(path: Path) -> bool:
    """Return whether a path is a file, rather than a link to one, or a pipe that would block."""
    return path.is_file() and not path.is_symlink()
