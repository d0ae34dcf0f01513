"""Verdicts on a terminal: a table while the tests run, then the failures, then the points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from harness.execution.build import Library
from harness.execution.build_error import BuildError
from harness.results.verdict import Outcome, Recorded, Reference, Verdict
from harness.suite import Suite
from harness.trace.compare import Row, around, side_by_side
from harness.trace.judged import judged_parts
from harness.trace.trace import FLAGS, PROTECTION, UNKNOWN_NOTE

_STYLES = {
    Outcome.PASSED: "green",
    Outcome.DIFFERS: "yellow",
    Outcome.SKIPPED: "dim",
}
_BAD = "red"
_SHOWN_IN_FULL = 3
"""The number of failed tests that are shown with their traces, unless all are requested."""
_LINES_BEFORE, _LINES_AFTER = 4, 4
_PIPE_WIDTH = 1000


def make_console() -> Console:
    """Return a console that prints text as it is, and cuts it to the width of a terminal only if
    there is one."""
    terminal = Console().is_terminal
    return Console(
        width=None if terminal else _PIPE_WIDTH,
        # Untrusted programs have written some of the text: no markup, no names of emoji.
        highlight=False,
        markup=False,
        emoji=False,
    )


def _points(verdict: Verdict) -> str:
    return f"{verdict.points}/{verdict.test.points}"


def _row(verdict: Verdict, name_width: int) -> Text:
    """Return a row of the table."""
    outcome = verdict.outcome
    style = _STYLES.get(outcome, _BAD)
    row = Text()
    row.append(f"{verdict.test.name:{name_width}}  ")
    row.append(f"{outcome:{max(map(len, Outcome))}}", style)
    # The reason of a failed build is the same for all tests, and shown once below.
    reason = "" if outcome is Outcome.NOT_BUILT else verdict.reason
    row.append(f"  {_points(verdict):>5}  {reason}")
    row.rstrip()
    return row


def _print_row(console: Console, row: Text) -> None:
    if console.is_terminal:
        console.print(row, no_wrap=True, overflow="ellipsis")
    else:
        console.print(row, soft_wrap=True)


def show_table(console: Console, suite: Suite, verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Print a row for each verdict as it comes, on a terminal with a progress bar below. Return all
    verdicts."""
    width = max((len(test.name) for test in suite.tests), default=0)
    seen = []
    for verdict in _with_progress(console, verdicts, len(suite.tests)):
        seen.append(verdict)
        _print_row(console, _row(verdict, width))
    return seen


def _with_progress(console: Console, verdicts: Iterable[Verdict], total: int) -> Iterable[Verdict]:
    if not console.is_terminal:
        return verdicts
    columns = (TextColumn("tracing"), BarColumn(), MofNCompleteColumn())
    return _tracked(Progress(*columns, console=console, transient=True), verdicts, total)


def _tracked(progress: Progress, verdicts: Iterable[Verdict], total: int) -> Iterator[Verdict]:
    with progress:
        yield from progress.track(verdicts, total=total)


_STANDARD_MAPPING = f", {PROTECTION}, {FLAGS}, -1, 0)"


def _cells(line: tuple[int, str] | None, mark: str) -> tuple[str, str]:
    """Return a line's number and its text, without what is equal in all correct mappings."""
    if line is None:
        return mark, "-"
    text = line[1].removesuffix(UNKNOWN_NOTE).replace(_STANDARD_MAPPING, ", ...)")
    return f"{mark} {line[0]:4d}", text


