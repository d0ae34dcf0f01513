"""Whose turn it is to run: commands run beside each other, unless one has to run alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, get_ident


class _Turns:
    """The commands that run now, and the thread that wants to run alone."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._running = 0
        self._alone: int | None = None

    @contextmanager
    def shared(self) -> Iterator[None]:
        me = get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._alone in (None, me))
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        me = get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._alone is None)
            self._alone = me
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._running == 0)
            yield
        finally:
            with self._changed:
                self._alone = None
                self._changed.notify_all()


_turns = _Turns()

shared = _turns.shared
"""Run a command beside those of other threads. Waits while another thread runs alone."""
alone = _turns.alone
"""Run the commands of this thread alone: wait for all that run, and let no other thread start."""
