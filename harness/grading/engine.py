"""Where submissions are graded: the seam between a batch and those who work for it.

A batch hands over tasks, and gets events back. Both are plain values, which may travel between
machines: an engine knows neither the store nor the gradebook, and a grade counts only once the
batch has stored it. So it does no harm if an engine loses a task, or grades it twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from harness.errors import UserError
from harness.execution.workers import Workers
from harness.grading.faults import settled_grade
from harness.grading.submission import Grader
from harness.results.grade import Grade, Status
from harness.results.packed import PackedGrade

_NOTICE_SECONDS = 0.2
"""How long an idle worker may not notice that the engine stops."""


@dataclass(frozen=True, slots=True)
class Task:
    """A submission to grade."""

    key: str
    """The digest of all that its grade depends on."""
    rules: str
    """The key of the rules that it is graded by."""
    path: Path
    source: str
    """The folder in it that a user named as the sources; empty if none."""
    content: str
    """A digest of the submission and of that folder: the same is drawn for it by any rules."""


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has begun a task."""

    task: Task
    worker: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker has graded a submission, or could not, and is free again."""

    task: Task
    worker: str
    grade: PackedGrade
    """It is skipped if a fault of the machine, or of the checker, prevented a grade."""
    seconds: float
    """The wall time that it took."""


Event = Started | Ended


class Engine(Protocol):
    """Grades submissions, several at a time."""

    @property
    def workers(self) -> int:
        """The number of submissions that are graded at a time, at most."""

    @property
    def cores(self) -> int:
        """The number of processors that all workers have together."""

    @property
    def capacity(self) -> int:
        """The number of tasks that it takes at a time: a few more than it has workers, so that none
        of them waits while grades are stored. The others stay with the batch."""

    def submit(self, tasks: Sequence[Task]) -> None:
        """Take tasks over."""

    def events(self, seconds: float) -> Sequence[Event]:
        """Wait until something happens, but no longer than so many seconds; return what has."""


def grade_task(grader: Grader, task: Task, worker: str) -> Ended:
    """Grade a submission on this machine, whatever happens."""
    began = time.monotonic()
    try:
        grade = settled_grade(grader, task.path, task.content, task.source)
    except Exception as error:
        grade = grader.without_tests(Status.SKIPPED, why_skipped(error))
    return _ended(grader, task, worker, grade, time.monotonic() - began)


def skipped_task(grader: Grader, task: Task, reason: str, worker: str = "") -> Ended:
    """Return the end of a task that nobody could grade."""
    return _ended(grader, task, worker, grader.without_tests(Status.SKIPPED, reason), 0)


def _ended(grader: Grader, task: Task, worker: str, grade: Grade, seconds: float) -> Ended:
    grade = replace(grade, origin=replace(grader.origin, submission=task.content))
    return Ended(task, worker, PackedGrade.of(grade), seconds)


def why_skipped(error: Exception) -> str:
    """Return in one line why a submission could not be graded."""
    match error:
        case UserError():
            return str(error)
        case OSError(strerror=str(why)):
            return f"{error.filename}: {why}" if error.filename else why
        case OSError():
            return str(error)
    return f"the checker failed: {type(error).__name__}: {error}"


GraderOf = Callable[[str], Grader]
"""Returns who grades by the rules with a key."""


class _Threads:
    """Threads of this process, which work until they are told to stop."""

    def __init__(self, grader_of: GraderOf, jobs: int) -> None:
        self.workers = jobs
        self.cores = len(os.sched_getaffinity(0))
        self.capacity = jobs + 1
        self.stopped = False
        self._grader_of = grader_of
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        self._events: SimpleQueue[Event] = SimpleQueue()

    def submit(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            self._tasks.put(task)

    def events(self, seconds: float) -> Sequence[Event]:
        happened: list[Event] = []
        with suppress(Empty):
            happened.append(self._events.get(timeout=seconds))
            while True:
                happened.append(self._events.get_nowait())
        return happened

    def work(self, worker: str) -> None:
        while not self.stopped:
            try:
                task = self._tasks.get(timeout=_NOTICE_SECONDS)
            except Empty:
                continue
            self._events.put(Started(task, worker))
            self._events.put(grade_task(self._grader_of(task.rules), task, worker))


@contextmanager
def threads(grader_of: GraderOf, jobs: int) -> Iterator[Engine]:
    """Grade in threads of this process. An exception, such as an interrupt, kills what runs."""
    engine = _Threads(grader_of, jobs)
    with Workers(jobs) as workers:
        try:
            for number in range(1, jobs + 1):
                workers.submit(engine.work, str(number))
            workers.begin()
            yield engine
        finally:
            engine.stopped = True
