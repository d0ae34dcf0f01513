"""The process groups that some work has started, so that they can be killed together."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from contextvars import ContextVar


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


@contextlib.contextmanager
def noted(leader: int) -> Iterator[None]:
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
