"""A run of ``grade``: a folder of submissions in, a folder of results out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import shuffle

from rich.console import Console
from rich.text import Text

from harness.errors import UserError
from harness.execution.tools import BUILD_TOOLS, require_tools
from harness.execution.walls import walls_of
from harness.grading.apart import require_apart
from harness.grading.batch import HandedIn, list_folder, only_batch
from harness.grading.database import database_file
from harness.grading.keys import rules_key
from harness.grading.named_sources import name_sources
from harness.grading.options import Options
from harness.grading.passwords import environment_password
from harness.grading.prepare import make_batch_sandboxes, make_grader
from harness.grading.regrading import Published, require_not_lower
from harness.grading.rules import NO_STYLE, load_rules
from harness.grading.run import Batch, Run
from harness.grading.store import Store
from harness.grading.suites import Suites
from harness.reports.changes import show_changes
from harness.reports.progress_choice import choose_progress
from harness.reports.summary import show_summary
from harness.reports.terminal import show_walls
from harness.suite import Suite
from harness.text import printable
from harness.tracers.tracer import Tracer

_DATABASE = "grades.sqlite"
_SLOWEST = 3


def grade_folder(suites: Suites, tracer: Tracer, options: Options, console: Console) -> int:
    """Grade a folder. Return the exit status: 0 if every submission has a grade, else 2.

    Nothing is printed before the gradebook is written, except on a terminal: an output that is
    closed or full costs no grade. Raises `UserError` and `OSError` if nothing can be graded.
    """
    environment_password()  # before any program is started
    url = options.database or f"sqlite:///{options.out.absolute() / _DATABASE}"
    require_apart(options.submissions, options.out, database_file(url))
    require_tools(*BUILD_TOOLS, "ltrace", *(("cppcheck", "cpplint") if options.style else ()))
    rules = load_rules(suites.usual)
    if not options.style:
        rules = replace(rules, style=NO_STYLE)
    published = Published(options.compare) if options.compare else None
    handed_in = list_folder(options.submissions)
    chosen = handed_in.submissions if options.watch else handed_in.choose(options.only)
    with only_batch(options.out) as scratch:
        sandboxes = make_batch_sandboxes(suites.usual.run_limits, options.sandbox, scratch)
        chosen = name_sources(chosen, options.sources, rules.archive, scratch)
        kind = sandboxes.kind if sandboxes else None
        progress = choose_progress(options.progress, console)
        store = Store(url, "", options.seed, options.fresh and not options.only)
        _require_seed(store, url, options)

        def make_run(suite: Suite) -> Run:
            key, seed = rules_key(suite, options.style, kind), store.seed
            grader = make_grader(suite, rules, tracer, options.jobs, seed, scratch, sandboxes)
            locale = options.audience.locale
            return Run(suite, store.for_rules(key), grader, key, rules.style, locale)

        batch = Batch(options, progress, suites, make_run)
        names = [each.name for each in handed_in.submissions]
        _make_runs(batch, names)
        if options.fresh:
            batch.forget(options.only)
        _require_same_rules(batch, options)
        if store.shared:
            shuffle(chosen)  # so that batches at the same time seldom grade the same

        batch.grade(chosen)
        changes = published.changes(batch.graded(chosen)) if published else []
        names = [submission.name for submission in list_folder(options.submissions).submissions]
        gone = published.gone(names) if published else []
        if not options.lower and any(change.lower for change in changes):
            show_changes(console, "grades", changes, gone)
            require_not_lower(changes, "grade", "gradebook")
        handed_in = batch.write()
        console.print(Text(progress.pace.words()))
        present = handed_in.submissions
        show_summary(console, batch.graded(present), suites.usual, rules.made_with, len(present))
        if published:
            show_changes(console, "grades", changes, gone)
        show_walls(console, walls_of(sandboxes))
        if options.watch:
            chosen = list(present)
        left_out = suites.without([submission.name for submission in chosen])
        _show_end(console, batch, handed_in, left_out)
    return 2 if batch.skipped or left_out else 0


def _make_runs(batch: Batch, names: Sequence[str]) -> None:
    """Make the runs of submissions. Where all share one suite, build what they are tested with at
    once: nothing can be graded without. Raises `UserError`."""
    if batch.suites.own is None:
        batch.run_with(batch.suites.usual).grader.programs()
    elif not [name for name in names if batch.run_of(name)] and not batch.options.watch:
        raise UserError(
            f"{batch.options.submissions}: expected the submission of a student who has a suite,"
            " found none"
        )


def _require_seed(store: Store, url: str, options: Options) -> None:
    """Make sure that a seed that was asked for is that of all grades."""
    if options.seed not in (None, store.seed):
        raise UserError(
            f"{database_file(url) or options.out}: expected grades with the seed {options.seed!r},"
            f" found some with {store.seed!r}",
            "use another --out or --db, or start over with --fresh",
        )


def _require_same_rules(batch: Batch, options: Options) -> None:
    """Make sure that no gradebook is replaced by one of a few submissions by other rules."""
    if options.only and all(run.store.holds_only_others() for run in batch.runs):
        raise UserError(
            f"{options.out}: was graded with another suite, checker, sandbox or choice of style",
            "grade all of it again, without --only, or use another --out",
        )


def _show_end(console: Console, batch: Batch, handed_in: HandedIn, left_out: Sequence[str]) -> None:
    if left_out:
        line = f"Left out, without a suite of their own: {', '.join(left_out)}"
        console.print(Text(printable(line), "red"), soft_wrap=True)
    if handed_in.junk:
        line = f"Left out, as no submissions: {', '.join(handed_in.junk)}"
        console.print(Text(printable(line)), soft_wrap=True)
    if slowest := [f"{name} {seconds:.1f} s" for name, seconds in batch.slowest(_SLOWEST)]:
        console.print(Text(printable(f"Slowest: {', '.join(slowest)}")), soft_wrap=True)
    console.print(
        Text(printable(f"Written: {batch.options.out / 'gradebook.csv'}")), soft_wrap=True
    )
