"""The processes below another one, found by the names of programs: measuring and ending them."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_ASLEEP = "STZX"
"""The states of processes that wait for something else than a processor, a disk or a tracer."""


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    name: str
    state: str
    ticks: int
    """The processor time that it and the children that it waited for have used."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a traced program and all that it started have used."""

    processor_seconds: float
    asleep: bool
    """Whether they all wait for something that does not depend on the load of the machine, and
    the tracer waits for them."""


def _processes() -> dict[int, _Process]:
    found = {}
    for number in filter(str.isdigit, os.listdir(_PROC)):
        try:
            stat = (_PROC / number / "stat").read_text(errors="replace")
            # The second field, a name in parentheses, may itself hold anything.
            head, _, tail = stat.rpartition(")")
            state, parent, *numbers = tail.split()
            ticks = sum(map(int, numbers[9:13]))
            found[int(number)] = _Process(int(parent), head.partition("(")[2], state, ticks)
        except (OSError, ValueError):
            continue  # it has ended
    return found


def _below(processes: Mapping[int, _Process], top: int, spared: str = "") -> list[int]:
    """Return a process and all below it, the nearest first. Leave out the processes called
    ``spared``, and what is below them."""
    children: dict[int, list[int]] = {}
    for number, process in processes.items():
        children.setdefault(process.parent, []).append(number)
    found = [top]
    for number in found:  # grows during the loop
        found += (child for child in children.get(number, []) if processes[child].name != spared)
    return found


def _first_called(name: str, processes: Mapping[int, _Process], pid: int) -> int | None:
    below = _below(processes, pid)
    return next((at for at in below if at in processes and processes[at].name == name), None)


def usage_below(pid: int, name: str) -> Usage:
    """Return what is used below the process called ``name``, which is ``pid`` or the first of this
    name below it."""
    processes = _processes()
    top = _first_called(name, processes, pid)
    if top is None:
        return Usage(0, False)
    watcher, *watched = (processes[at] for at in _below(processes, top))
    return Usage(
        sum(process.ticks for process in watched) / _TICKS_PER_SECOND,
        bool(watched) and all(process.state in _ASLEEP for process in (watcher, *watched)),
    )


def kill_below(pid: int, name: str, spared: str = "") -> None:
    """Kill everything below the process called ``name``, which is ``pid`` or the first of this name
    below it. Spare the processes called ``spared``, and what is below them."""
    processes = _processes()
    top = _first_called(name, processes, pid)
    for process in _below(processes, top, spared)[1:] if top is not None else ():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
