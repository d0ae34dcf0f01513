"""The grading of a folder, and the files that come of it.

A batch has a run for each suite. Most have one; where students have suites of their own, the runs
come one after the other, and share the database, the gradebook and all that is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

from harness.errors import UserError
from harness.grading.batch import HandedIn, Submission, list_folder
from harness.grading.coordinator import Begun, Coordinator, Done
from harness.grading.engine import Engine, threads
from harness.grading.options import Options
from harness.grading.pricing import needs_style, priced
from harness.grading.runs import grade_all, grade_arrivals
from harness.grading.store import Store
from harness.grading.style import StyleRules
from harness.grading.submission import Grader
from harness.reports.formats import FORMATS
from harness.reports.gradebook import write_gradebook
from harness.reports.html_grades import GradePages
from harness.reports.progress import Silent
from harness.reports.timing import write_timing
from harness.results.grade import Graded, Origin, Status
from harness.suite import Suite

_KINDS = {None: "known before", Status.SKIPPED: Status.SKIPPED.value}
"""What became of submissions without a new grade."""


@dataclass(slots=True)
class Batch:
    """All runs of a folder."""

    options: Options
    progress: Silent
    runs: list[Run] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)
    """The submissions that a fault of the machine left without a grade."""
    _seconds: dict[str, float] = field(default_factory=dict)
    """How long it took to grade each submission, of equal ones only the first."""
    _began: float = field(default_factory=time.monotonic)
    _ended: float = 0
    """When the last of them was graded."""
    _workers: int = 0
    _cores: int = 0
    """The most that an engine had at a time."""

    @property
    def shared(self) -> bool:
        """Whether batches on other machines may use the database, too."""
        return any(run.store.shared for run in self.runs)

    def forget(self, names: Sequence[str]) -> None:
        """Remove the grades of these submissions."""
        for run in self.runs:
            run.store.forget(names)

    def slowest(self, count: int) -> list[tuple[str, float]]:
        """Return the submissions that took longest to grade, with their seconds."""
        found = [each for run in self.runs for each in run.store.slowest(count)]
        return sorted(found, key=lambda each: (-each[1], each[0]))[:count]

    def graded(self, submissions: Sequence[Submission]) -> Iterator[Graded]:
        """Yield submissions with their grades, in the points of their suites as they are now."""
        if len(self.runs) == 1:
            yield from self.runs[0].graded(submissions)
            return
        owners = {name: run for run in self.runs for name in run.names}
        for submission in submissions:
            if submission.name in owners:
                yield from owners[submission.name].graded([submission])

    def grade(self, grader_of: Callable[[Run], Grader], chosen: Sequence[Submission]) -> None:
        """Grade the chosen submissions, or whatever arrives until an interrupt."""
        if not self.options.watch:
            self.progress.expect(len(chosen))
        try:
            with self.progress.shown():
                for run in self.runs:
                    names = set(run.names)
                    mine = [each for each in chosen if each.name in names]
                    if mine or self.options.watch:
                        run.forget_without_style(mine)
                        run.grade(grader_of(run), mine)
        except KeyboardInterrupt:
            if not self.options.watch:
                raise

    def note(self, event: Begun | Done, engine: Engine) -> None:
        """Show what has become of submissions, and remember it."""
        self._workers = max(self._workers, engine.workers)
        self._cores = max(self._cores, engine.cores)
        if isinstance(event, Begun):
            self.progress.begun(event.submissions, event.worker)
            return
        if event.status is Status.SKIPPED:
            self.skipped.update(event.submissions)
        else:
            self.skipped.difference_update(event.submissions)
        if event.worker and event.submissions:
            self._seconds[event.submissions[0]] = event.seconds
            self._ended = time.monotonic()
        kind = _KINDS.get(event.status, "graded")
        self.progress.done(event.submissions, kind, event.worker, event.seconds)

    def write(self) -> HandedIn:
        """Write the gradebook of what is in the folder now, and return that."""
        out = self.options.out
        handed_in = list_folder(self.options.submissions)
        formats = {name: FORMATS[name] for name in self.options.formats}
        graded = self.graded(handed_in.submissions)
        write_gradebook(out, graded, formats, self._pages(), self.options.audience)
        if self._seconds:
            wall = self._ended - self._began
            write_timing(out, self._seconds, wall, self._workers, self._cores)
        self.progress.written()
        return handed_in

    def _pages(self) -> GradePages:
        first, *others = [run.pages() for run in self.runs]
        for run, pages in zip(self.runs[1:], others):
            first.use(pages, run.names)
        return first


@dataclass(slots=True)
class Run:
    """The grading of submissions with one suite."""

    suite: Suite
    names: Sequence[str]
    """The submissions that are graded with it."""
    batch: Batch
    store: Store
    rules: str
    """The key of the rules."""
    style: StyleRules
    origin: Origin
    """What all grades are made from."""

    def graded(self, submissions: Sequence[Submission]) -> Iterator[Graded]:
        """Yield submissions with their grades, in the points of the suite as it is now."""
        for each in self.store.graded([submission.name for submission in submissions]):
            grade = priced(each.grade, self.suite, self.origin.suite, self.style)
            yield replace(each, grade=grade)

    def pages(self) -> GradePages:
        """Return who makes the pages of submissions."""
        return GradePages(self.suite, f"{self.rules} {self.batch.options.audience.locale}")

    def forget_without_style(self, submissions: Sequence[Submission]) -> None:
        """Forget grades that lack a style which the suite's points would have judged now."""
        lacking = [
            each.submission
            for each in self.graded(submissions)
            if needs_style(each.grade, self.style)
        ]
        if lacking:
            self.store.forget(lacking)

    def grade(self, grader: Grader, submissions: Sequence[Submission]) -> None:
        """Grade submissions, or whatever arrives until an interrupt."""
        with self._engine(grader) as engine:
            coordinator = Coordinator(engine, self.store, grader, self.rules, self.origin)
            for event in self._events(coordinator, submissions):
                self.batch.note(event, engine)

    def _engine(self, grader: Grader) -> AbstractContextManager[Engine]:
        options = self.batch.options
        if options.dask is None:
            return threads(grader, options.jobs)
        if find_spec("distributed") is None:
            raise UserError("--dask: expected Dask, found none", "install python3-distributed")
        # It takes a second to load.
        from harness.grading.dask_cluster import dask_workers

        return dask_workers(
            options.dask, grader, self.rules, options.style, urgent=bool(options.only)
        )

    def _events(
        self, coordinator: Coordinator, submissions: Sequence[Submission]
    ) -> Iterator[Begun | Done]:
        batch = self.batch
        if not batch.options.watch:
            return grade_all(coordinator, submissions)

        def expect() -> None:
            batch.progress.expect(batch.progress.pace.done + coordinator.pending)

        sources = {submission.name: submission.source for submission in submissions}
        folder = batch.options.submissions
        return grade_arrivals(coordinator, folder, sources, expect, batch.write)
