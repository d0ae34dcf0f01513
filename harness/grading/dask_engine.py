"""An engine of many machines: the workers of a Dask cluster.

A task travels with the bytes of its submission. If its worker dies, it may have killed it: it is
tried once more when nothing else is at work, so that it can take no other down with it. If the
scheduler dies, or the network is cut, what was at work is handed out again when it is back.

A large cluster ends hundreds of submissions a second. So tasks are sent, and grades fetched, many
at a time: every so often, the engine looks at what has happened.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import dask
from distributed import Client, Future, KilledWorker

from harness.errors import UserError
from harness.grading import dask_worker
from harness.grading.dask_worker import TOPIC, Answer, order_of
from harness.grading.engine import (
    Ended,
    Event,
    GraderOf,
    Started,
    Task,
    grade_task,
    skipped_task,
    why_skipped,
)
from harness.grading.parcel import NotPacked, pack
from harness.results.grade import Status
from harness.results.packed import PackedGrade

CONNECT_SECONDS = 10
"""How long an answer of the scheduler may take."""
_URGENT = 1
_OUTDATED_SECONDS = 1
"""How long a number of workers may be outdated."""
_LOOK_SECONDS = 0.05
"""How often to look at what has happened. What happens meanwhile is fetched and stored together."""
_MOST_BYTES = 8 << 20
"""The size of submissions that are sent together. Dask sends no message of some gigabytes."""
_CUT = (CancelledError, TimeoutError, OSError, AttributeError)
"""What a client raises when its connection is lost; the last, when it looks for its scheduler."""
_OVER = ("finished", "error", "cancelled")
"""The states of futures that need not be waited for. What is lost with a worker is done again."""
_HERE = "here"
_NO_SOURCES = {"distributed.diagnostics.computations.ignore-modules": [""]}
"""Keeps Dask from reading the source of what sends tasks, to show it: reading takes as long as
sending. The pattern fits all modules."""


@dataclass(slots=True)
class _Travelling:
    task: Task
    content: bytes
    retried: bool = False


class DaskEngine:
    """An `Engine` of the workers that a client reaches."""

    def __init__(
        self, client: Client, grader_of: GraderOf, style: bool, urgent: bool = False
    ) -> None:
        """``style`` is whether style is judged; what is urgent goes before other batches."""
        self._client = client
        self._grader_of = grader_of
        self._style = style
        self._priority = _URGENT if urgent else 0
        self._at_work: dict[Future, _Travelling] = {}
        self._suspects: deque[_Travelling] = deque()
        """Tasks whose worker has died."""
        self._held: deque[_Travelling] = deque()
        """Tasks that wait while a suspect is tried alone."""
        self._lost: deque[_Travelling] = deque()
        """Tasks that the cluster no longer knows."""
        self._happened: SimpleQueue[Event] = SimpleQueue()
        """What happened without a future."""
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
        # Each worker has some ready for when it gets free.
        return sum(count + (count + 1) // 2 for count in self._threads())

    def _threads(self) -> Sequence[int]:
        """Return the number of threads of each worker; none while there is no scheduler."""
        if time.monotonic() >= self._outdated:
            self._known_threads = ()
            with suppress(*_CUT):
                workers = self._client.scheduler_info().get("workers", {}).values()
                self._known_threads = tuple(int(worker["nthreads"]) for worker in workers)
            self._outdated = time.monotonic() + _OUTDATED_SECONDS
        return self._known_threads

    # ---- Sending ------------------------------------------------------------------------------

    def submit(self, tasks: Sequence[Task]) -> None:
        travelling = []
        for task in tasks:
            self._by_key[task.key] = task
            grader = self._grader_of(task.rules)
            try:
                content = pack(task.path, grader.rules.archive).content
            except NotPacked:  # it will be refused: nothing of it runs
                self._happened.put(grade_task(grader, task, _HERE))
            except OSError as error:
                self._happened.put(skipped_task(grader, task, why_skipped(error), _HERE))
            else:
                travelling.append(_Travelling(task, content))
        self._send(travelling)

    def _send(self, travelling: Iterable[_Travelling]) -> None:
        if any(other.retried for other in self._at_work.values()):
            self._held += travelling
            return
        self._require_scheduler()
        for together in _chunks(travelling):
            calls = [self._arguments(each) for each in together]
            futures = self._client.map(
                dask_worker.grade_parcel,
                *zip(*calls),
                key=[self._new_name(each.task) for each in together],
                pure=False,
                priority=self._priority,
            )
            self._at_work |= zip(futures, together)

    def _arguments(self, travelling: _Travelling) -> tuple[object, ...]:
        """Return the arguments of `grade_parcel`."""
        task = travelling.task
        order = order_of(self._grader_of(task.rules), task.rules, self._style)
        return order, task.key, task.source, task.content, travelling.content

    def _new_name(self, task: Task) -> str:
        """Return a name that no task had before: Dask remembers how that one ended."""
        self._count += 1
        return f"osmem-{task.key}-{self._count}"

    def _send_what_waits(self) -> None:
        if self._at_work or self._lost:
            return
        if self._suspects:
            suspect = self._suspects.popleft()
            suspect.retried = True
            self._send([suspect])
            return
        held, self._held = self._held, deque()
        self._send(held)

    def _send_lost_again(self) -> None:
        """Send again what a scheduler that has died knew. Raises `UserError` if it does not come
        back."""
        self._require_scheduler()
        if self._client.status == "running":
            lost, self._lost = self._lost, deque()
            self._send(lost)

    def _require_scheduler(self) -> None:
        if self._client.status in ("closing", "closed"):
            raise UserError(
                "the scheduler of the cluster is gone",
                "start it again, and run the same command: what is graded stays graded",
            )

    # ---- What comes back ----------------------------------------------------------------------

    def events(self, seconds: float) -> Sequence[Event]:
        self._send_what_waits()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))
            if events := list(self._look()):
                return events
        self._send_lost_again()
        return list(self._look())

    def _note_start(self, event: tuple[float, Any]) -> None:
        _, told = event
        if task := self._by_key.get(told["key"]):
            self._happened.put(Started(task, told["name"]))

    def _look(self) -> Iterator[Event]:
        """Yield what has happened."""
        with suppress(Empty):
            while True:
                yield self._happened.get_nowait()
        over = [future for future in self._at_work if future.status in _OVER]
        answers = self._fetch([future for future in over if future.status == "finished"])
        for future in over:
            event = self._outcome(future, self._at_work.pop(future), answers.get(future))
            if event is not None:
                self._by_key.pop(event.task.key, None)
                yield event

    def _fetch(self, finished: Sequence[Future]) -> dict[Future, Answer]:
        """Fetch all grades at once. What can't be fetched so is asked for again, one by one: a
        grade that died with its worker or its scheduler may never come."""
        if not finished:
            return {}
        with suppress(KilledWorker, *_CUT):
            gather = self._client.gather
            answers = self._client.sync(gather, finished, callback_timeout=CONNECT_SECONDS)
            return dict(zip(finished, answers))
        return {}

    def _outcome(
        self, future: Future, travelling: _Travelling, answer: Answer | None
    ) -> Ended | None:
        try:
            if answer is None:
                answer = future.result(timeout=CONNECT_SECONDS)
        except KilledWorker:
            return self._killed(travelling)
        except _CUT:
            self._lost.append(travelling)
            return None
        except Exception as error:
            raise refused("of the cluster", f"{type(error).__name__}: {error}") from error
        worker, refusal, status, content, seconds = answer
        if refusal:
            raise refused(worker, refusal)
        return Ended(travelling.task, worker, PackedGrade(Status(status), content), seconds)

    def _killed(self, travelling: _Travelling) -> Ended | None:
        if not travelling.retried:
            self._suspects.append(travelling)
            return None
        reason = "its worker died, and died again when it graded nothing else"
        task = travelling.task
        return skipped_task(self._grader_of(task.rules), task, reason)


def _chunks(travelling: Iterable[_Travelling]) -> Iterator[Sequence[_Travelling]]:
    """Yield what is sent together."""
    chunk: list[_Travelling] = []
    size = 0
    for each in travelling:
        if chunk and size + len(each.content) > _MOST_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(each)
        size += len(each.content)
    if chunk:
        yield chunk


def refused(worker: str, reason: str) -> UserError:
    return UserError(f"worker {worker}: {reason}", "see docs/cluster.md")
