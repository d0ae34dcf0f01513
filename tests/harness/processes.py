"""The processes that this one has started, and what they have started in turn.

`adopt_orphans` in tests/conftest.py keeps them below this one, whatever becomes of their parents.
Other processes do not matter: other tests may run beside this one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path


def command_lines() -> dict[int, str]:
    """The command lines of the processes below this one, by their IDs."""
    found = {}
    for process in _below(os.getpid()):
        try:
            words = Path("/proc", str(process), "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        found[process] = words.replace(b"\0", b" ").decode(errors="replace")
    return found


def _below(top: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for process in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            stat = Path("/proc", str(process), "stat").read_text(errors="replace")
        except OSError:
            continue  # it has just ended
        # The second field, a name in parentheses, may itself hold anything.
        parent = int(stat.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(process)
    pending = [top]
    for process in pending:  # grows during the loop
        below = children.get(process, [])
        pending += below
        yield from below


def processes_of(folder: Path | str = "") -> list[str]:
    """The command lines that contain a path or another text; those that have ended have none."""
    return [words for words in command_lines().values() if words and str(folder) in words]


def left_of(folder: Path | str = "") -> list[str]:
    """The command lines that contain a path or another text, and don't go away. The kernel takes a
    moment to end what was killed."""
    deadline = time.monotonic() + 10
    while (found := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
