"""The grading of a folder, and the files that come of it.

A batch has a run for each suite. Most have one; where students have suites of their own, the runs
share the workers, the database, the gradebook and all that is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from harness.errors import UserError
from harness.grading.batch import HandedIn, Submission, list_folder
from harness.grading.coordinator import Begun, Coordinator, Done, Progress, Terms
from harness.grading.early import EarlyFolders
from harness.grading.engine import Engine, threads
from harness.grading.options import Options
from harness.grading.pricing import needs_style, priced
from harness.grading.runs import grade_all, grade_arrivals
from harness.grading.store import Store
from harness.grading.style import StyleRules
from harness.grading.submission import Grader
from harness.grading.suites import Suites
from harness.reports.formats import FORMATS, Format
from harness.reports.gradebook import write_gradebook
from harness.reports.html_grades import GradePages
from harness.reports.progress import Silent
from harness.reports.student_folder import StudentFolders
from harness.reports.timing import write_timing
from harness.results.grade import Graded, Status
from harness.suite import Suite

_KINDS = {None: "known before", Status.SKIPPED: Status.SKIPPED.value}
"""What became of submissions without a new grade."""


@dataclass(slots=True)
class Batch:
    """All runs of a folder."""

    options: Options
    progress: Silent
    suites: Suites
    make_run: Callable[[Suite], Run]
    skipped: set[str] = field(default_factory=set)
    """The submissions that a fault of the machine left without a grade."""
    early: EarlyFolders | None = None
    """The folders that are written while others are graded; None if they might not count."""
    _runs: dict[Path, Run] = field(default_factory=dict)
    """By the paths of suites."""
    _graders: dict[str, Grader] = field(default_factory=dict)
    """By the keys of rules."""
    _seconds: dict[str, float] = field(default_factory=dict)
    """How long it took to grade each submission, of equal ones only the first."""
    _began: float = field(default_factory=time.monotonic)
    _ended: float = 0
    """When the last of them was graded."""
    _workers: int = 0
    _cores: int = 0
    """The most that an engine had at a time."""

    @property
    def runs(self) -> list[Run]:
        """The runs of all submissions that were asked for so far."""
        return list(self._runs.values())

    def run_with(self, suite: Suite) -> Run:
        """Return the run of all that is graded with a suite."""
        if suite.path not in self._runs:
            run = self._runs[suite.path] = self.make_run(suite)
            self._graders.setdefault(run.rules, run.grader)
        return self._runs[suite.path]

    def run_of(self, submission: str) -> Run | None:
        """Return the run of a submission; None if it is left out."""
        suite = self.suites.suite_of(submission)
        return self.run_with(suite) if suite is not None else None

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
        if self.suites.own is None:
            yield from self.run_with(self.suites.usual).graded(submissions)
            return
        for submission in submissions:
            if run := self.run_of(submission.name):
                yield from run.graded([submission])

    def grade(self, chosen: Sequence[Submission]) -> None:
        """Grade the chosen submissions, or whatever arrives until an interrupt."""
        mine = [each for each in chosen if self.run_of(each.name)]
        for run in self.runs:
            run.forget_without_style([each for each in mine if self.run_of(each.name) is run])
        if not self.options.watch:
            self.progress.expect(len(mine))
            self._begin_to_write()
        try:
            with self.progress.shown(), self._engine() as engine:
                coordinator = Coordinator(engine, self._terms_of)
                for event in self._events(coordinator, mine):
                    self.note(event, engine)
        except KeyboardInterrupt:
            if not self.options.watch:
                raise

    def _terms_of(self, submission: str) -> Terms | None:
        run = self.run_of(submission)
        return Terms(run.store, run.grader, run.rules) if run is not None else None

    def _engine(self) -> AbstractContextManager[Engine]:
        options = self.options
        if options.dask is None:
            return threads(self._graders.__getitem__, options.jobs)
        if find_spec("distributed") is None:
            raise UserError("--dask: expected Dask, found none", "install python3-distributed")
        # It takes a second to load.
        from harness.grading.dask_cluster import dask_workers

        rules = [run.rules for run in self.runs]
        return dask_workers(
            options.dask, self._graders.__getitem__, rules, options.style, bool(options.only)
        )

    def _events(
        self, coordinator: Coordinator, submissions: Sequence[Submission]
    ) -> Iterator[Progress]:
        if not self.options.watch:
            return grade_all(coordinator, submissions, self._write_early)

        def expect() -> None:
            self.progress.expect(self.progress.pace.done + coordinator.pending)

        sources = {submission.name: submission.source for submission in submissions}
        return grade_arrivals(coordinator, self.options.submissions, sources, expect, self.write)

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
            if self.early is not None:
                self.early.add(event.submissions)
        kind = _KINDS.get(event.status, "graded")
        self.progress.done(event.submissions, kind, event.worker, event.seconds)

    def _begin_to_write(self) -> None:
        """Let folders be written early, unless a grade that becomes lower would forbid it."""
        options = self.options
        if options.compare is None or options.lower:
            present = list_folder(options.submissions).submissions
            pages = self._pages([submission.name for submission in present])
            folders = StudentFolders(options.out, self._formats(), pages, options.audience)
            self.early = EarlyFolders(folders, present, self.graded)

    def _write_early(self, seconds: float) -> None:
        if self.early is not None:
            self.early.write(seconds)

    def _formats(self) -> dict[str, Format]:
        return {name: FORMATS[name] for name in self.options.formats}

    def write(self) -> HandedIn:
        """Write the gradebook of what is in the folder now, and return that."""
        out = self.options.out
        handed_in = list_folder(self.options.submissions)
        graded = self.graded(handed_in.submissions)
        pages = self._pages([submission.name for submission in handed_in.submissions])
        write_gradebook(out, graded, self._formats(), pages, self.options.audience)
        if self._seconds:
            wall = self._ended - self._began
            write_timing(out, self._seconds, wall, self._workers, self._cores)
        self.progress.written()
        return handed_in

    def _pages(self, names: Sequence[str]) -> GradePages:
        """Return who makes the pages of these submissions."""
        usual = self.run_with(self.suites.usual)
        pages = usual.pages()
        for run in self.runs:
            if run is not usual:
                pages.use(run.pages(), [name for name in names if self.run_of(name) is run])
        return pages


@dataclass(slots=True)
class Run:
    """The grading of submissions with one suite."""

    suite: Suite
    store: Store
    grader: Grader
    rules: str
    """The key of the rules."""
    style: StyleRules
    locale: str
    """The language of its pages."""

    def graded(self, submissions: Sequence[Submission]) -> Iterator[Graded]:
        """Yield submissions with their grades, in the points of the suite as it is now."""
        for each in self.store.graded([submission.name for submission in submissions]):
            grade = priced(each.grade, self.suite, self.grader.origin.suite, self.style)
            yield replace(each, grade=grade)

    def pages(self) -> GradePages:
        """Return who makes the pages of submissions."""
        return GradePages(self.suite, f"{self.rules} {self.locale}")

    def forget_without_style(self, submissions: Sequence[Submission]) -> None:
        """Forget grades that lack a style which the suite's points would have judged now."""
        lacking = [
            each.submission
            for each in self.graded(submissions)
            if needs_style(each.grade, self.style)
        ]
        if lacking:
            self.store.forget(lacking)
