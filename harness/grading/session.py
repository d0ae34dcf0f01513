"""A run of ``grade``: a folder of submissions in, a folder of results out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from random import shuffle

from rich.console import Console
from rich.text import Text

from harness.errors import UserError
from harness.execution.tools import BUILD_TOOLS, require_tools
from harness.execution.walls import NO_WALLS
from harness.grading.apart import require_apart
from harness.grading.batch import HandedIn, Submission, list_folder, only_batch
from harness.grading.coordinator import Begun, Coordinator, Done
from harness.grading.database import database_file
from harness.grading.engine import Engine, threads
from harness.grading.keys import origin, rules_key
from harness.grading.named_sources import name_sources
from harness.grading.pricing import needs_style, priced
from harness.grading.prepare import make_batch_sandboxes, make_grader
from harness.grading.rules import NO_STYLE, load_rules
from harness.grading.regrading import Published, require_not_lower
from harness.grading.runs import grade_all, grade_arrivals
from harness.grading.store import Store
from harness.grading.style import StyleRules
from harness.grading.submission import Grader
from harness.reports.audience import Audience
from harness.reports.formats import FORMATS
from harness.reports.gradebook import write_gradebook
from harness.reports.html_grades import GradePages
from harness.reports.changes import show_changes
from harness.reports.progress import Silent, choose_progress
from harness.reports.summary import show_summary
from harness.reports.terminal import show_walls
from harness.reports.timing import write_timing
from harness.results.grade import Graded, Origin, Status
from harness.suite import Suite
from harness.text import printable
from harness.tracers.tracer import Tracer

_DATABASE = "grades.sqlite"
_SLOWEST = 3
_KINDS = {None: "known before", Status.SKIPPED: Status.SKIPPED.value}
"""What became of submissions without a new grade."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command."""

    submissions: Path
    out: Path
    only: Sequence[str]
    sources: Sequence[str]
    """The folders of sources that the user named, as NAME=PATH."""
    jobs: int
    fresh: bool
    """Whether to forget the grades made before."""
    seed: str | None
    """The seed of randomized sizes; None is one that nobody can guess."""
    database: str | None
    """The URL of a database for SQLAlchemy; None is a file in ``out``."""
    sandbox: str | None
    """The kind of sandbox, of `harness.execution.walls.CHOICES`; None is none."""
    style: bool
    formats: Sequence[str]
    progress: str
    """How progress is shown: ``auto`` or ``json``."""
    watch: bool
    """Whether to grade what arrives, until an interrupt."""
    compare: Path | None
    """Results to compare with, as a folder or its results.json."""
    lower: bool
    """Whether grades may become lower than those."""
    audience: Audience
    """Those who get the files of submissions."""
    dask: str | None
    """The address of a Dask cluster's scheduler, or ``local:N``; None is this process."""


def grade_folder(suite: Suite, tracer: Tracer, options: Options, console: Console) -> int:
    """Grade a folder. Return the exit status: 0 if every submission has a grade, else 2.

    Nothing is printed before the gradebook is written, except on a terminal: an output that is
    closed or full costs no grade. Raises `UserError` and `OSError` if nothing can be graded.
    """
    url = options.database or f"sqlite:///{options.out.absolute() / _DATABASE}"
    require_apart(options.submissions, options.out, database_file(url))
    require_tools(*BUILD_TOOLS, "ltrace", *(("cppcheck", "cpplint") if options.style else ()))
    rules = load_rules(suite)
    if not options.style:
        rules = replace(rules, style=NO_STYLE)
    published = Published(options.compare) if options.compare else None
    handed_in = list_folder(options.submissions)
    chosen = handed_in.submissions if options.watch else handed_in.choose(options.only)
    with only_batch(options.out) as scratch:
        sandboxes = (
            make_batch_sandboxes(suite, options.sandbox, scratch) if options.sandbox else None
        )
        chosen = name_sources(chosen, options.sources, rules.archive, scratch)
        kind = sandboxes.kind if sandboxes else None
        key = rules_key(suite, options.style, kind)
        store = Store(url, key, options.seed, options.fresh and not options.only)
        if options.fresh:
            store.forget(options.only)
        _require_same_rules(store, options)
        if store.shared:
            shuffle(chosen)  # so that batches at the same time seldom grade the same
        grader = make_grader(suite, rules, tracer, options.jobs, store.seed, scratch, sandboxes)
        progress = choose_progress(options.progress, console)
        made_from = origin(suite, kind, store.seed)
        run = _Run(suite, options, store, key, rules.style, made_from, progress)
        run.forget_without_style(chosen)
        run.grade(grader, chosen)
        changes = published.changes(run.graded(chosen)) if published else []
        present = [submission.name for submission in list_folder(options.submissions).submissions]
        gone = published.gone(present) if published else []
        lowered = [] if options.lower else [change for change in changes if change.lower]
        if lowered:
            show_changes(console, changes, gone)
            require_not_lower(lowered)
        handed_in = run.write()
        console.print(Text(run.progress.pace.words()))
        names = handed_in.submissions
        show_summary(console, run.graded(names), suite, rules.made_with, len(names))
        if published:
            show_changes(console, changes, gone)
        show_walls(console, sandboxes.walls() if sandboxes else NO_WALLS)
        _show_end(console, store, handed_in, options)
    return 2 if run.skipped else 0


