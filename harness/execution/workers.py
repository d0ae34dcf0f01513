"""Threads that run untrusted programs, and that can be stopped at any moment."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Event, Thread
from types import TracebackType
from typing import ParamSpec, TypeVar

from harness.execution.groups import Running
from harness.execution.interrupts import held_interrupts

_P = ParamSpec("_P")
_T = TypeVar("_T")

_STOPPING_SECONDS = 0.02
"""The pause before everything that runs is killed again: a thread may be about to start more."""
_NOTICE_SECONDS = 0.2
"""How long an interrupt may go unnoticed."""
_ARENAS = -8
"""M_ARENA_MAX of <malloc.h>."""


class Workers:
    """Threads that work on what they are given, ``jobs`` at a time.

    An exception that leaves the ``with`` block, such as an interrupt, kills everything that runs,
    and nothing more starts. For that reason work starts only with `begin`, after all of it is
    given: an interrupt while a thread is being started would leave one that `Workers` misses.
    """

    def __init__(self, jobs: int) -> None:
        _share_arena()
        self._executor = ThreadPoolExecutor(jobs)
        self._begun = Event()
        self._stopped = False
        self._running = Running()

    def submit(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Return the future of a function's result. The function runs in the caller's context."""
        context = copy_context()

        def work() -> _T:
            self._begun.wait()
            if self._stopped:
                raise KeyboardInterrupt
            context.run(self._running.track_this_thread)
            return context.run(function, *args, **kwargs)

        with held_interrupts():
            return self._executor.submit(work)

    def begin(self) -> None:
        with held_interrupts():
            self._begun.set()

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        interrupted = False
        while True:
            try:
                self._end(stopping=kind is not None or interrupted)
                break
            except KeyboardInterrupt:  # from a user who interrupts once more
                interrupted = True
        if interrupted and kind is None:
            raise KeyboardInterrupt

    def _end(self, stopping: bool) -> None:
        self._stopped = stopping
        self.begin()
        if stopping:
            with held_interrupts():
                self._kill_all()
        self._executor.shutdown()

    def _kill_all(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        waiting = Thread(target=self._executor.shutdown)
        waiting.start()
        while waiting.is_alive():
            self._running.kill()
            waiting.join(_STOPPING_SECONDS)


def completed(futures: Iterable[Future[_T]]) -> Iterator[Future[_T]]:
    """Yield each future as soon as it is done."""
    pending = set(futures)
    while pending:
        with held_interrupts():
            done, pending = wait(pending, _NOTICE_SECONDS, FIRST_COMPLETED)
        yield from done


def _share_arena() -> None:
    """Let all threads allocate from one arena of glibc's malloc(), as Python lets only one of them
    run at a time: each arena more keeps a MiB."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENAS, 1)


def result_of(future: Future[_T]) -> _T:
    """Wait for a future, and return its result, or raise its exception."""
    return next(completed([future])).result()
