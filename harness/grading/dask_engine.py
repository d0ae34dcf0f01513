"""An engine of many machines: the workers of a Dask cluster.

A task travels with the bytes of its submission. If its worker dies, it may have killed it: it is
tried once more when nothing else is at work, so that it can take no other down with it. If the
scheduler dies, or the network is cut, what was at work is handed out again when it is back.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import CancelledError
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import dask
from distributed import Client, Future, KilledWorker

from harness.errors import UserError
from harness.grading.dask_worker import TOPIC, BatchOrder, grade_parcel, order_of
from harness.grading.engine import (
    Ended,
    Event,
    GraderOf,
    Started,
    Task,
    grade_task,
    why_skipped,
)
from harness.grading.parcel import NotPacked, pack
from harness.results.grade import Status, grade_from_json

CONNECT_SECONDS = 10
"""How long an answer of the scheduler may take."""
_URGENT = 1
_LOOK_SECONDS = 1
"""How long a number of workers may be outdated."""
_READY = 1
"""The tasks that each worker has ready for when it gets free."""
_TOGETHER_SECONDS = 0.02
"""How long to wait for more grades, which are fetched and stored together."""
_CUT = (CancelledError, TimeoutError, OSError, AttributeError)
"""What a client raises when its connection is lost; the last, when it looks for its scheduler."""
_LOST = ("lost", "cancelled")
"""The states of futures that never have a result."""
_HERE = "here"
_NO_SOURCES = {"distributed.diagnostics.computations.ignore-modules": [""]}
"""Keeps Dask from reading the source of what sends a task, to show it: reading takes as long as
sending. The pattern fits all modules."""


@dataclass(slots=True)
class _Travelling:
    task: Task
    content: bytes
    retried: bool = False


_Answer = tuple[str, str, float, str]
"""What `grade_parcel` returns."""
Work = Callable[[BatchOrder, str, str, str, bytes], _Answer]
"""What a worker does with a packed submission; see `grade_parcel`."""


class DaskEngine:
    """An `Engine` of the workers that a client reaches."""

    def __init__(
        self,
        client: Client,
        grader_of: GraderOf,
        style: bool,
        urgent: bool = False,
        work: Work = grade_parcel,
    ) -> None:
        """``style`` is whether style is judged; what is urgent goes before other batches."""
        self._client = client
        self._grader_of = grader_of
        self._style = style
        self._work = work
        self._priority = _URGENT if urgent else 0
        self._at_work: dict[Future, _Travelling] = {}
        self._suspects: deque[_Travelling] = deque()
        """Tasks whose worker has died."""
        self._held: deque[_Travelling] = deque()
        """Tasks that wait while a suspect is tried alone."""
        self._lost: deque[_Travelling] = deque()
        """Tasks that the cluster no longer knows."""
        self._events: SimpleQueue[Event | Future] = SimpleQueue()
        self._happened: deque[Event] = deque()
        """What the batch has not been told yet."""
        self._by_key: dict[str, Task] = {}
        self._count = 0
        self._known_threads: Sequence[int] = ()
        self._outdated = 0.0
        """When to ask for the workers again."""
        client.subscribe_topic(TOPIC, self._note_start)
        dask.config.set(_NO_SOURCES)

    @property
    def workers(self) -> int:
        return sum(self._threads())

    @property
    def cores(self) -> int:
        return self.workers  # as many as the one who started the workers gave them

    @property
    def capacity(self) -> int:
        return sum(count + _READY for count in self._threads())

    def _threads(self) -> Sequence[int]:
        """Return the number of threads of each worker; none while there is no scheduler."""
        if time.monotonic() >= self._outdated:
            self._known_threads = ()
            with suppress(*_CUT):
                workers = self._client.scheduler_info().get("workers", {}).values()
                self._known_threads = tuple(int(worker["nthreads"]) for worker in workers)
            self._outdated = time.monotonic() + _LOOK_SECONDS
        return self._known_threads

    def submit(self, task: Task) -> None:
        self._by_key[task.key] = task
        grader = self._grader_of(task.rules)
        try:
            content = pack(task.path, grader.rules.archive).content
        except NotPacked:  # it will be refused: nothing of it runs
            self._events.put(grade_task(grader, task, _HERE))
        except OSError as error:
            grade = grader.without_tests(Status.SKIPPED, why_skipped(error))
            self._events.put(Ended(task, _HERE, grade, 0))
        else:
            self._send(_Travelling(task, content))

    def next_event(self, seconds: float) -> Event | None:
        self._send_what_waits()
        if not self._happened:
            self._happened += self._wait(seconds)
        if self._happened:
            return self._happened.popleft()
        self._send_lost_again()
        return None

    # ---- Sending ------------------------------------------------------------------------------

    def _send(self, travelling: _Travelling) -> None:
        if any(other.retried for other in self._at_work.values()):
            self._held.append(travelling)
            return
        self._require_scheduler()
        self._count += 1
        task = travelling.task
        future = self._client.submit(
            self._work,
            order_of(self._grader_of(task.rules), task.rules, self._style),
            task.key,
            task.source,
            task.content,
            travelling.content,
            key=f"osmem-{task.key}-{self._count}",
            pure=False,
            priority=self._priority,
        )
        self._at_work[future] = travelling
        future.add_done_callback(self._events.put)

    def _send_what_waits(self) -> None:
        if self._at_work or self._lost:
            return
        if self._suspects:
            suspect = self._suspects.popleft()
            suspect.retried = True
            self._send(suspect)
            return
        while self._held:
            self._send(self._held.popleft())

    def _send_lost_again(self) -> None:
        """Send again what a scheduler that has died knew. Raises `UserError` if it does not come
        back."""
        self._require_scheduler()
        if self._client.status != "running":
            return
        self._lost += [self._at_work.pop(f) for f in list(self._at_work) if f.status in _LOST]
        while self._lost:
            self._send(self._lost.popleft())

    def _require_scheduler(self) -> None:
        if self._client.status in ("closing", "closed"):
            raise UserError(
                "the scheduler of the cluster is gone",
                "start it again, and run the same command: what is graded stays graded",
            )

    # ---- What comes back ----------------------------------------------------------------------

    def _note_start(self, event: tuple[float, Any]) -> None:
        _, told = event
        if task := self._by_key.get(told["key"]):
            self._events.put(Started(task, told["worker"]))

    def _wait(self, seconds: float) -> Iterator[Event]:
        """Wait for something to happen, and yield that, with what has happened as well."""
        happened = []
        with suppress(Empty):
            happened.append(self._events.get(timeout=seconds))
            time.sleep(_TOGETHER_SECONDS)
            while True:
                happened.append(self._events.get_nowait())
        grades = self._fetch([each for each in happened if isinstance(each, Future)])
        for each in happened:
            event = self._outcome(each, grades.get(each)) if isinstance(each, Future) else each
            if event is not None:
                yield event

    def _fetch(self, futures: Sequence[Future]) -> dict[Future, _Answer]:
        """Fetch all grades at once. What can't be fetched so is asked for again, one by one: a
        grade that died with its worker or its scheduler may never come."""
        finished = [future for future in futures if future.status == "finished"]
        with suppress(KilledWorker, *_CUT):
            gather = self._client.gather
            answers = self._client.sync(gather, finished, callback_timeout=CONNECT_SECONDS)
            return dict(zip(finished, answers))
        return {}

    def _outcome(self, future: Future, answer: _Answer | None) -> Event | None:
        travelling = self._at_work.pop(future, None)
        if travelling is None:  # it was lost, and is sent again
            return None
        task = travelling.task
        try:
            worker, grade, seconds, refusal = answer or future.result(timeout=CONNECT_SECONDS)
        except KilledWorker:
            return self._killed(travelling)
        except _CUT:
            self._lost.append(travelling)
            return None
        except Exception as error:
            raise refused("of the cluster", f"{type(error).__name__}: {error}") from error
        if refusal:
            raise refused(worker, refusal)
        self._by_key.pop(task.key, None)
        return Ended(task, worker, grade_from_json(grade), seconds)

    def _killed(self, travelling: _Travelling) -> Event | None:
        if not travelling.retried:
            self._suspects.append(travelling)
            return None
        reason = "its worker died, and died again when it graded nothing else"
        grade = self._grader_of(travelling.task.rules).without_tests(Status.SKIPPED, reason)
        return Ended(travelling.task, "", grade, 0)


def refused(worker: str, reason: str) -> UserError:
    return UserError(f"worker {worker}: {reason}", "see docs/cluster.md")