@dataclass(slots=True)
class _Run:
    """The grading of a folder, and the files that come of it."""

    suite: Suite
    options: Options
    store: Store
    rules: str
    """The key of the rules."""
    style: StyleRules
    origin: Origin
    """What all grades are made from."""
    progress: Silent
    skipped: set[str] = field(default_factory=set)
    """The submissions that a fault of the machine left without a grade."""
    _seconds: dict[str, float] = field(default_factory=dict)
    """How long it took to grade each submission, of equal ones only the first."""
    _began: float = field(default_factory=time.monotonic)
    _ended: float = 0
    """When the last of them was graded."""
    _workers: int = 0
    _cores: int = 0
    """The most that the engine had at a time."""

    def graded(self, submissions: Sequence[Submission]) -> Iterator[Graded]:
        """Yield submissions with their grades, in the points of the suite as it is now."""
        for each in self.store.graded([submission.name for submission in submissions]):
            grade = priced(each.grade, self.suite, self.origin.suite, self.style)
            yield replace(each, grade=grade)

    def forget_without_style(self, submissions: Sequence[Submission]) -> None:
        """Forget grades that lack a style which the suite's points would have judged now."""
        lacking = [
            each.submission
            for each in self.graded(submissions)
            if needs_style(each.grade, self.style)
        ]
        if lacking:
            self.store.forget(lacking)

    def grade(self, grader: Grader, chosen: Sequence[Submission]) -> None:
        """Grade the chosen submissions, or whatever arrives until an interrupt."""
        try:
            with self.progress.shown(), self._engine(grader) as engine:
                coordinator = Coordinator(engine, self.store, grader, self.rules, self.origin)
                for event in self._events(coordinator, chosen):
                    self._note(event)
                    self._workers = max(self._workers, engine.workers)
                    self._cores = max(self._cores, engine.cores)
        except KeyboardInterrupt:
            if not self.options.watch:
                raise

    def _engine(self, grader: Grader) -> AbstractContextManager[Engine]:
        options = self.options
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
        self, coordinator: Coordinator, chosen: Sequence[Submission]
    ) -> Iterator[Begun | Done]:
        if not self.options.watch:
            self.progress.expect(len(chosen))
            return grade_all(coordinator, chosen)

        def expect() -> None:
            self.progress.expect(self.progress.pace.done + coordinator.pending)

        sources = {submission.name: submission.source for submission in chosen}
        folder = self.options.submissions
        return grade_arrivals(coordinator, folder, sources, expect, self.write)

    def _note(self, event: Begun | Done) -> None:
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
        audience = self.options.audience
        pages = GradePages(self.suite, f"{self.rules} {audience.locale}")
        graded = self.graded(handed_in.submissions)
        write_gradebook(out, graded, formats, pages, audience)
        if self._seconds:
            wall = self._ended - self._began
            write_timing(out, self._seconds, wall, self._workers, self._cores)
        self.progress.written()
        return handed_in


def _require_same_rules(store: Store, options: Options) -> None:
    """Make sure that no gradebook is replaced by one of a few submissions by other rules."""
    if options.only and store.holds_only_others():
        raise UserError(
            f"{options.out}: was graded with another suite, checker, sandbox or choice of style",
            "grade all of it again, without --only, or use another --out",
        )


def _show_end(console: Console, store: Store, handed_in: HandedIn, options: Options) -> None:
    if handed_in.junk:
        line = f"Left out, as no submissions: {', '.join(handed_in.junk)}"
        console.print(Text(printable(line)), soft_wrap=True)
    if slowest := [f"{name} {seconds:.1f} s" for name, seconds in store.slowest(_SLOWEST)]:
        console.print(Text(printable(f"Slowest: {', '.join(slowest)}")), soft_wrap=True)
    console.print(Text(printable(f"Written: {options.out / 'gradebook.csv'}")), soft_wrap=True)
