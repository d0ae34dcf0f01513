"""The processes below another one, found by the names of programs, and ending them."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_PROC = Path("/proc")


def _parents_and_names() -> dict[int, tuple[int, str]]:
    found = {}
    for process in filter(str.isdigit, os.listdir(_PROC)):
        try:
            stat = (_PROC / process / "stat").read_text(errors="replace")
            # The second field, a name in parentheses, may itself hold anything.
            head, _, tail = stat.rpartition(")")
            found[int(process)] = int(tail.split()[1]), head.partition("(")[2]
        except (OSError, IndexError, ValueError):
            continue  # it has ended
    return found


def kill_below(pid: int, name: str, spared: str = "") -> None:
    """Kill everything below the process called ``name``, which is ``pid`` or the first of this name
    below it. Spare the processes called ``spared``, and what is below them."""
    processes = _parents_and_names()
    children: dict[int, list[int]] = {}
    for child, (parent, _) in processes.items():
        children.setdefault(parent, []).append(child)

    def below(start: int, spared: str = "") -> list[int]:
        found = [start]
        for process in found:  # grows during the loop
            found += (c for c in children.get(process, []) if processes[c][1] != spared)
        return found

    top = next(
        (process for process in below(pid) if processes.get(process, (0, ""))[1] == name), None
    )
    for process in below(top, spared)[1:] if top is not None else ():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
