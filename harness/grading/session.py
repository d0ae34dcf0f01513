"""A run of ``grade``: a folder of submissions in, a folder of results out."""

from __future__ import annotations

import shutil
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
from harness.execution.versions import Versions, installed_versions
from harness.grading.batch import (
    Done,
    find_submissions,
    grade_batch,
    only_batch,
)
from harness.grading.keys import rules_key
from harness.grading.named_sources import name_sources
from harness.grading.rules import NO_STYLE, Rules, load_rules
from harness.grading.store import Store
from harness.grading.submission import Grader
from harness.reports.formats import FORMATS
from harness.reports.gradebook import write_gradebook
from harness.reports.summary import show_summary
from harness.suite import Suite
from harness.text import printable
from harness.tracers.tracer import Tracer

_DATABASE = "grades.sqlite"
_SLOWEST = 3


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


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def grade_folder(suite: Suite, tracer: Tracer, options: Options, console: Console) -> int:
    """Grade a folder. Return the exit status: 0 if every submission has a grade, else 2.

    Raises `UserError` and `OSError` if nothing can be graded.
    """
    if _lies_in(options.out, options.submissions):
        raise UserError(
            f"{options.out}: expected a folder outside of {options.submissions}, where the results"
            " would be taken for submissions"
        )
    require_tools(*BUILD_TOOLS, "ltrace", *(("cppcheck", "cpplint") if options.style else ()))
    rules = load_rules(suite)
    if not options.style:
        rules = replace(rules, style=NO_STYLE)
    found = find_submissions(options.submissions, options.only)
    with only_batch(options.out) as scratch:
        entrance = _show_entrance(suite, scratch) if options.sandboxed else None
        found = name_sources(found, options.sources, rules.archive, scratch)
        store = Store(options.database or f"sqlite:///{options.out.absolute() / _DATABASE}")
        if options.fresh:
            store.forget(options.only)
        key = rules_key(suite, options.style, options.sandboxed)
        _require_rules(store, key, options)
        grader = _grader(suite, rules, tracer, options, store.seed(options.seed), scratch, entrance)
        done = grade_batch(found, grader, store, key, options.jobs)
        failed = _show_progress(console, done, len(found))
        everyone = [submission.name for submission in find_submissions(options.submissions, ())]
        formats = {name: FORMATS[name] for name in options.formats}
        write_gradebook(options.out, store.graded(everyone), formats)
        _show_end(console, store, everyone, rules.made_with, options)
    return 2 if failed else 0


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


def _show_progress(console: Console, done: Iterator[Done], total: int) -> int:
    """Show how far the batch is, and what could not be graded. Return the number of the latter."""
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
    counts = {"graded": 0, "known before": 0, "failed": 0}

    def show_counts() -> str:
        return ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)

    with shown:
        task = progress.add_task("grading", total=total, counts="")
        for each in done:
            kind = "failed" if each.error else "known before" if each.known else "graded"
            counts[kind] += len(each.submissions)
            if each.error:
                line = f"{', '.join(each.submissions)}: not graded: {each.error}"
                console.print(Text(printable(line), "red"), soft_wrap=True)
            progress.update(task, advance=len(each.submissions), counts=show_counts())
    console.print(Text(show_counts()))
    return counts["failed"]


def _show_end(
    console: Console,
    store: Store,
    everyone: Sequence[str],
    made_with: Versions,
    options: Options,
) -> None:
    show_summary(console, store.graded(everyone), made_with)
    slowest = [f"{name} {seconds:.1f} s" for name, seconds in store.slowest(_SLOWEST)]
    console.print(Text(printable(f"Slowest: {', '.join(slowest)}")), soft_wrap=True)
    console.print(Text(printable(f"Written: {options.out / 'gradebook.csv'}")), soft_wrap=True)
