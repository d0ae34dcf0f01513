"""The processes on this machine."""

from __future__ import annotations

import os
import time
from pathlib import Path


def command_lines() -> dict[int, str]:
    """The command lines of all other processes, by their IDs."""
    found = {}
    for process in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            words = Path("/proc", str(process), "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if process != os.getpid():
            found[process] = words.replace(b"\0", b" ").decode(errors="replace")
    return found


def processes_of(folder: Path | str) -> list[str]:
    """The command lines that contain a path or another text."""
    return [words for words in command_lines().values() if str(folder) in words]


def left_of(folder: Path | str) -> list[str]:
    """The command lines that contain a path or another text, and don't go away. The kernel takes a
    moment to end what was killed."""
    deadline = time.monotonic() + 10
    while (found := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
