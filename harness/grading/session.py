"""A run of ``grade``: a folder of submissions in, a folder of results out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from harness.checking.programs import build_player, build_programs
from harness.errors import UserError
from harness.execution.build_error import BuildError
from harness.execution.entrance import build_entrance
from harness.execution.sandbox import Sandbox, require_sandbox
from harness.execution.tools import BUILD_TOOLS, require_tools
from harness.execution.versions import installed_versions
from harness.grading.apart import require_apart
from harness.grading.batch import Done, HandedIn, grade_batch, list_folder, only_batch
from harness.grading.keys import rules_key
from harness.grading.named_sources import name_sources
from harness.grading.rules import NO_STYLE, Rules, load_rules
from harness.grading.store import Store, database_file
from harness.grading.submission import Grader
from harness.reports.formats import FORMATS
from harness.reports.gradebook import write_gradebook
from harness.reports.summary import show_summary
from harness.results.grade import Status
from harness.suite import Suite
from harness.text import printable
from harness.trace.file import read_trace_file
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
    sandboxed: bool
    style: bool
    formats: Sequence[str]


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
    handed_in = list_folder(options.submissions)
    chosen = handed_in.choose(options.only)
    with only_batch(options.out) as scratch:
        entrance = _show_entrance(suite, scratch) if options.sandboxed else None
        chosen = name_sources(chosen, options.sources, rules.archive, scratch)
        store = Store(url, options.fresh and not options.only)
        if options.fresh:
            store.forget(options.only)
        key = rules_key(suite, options.style, options.sandboxed)
        _require_rules(store, key, options)
        grader = _grader(suite, rules, tracer, options, store.seed(options.seed), scratch, entrance)
        done = grade_batch(chosen, grader, store, key, options.jobs)
        counts = _follow(console, done, len(chosen))
        everyone = [submission.name for submission in handed_in.submissions]
        formats = {name: FORMATS[name] for name in options.formats}
        write_gradebook(options.out, store.graded(everyone), formats)
        console.print(Text(_listed(counts)))
        show_summary(console, store.graded(everyone), rules.made_with, len(everyone))
        _show_end(console, store, handed_in, options)
    return 2 if counts[Status.SKIPPED] else 0


def _require_rules(store: Store, key: str, options: Options) -> None:
    """Make sure that all grades in a gradebook are by the same rules."""
    if store.rules(key) == key:
        return
    if options.only:
        raise UserError(
            f"{options.out}: was graded with another suite, checker or choice of style",
            "grade all of it again, without --only, or use another --out",
        )
    store.change_rules(key)


def _show_entrance(suite: Suite, scratch: Path) -> Path:
    """Return the entrance of sandboxes, in a folder that they can reach."""
    entrance = scratch / "entrance"
    shutil.copytree(build_entrance(), entrance)
    require_sandbox(Sandbox(suite.run_limits, entrance), scratch, "TMPDIR")
    return entrance


def _grader(
    suite: Suite,
    rules: Rules,
    tracer: Tracer,
    options: Options,
    seed: str,
    scratch: Path,
    entrance: Path | None,
) -> Grader:
    for test in suite.tests:
        read_trace_file(test.reference)
    programs = build_programs(suite, options.jobs)
    for name, program in programs.items():
        if isinstance(program, BuildError):
            raise UserError(f"{suite.path}: {name}: its program could not be built: {program}")
    player = build_player(suite, options.jobs)
    return Grader(
        suite,
        rules,
        programs,
        player,
        tracer,
        entrance,
        seed,
        installed_versions(),
        scratch,
    )


def _follow(console: Console, done: Iterator[Done], total: int) -> Counter[str]:
    """Show how far the batch is, on a terminal. Return the number of submissions by what became of
    them."""
    progress = Progress(
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
        console=console,
    )
    shown: AbstractContextManager[object] = nullcontext()
    if console.is_terminal:
        shown = progress
    counts = Counter[str]()
    with shown:
        task = progress.add_task("grading", total=total, counts="")
        for each in done:
            counts[_KINDS.get(each.status, "graded")] += len(each.submissions)
            progress.update(task, advance=len(each.submissions), counts=_listed(counts))
    return counts


def _listed(counts: Counter[str]) -> str:
    kinds = ("graded", *_KINDS.values())
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])


def _show_end(console: Console, store: Store, handed_in: HandedIn, options: Options) -> None:
    if handed_in.junk:
        line = f"Left out, as no submissions: {', '.join(handed_in.junk)}"
        console.print(Text(printable(line)), soft_wrap=True)
    if slowest := [f"{name} {seconds:.1f} s" for name, seconds in store.slowest(_SLOWEST)]:
        console.print(Text(printable(f"Slowest: {', '.join(slowest)}")), soft_wrap=True)
    console.print(Text(printable(f"Written: {options.out / 'gradebook.csv'}")), soft_wrap=True)
