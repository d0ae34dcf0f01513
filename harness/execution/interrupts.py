"""Holding interrupts back where one would leave a lock held.

Python raises an interrupt between any two instructions of the main thread. In the functions with
which `threading` and `concurrent.futures` take a lock, that may be after the lock is taken and
before it is sure to be given back. Threads that wait for it then never end.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import current_thread, main_thread
from types import FrameType

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def held_interrupts() -> Iterator[None]:
    """Hold interrupts back until the end of the ``with`` block, which has to come soon. Only the
    main thread is ever interrupted."""
    if current_thread() is not main_thread():
        yield
        return
    held: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:
        held.append(number)

    handlers = {number: signal.getsignal(number) for number in _INTERRUPTS}
    with ExitStack() as stack:
        for number, handler in handlers.items():
            if callable(handler):
                stack.callback(signal.signal, number, handler)
                signal.signal(number, hold)
        yield
    if held:
        signal.raise_signal(held[0])
