"""Control groups: what the kernel adds up and bounds for all processes of a command together.

Where a control group is delegated to the checker, as by ``systemd-run --scope -p Delegate=yes``,
each untrusted command runs in a group of its own below it. The kernel then bounds the memory and
the number of its processes together, and gives all groups an equal share of the processors, however
many processes each has. Elsewhere, what a command's processes use is only added up from outside;
see `harness.execution.meter`.

See https://docs.kernel.org/admin-guide/cgroup-v2.html and https://systemd.io/CGROUP_DELEGATION.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.execution.limits import Excess, Limits

_CHECKER = "checker"
"""The group for the checker itself: the kernel allows no processes beside groups."""
_DELEGATED = "user.delegate"
"""The attribute by which systemd marks a group as delegated, from version 251 on."""
_NEEDED = ("memory", "pids")
_WANTED = (*_NEEDED, "cpu")
_ENTER = 'echo 0 >"$0/cgroup.procs" && exec "$@"'
_SANDBOX_MIB = 64
"""More than a sandbox and a tracer take for themselves."""
_SANDBOX_PROCESSES = 8
_MOVES = 10
"""So often it is tried to move all processes, while they may start others."""
_ENDING_SECONDS = 1.0
"""How long killed processes may take to be gone."""


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """The control group of a command, if there is one."""

    folder: Path | None = None

    def entrance(self) -> list[str]:
        """Return what stands in front of a command that is to run in the group."""
        return [] if self.folder is None else ["sh", "-c", _ENTER, str(self.folder)]

    def excess(self) -> Excess | None:
        """Return the limit that the kernel has ended the command for, if it has."""
        if self.folder is None:
            return None
        events = dict(map(str.split, (self.folder / "memory.events").read_text().splitlines()))
        return Excess.MEMORY if int(events["oom_kill"]) else None


@contextlib.contextmanager
def control_group(limits: Limits) -> Iterator[ControlGroup]:
    """Give a command with these limits a group of its own, where that can be had. At the end, kill
    what is left in it."""
    parent = delegated_group()
    if parent is None or limits.memory_mib is None:
        yield ControlGroup()
        return
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    try:
        _bound(folder, limits, limits.memory_mib)
        yield ControlGroup(folder)
    finally:
        _end(folder)


def _bound(group: Path, limits: Limits, memory_mib: int) -> None:
    most = memory_mib + limits.scratch_mib + _SANDBOX_MIB
    (group / "memory.max").write_text(str(most << 20))
    (group / "memory.oom.group").write_text("1")
    with contextlib.suppress(FileNotFoundError):  # a kernel may be built without swap
        (group / "memory.swap.max").write_text("0")
    if limits.processes:
        (group / "pids.max").write_text(str(limits.processes + _SANDBOX_PROCESSES))


def _end(group: Path) -> None:
    (group / "cgroup.kill").write_text("1")
    end = time.monotonic() + _ENDING_SECONDS
    while True:
        try:
            group.rmdir()
            return
        except OSError:
            if time.monotonic() > end:
                return
            time.sleep(0.001)


@cache
def delegated_group() -> Path | None:
    """Return the group that is delegated to this process, made ready for groups below it; None if
    there is none."""
    group = _own_group()
    if group is None:
        return None
    if group.name == _CHECKER:
        group = group.parent
    try:
        if os.getxattr(group, _DELEGATED) != b"1":
            return None
        available = (group / "cgroup.controllers").read_text().split()
        if not set(_NEEDED).issubset(available):
            return None
        _make_ready(group, [name for name in _WANTED if name in available])
        return group
    except OSError:
        return None


def _own_group() -> Path | None:
    """Return the folder of this process's group, if there are groups of version 2."""
    groups = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    path = next((line.removeprefix("0::") for line in groups if line.startswith("0::/")), None)
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    mounted = next((mount.split()[1] for mount in mounts if mount.split()[2] == "cgroup2"), None)
    return None if path is None or mounted is None else Path(mounted + path)


def _make_ready(group: Path, controllers: list[str]) -> None:
    checker = group / _CHECKER
    checker.mkdir(exist_ok=True)
    for _ in range(_MOVES):
        processes = (group / "cgroup.procs").read_text().split()
        if not processes:
            break
        for process in processes:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                (checker / "cgroup.procs").write_text(process)
    (group / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))
