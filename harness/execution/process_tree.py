"""The processes below another one: what they use, and how to end them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGES_PER_MIB = (1 << 20) // os.sysconf("SC_PAGE_SIZE")
_ASLEEP = "STZX"
"""The states of processes that wait for something else than a processor, a disk or a tracer."""
_STOPPED = "t"
"""The state of processes that wait for their tracer. If that sleeps, too, nothing moves."""
_RUNS = "R"

_Key = tuple[int, int]
"""A process's ID, and the tick in which it started: IDs are used again."""


@dataclass(frozen=True, slots=True)
class _Process:
    """A process as the kernel tells of it, in proc(5). There may be hundreds of them beside those
    of interest: a value is read when it is asked for."""

    number: int
    parent: int
    name: str
    _fields: Sequence[bytes]
    """Those after the name; the first is number 3 of the manual page."""

    @property
    def key(self) -> _Key:
        return self.number, int(self._fields[19])

    @property
    def state(self) -> str:
        return self._fields[0].decode()

    @property
    def own(self) -> float:
        """The processor time that it has used, in seconds."""
        return self._seconds(11)

    @property
    def waited(self) -> float:
        """The processor time of the children that it waited for."""
        return self._seconds(13)

    @property
    def pages(self) -> int:
        """The memory that it has in use."""
        return int(self._fields[21])

    def _seconds(self, at: int) -> float:
        return sum(map(int, self._fields[at : at + 2])) / _TICKS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Usage:
    """What a program and all that it started use at a moment."""

    own: Mapping[_Key, float] = field(default_factory=dict)
    """The processor time that each running process has used, in seconds."""
    waited: float = 0
    """The processor time of those that have ended, and that others waited for."""
    asleep: bool = False
    """Whether they all wait for something that does not depend on the load of the machine, and
    the tracer, if there is one, waits for them."""
    idle: bool = False
    """Whether none of them, nor the tracer, uses a processor or waits for one."""
    memory_mib: float = 0
    """The resident memory of all together."""
    tracer: float = 0
    """The processor time of the tracer that watches them, in seconds."""
    rates: Mapping[_Key, float] = field(default_factory=dict)
    """The processors that each has kept busy, from its start on; empty if nobody asked."""
    ready: Mapping[_Key, float] = field(default_factory=dict)
    """For how long each has run or waited for a processor, in seconds."""

    def slept_since(self, before: Usage, passed: float) -> float:
        """Return for how many of the ``passed`` seconds since another look they all slept. None, if
        they are no longer the same: on a busy machine, it takes long to start and end processes."""
        if not (before.asleep and self.asleep and before.ready.keys() == self.ready.keys()):
            return 0
        ready = sum(self.ready[key] - before.ready[key] for key in self.ready)
        return max(0, passed - ready)


class ProcessorTime:
    """Adds up the processor time of a program and all that it started, from one look to the next.

    If a process waits for its children, the kernel adds their time to its own. A process may also
    let its children vanish, and then a look finds only those that have not ended yet. For them
    stands what is found: a process that is new uses, on average, what all processes used that have
    come and gone since the last look.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._seen = 0.0
        self._known: Mapping[_Key, float] = {}
        self._looked = time.monotonic()

    def add(self, usage: Usage) -> None:
        now = time.monotonic()
        for key, own in usage.own.items():
            if key in self._known:
                self._seen += own - self._known[key]
            else:
                self._seen += max(own, usage.rates.get(key, 0) * (now - self._looked))
        self._known, self._looked = usage.own, now
        self.seconds = max(self.seconds, self._seen, sum(usage.own.values()) + usage.waited)


def _processes() -> dict[int, _Process]:
    found = {}
    for number in map(int, filter(str.isdigit, os.listdir(_PROC))):
        try:
            with open(f"{_PROC}/{number}/stat", "rb", buffering=0) as stat:
                found[number] = _read_process(number, stat.read())
        except (OSError, ValueError):
            continue  # it has ended
    return found


def _read_process(number: int, stat: bytes) -> _Process:
    # The second field, a name in parentheses, may itself hold anything.
    head, _, tail = stat.rpartition(b")")
    fields = tail.split()
    if not fields:
        raise ValueError("expected the fields of a process, found none")
    name = head.partition(b"(")[2].decode(errors="replace")
    return _Process(number, int(fields[1]), name, fields)


def _below(processes: Mapping[int, _Process], top: int) -> list[int]:
    """Return a process and all below it, the nearest first."""
    children: dict[int, list[int]] = {}
    for number, process in processes.items():
        children.setdefault(process.parent, []).append(number)
    found = [top]
    for number in found:  # grows during the loop
        found += children.get(number, [])
    return found


def _first_called(name: str, processes: Mapping[int, _Process], pid: int) -> int | None:
    below = _below(processes, pid)
    return next((at for at in below if at in processes and processes[at].name == name), None)


def _usage(
    watched: Sequence[_Process],
    tracer: _Process | None = None,
    rates: Mapping[_Key, float] | None = None,
) -> Usage:
    states = {process.state for process in watched}
    asleep = states.issubset(_ASLEEP)
    if tracer is not None:
        asleep = states.issubset(_ASLEEP + _STOPPED) and tracer.state in _ASLEEP
        states.add(tracer.state)
    return Usage(
        {process.key: process.own for process in watched},
        sum(process.waited for process in watched),
        bool(watched) and asleep,
        bool(watched) and _RUNS not in states,
        sum(process.pages for process in watched) / _PAGES_PER_MIB,
        tracer.own if tracer else 0,
        rates or {},
        {process.key: sum(_scheduled(process.key)) for process in watched},
    )


def usage_below(pid: int, name: str) -> Usage:
    """Return what is used below the process called ``name``, a tracer, which is ``pid`` or the
    first of this name below it."""
    processes = _processes()
    top = _first_called(name, processes, pid)
    if top is None:
        return Usage()
    tracer, *watched = (processes[at] for at in _below(processes, top))
    return _usage(watched, tracer)


def usage_of_all(pid: int) -> Usage:
    """Return what is used by a process and everything below it. In a sandbox, that is all: a
    process that loses its parent there gets another one, the first of the sandbox."""
    processes = _processes()
    watched = [processes[at] for at in _below(processes, pid) if at in processes]
    return _usage(watched, rates={each.key: _rate(each.key) for each in watched})


def _rate(key: _Key) -> float:
    """Return how many processors a process has kept busy since it started."""
    ran, _ = _scheduled(key)
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - key[1] / _TICKS_PER_SECOND
    return ran / max(age, 1 / _TICKS_PER_SECOND)


def _scheduled(key: _Key) -> tuple[float, float]:
    """Return for how many seconds a process's threads have run, and waited for a processor."""
    ran, waited = 0, 0
    with contextlib.suppress(OSError, ValueError):  # it has ended, or the kernel does not count
        for thread in (_PROC / str(key[0]) / "task").iterdir():
            numbers = (thread / "schedstat").read_text().split()
            ran, waited = ran + int(numbers[0]), waited + int(numbers[1])
    return ran / 1e9, waited / 1e9


def kill_below(pid: int, name: str) -> None:
    """Kill everything below the process called ``name``, which is ``pid`` or the first of this name
    below it."""
    processes = _processes()
    top = _first_called(name, processes, pid)
    for process in _below(processes, top)[1:] if top is not None else ():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
