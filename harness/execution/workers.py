"""Threads that run programs nobody trusts, and that can be stopped at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event, Thread
from types import TracebackType
from typing import ParamSpec, TypeVar

from harness.execution.process import Running

_P = ParamSpec("_P")
_T = TypeVar("_T")

_STOPPING_SECONDS = 0.02
"""How often all that runs is ended, until nothing runs: one may be about to start something."""
_NOTICE_SECONDS = 0.2
"""How long an interrupt may go unnoticed that reached another thread than the one that waits."""


class Workers:
    """Does what it is given from `begin` on, ``jobs`` at a time.

    Left by an exception, be it an interrupt, it ends all that it runs and does no more. For that
    nothing begins before all is given: an interrupt that came while a thread is being started
    would leave one that nobody knows of.
    """

    def __init__(self, jobs: int) -> None:
        self._executor = ThreadPoolExecutor(jobs)
        self._begun = Event()
        self._stopped = False
        self._running = Running()

    def submit(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """What the function will return, or raise."""

        def work() -> _T:
            self._begun.wait()
            if self._stopped:
                raise KeyboardInterrupt
            self._running.count_here()
            return function(*args, **kwargs)

        return self._executor.submit(work)

    def begin(self) -> None:
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
            except KeyboardInterrupt:  # again, of somebody who is not patient
                interrupted = True
        if interrupted and kind is None:
            raise KeyboardInterrupt

    def _end(self, stopping: bool) -> None:
        self._stopped = stopping
        self._begun.set()
        if stopping:
            self._end_all()
        self._executor.shutdown()

    def _end_all(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        waiting = Thread(target=self._executor.shutdown)
        waiting.start()
        while waiting.is_alive():
            self._running.kill()
            waiting.join(_STOPPING_SECONDS)


def completed(futures: Iterable[Future[_T]]) -> Iterator[Future[_T]]:
    """Each as soon as it is done."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, _NOTICE_SECONDS, FIRST_COMPLETED)
        yield from done


def result_of(future: Future[_T]) -> _T:
    """What it returns, or raises, once it is done."""
    return next(completed([future])).result()