def _sides(rows: Iterable[Row]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("expected", "found"):
        table.add_column("", no_wrap=True)
        table.add_column(title, overflow="fold")
    for row in rows:
        mark = " " if row.same else ">"
        style = "" if row.same else "bold"
        table.add_row(*_cells(row.expected, mark), *_cells(row.found, mark), style=style)
    return table


def _traces(verdict: Verdict, whole: bool) -> Table | None:
    if verdict.found is None:
        return None
    rows = list(side_by_side(*judged_parts(verdict.expected or verdict.found, verdict.found)))
    return _sides(rows if whole else around(rows, _LINES_BEFORE, _LINES_AFTER))


def _print_paragraph(console: Console, text: str, style: str = "") -> None:
    """Print an indented paragraph, which only a terminal wraps."""
    for line in text.splitlines():
        if console.is_terminal:
            console.print(Padding(Text(line, style), (0, 0, 0, 2)))
        else:
            console.print(Text(f"  {line}", style), soft_wrap=True)


def _show_failure(console: Console, verdict: Verdict, whole: bool) -> None:
    console.print()
    console.print(Text.assemble((verdict.test.name, "bold"), f": {verdict.outcome}"))
    _print_paragraph(console, verdict.reason)
    _print_paragraph(console, verdict.advice, "cyan")
    traces = _traces(verdict, whole)
    if traces is not None:
        console.print(traces)


def show_failures(console: Console, verdicts: Sequence[Verdict], verbose: bool, again: str) -> None:
    """Print why tests failed: the first few, with the lines around their first difference; with
    ``verbose`` all of them, with their whole traces. ``again`` is the command to which the name of
    a test can be added."""
    failed = [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASSED]
    shown = failed if verbose else failed[:_SHOWN_IN_FULL]
    if _same_reason(failed):
        shown = failed[:1]
    for verdict in shown:
        _show_failure(console, verdict, verbose)
    traced = [verdict for verdict in shown if verdict.found is not None]
    if traced and not verbose:
        more = len(failed) - len(shown)
        hint = f"To see one from beginning to end: {again} -v {traced[0].test.name}"
        console.print()
        console.print(Text(f"{more} more failed. {hint}" if more else hint, "dim"), soft_wrap=True)


def _same_reason(failed: Sequence[Verdict]) -> bool:
    """Return whether all tests failed for one reason, a library that could not be built."""
    reasons = {(verdict.outcome, verdict.reason) for verdict in failed}
    return len(reasons) == 1 and failed[0].outcome is Outcome.NOT_BUILT


def _passed(verdicts: Sequence[Verdict]) -> int:
    return sum(verdict.outcome is Outcome.PASSED for verdict in verdicts)


def show_points(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Print the number of passed tests, and the points."""
    counting = [verdict for verdict in verdicts if not verdict.test.extra]
    extra = [verdict for verdict in verdicts if verdict.test.extra]
    points = sum(verdict.points for verdict in verdicts)
    most = sum(verdict.test.points for verdict in verdicts)
    summary = f"{_passed(counting)} of {len(counting)} tests passed: {points} of {most} points"
    if extra:
        summary += f"; {_passed(extra)} of {len(extra)} extra tests passed"
    console.print()
    console.print(Text(summary, "bold green" if points == most else "bold"))


def show_build(console: Console, library: Library | BuildError) -> None:
    """Print whose utils a library was built with, if that was a question, and why newer compilers
    refuse it, if they do."""
    if isinstance(library, Library) and library.utils:
        console.print(Text(f"Utils: {library.utils}"), soft_wrap=True)
    if isinstance(library, Library) and library.refused:
        text = f"Built with lenient flags; newer compilers refuse this library: {library.refused}"
        console.print(Text(text), soft_wrap=True)


def show_list(console: Console, suite: Suite) -> None:
    """Print the tests of a suite, and their points."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("test")
    table.add_column("points", justify="right")
    table.add_column("program")
    for test in suite.tests:
        table.add_row(test.name, str(test.points), str(test.snippet))
    console.print(table)
    extra = sum(test.extra for test in suite.tests)
    summary = f"{len(suite.tests) - extra} tests, {suite.points} points"
    console.print(f"{summary}; {extra} extra tests" if extra else summary)


def show_recorded(console: Console, suite: Suite, recorded: Sequence[Recorded]) -> None:
    """Print which references are new or changed, and which were refused."""
    for record in recorded:
        if record.reference is not Reference.UNCHANGED:
            style = _BAD if record.reference is Reference.REFUSED else ""
            line = Text.assemble(f"{record.test.name}  ", (record.reference, style))
            line.append(f"  {record.reason}").rstrip()
            console.print(line, soft_wrap=True)
    counts = Counter(record.reference for record in recorded)
    summary = ", ".join(f"{counts[kind]} {kind}" for kind in Reference if counts[kind])
    console.print(f"{suite.references}: {summary}")
