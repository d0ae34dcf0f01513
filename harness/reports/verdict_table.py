"""The table of verdicts on a terminal, with a progress bar while the tests run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from harness.results.alike import failed_alike, group_alike
from harness.results.verdict import Outcome, Verdict

STYLES = {
    Outcome.PASSED: "green",
    Outcome.DIFFERS: "yellow",
    Outcome.SKIPPED: "dim",
}
"""The styles of outcomes; the others are `BAD`."""
BAD = "red"
_LEAST_ALIKE = 3
"""So many tests that failed for the same reason are shown in one row."""


def follow(console: Console, verdicts: Iterable[Verdict], total: int) -> list[Verdict]:
    """Return all verdicts. On a terminal, show how many there are as they come."""
    if not console.is_terminal:
        return list(verdicts)
    # It takes longer to load than a test takes to run.
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("tracing"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        return list(progress.track(verdicts, total=total))


def show_table(
    console: Console, verdicts: Sequence[Verdict], pointers: Mapping[str, str], verbose: bool
) -> None:
    """Print a row for each verdict. ``pointers`` says for the names of failed tests which mistakes
    explain them. Tests that failed alike share a row, unless ``verbose``."""
    width = max((len(verdict.test.name) for verdict in verdicts), default=0)
    for alike in _rows(verdicts, verbose):
        row = _row(alike, width, pointers)
        if console.is_terminal:
            console.print(row, no_wrap=True, overflow="ellipsis")
        else:
            console.print(row, soft_wrap=True)


def _rows(verdicts: Sequence[Verdict], verbose: bool) -> Iterator[list[Verdict]]:
    """Yield the verdicts of each row, in the order of their first ones."""
    groups = {failed_alike(alike[0]): alike for alike in group_alike(verdicts)}
    for verdict in verdicts:
        alike = groups[failed_alike(verdict)]
        if verbose or not verdict.reason or len(alike) < _LEAST_ALIKE:
            yield [verdict]
        elif verdict is alike[0]:
            yield alike


def _row(alike: Sequence[Verdict], name_width: int, pointers: Mapping[str, str]) -> Text:
    verdict = alike[0]
    name = verdict.test.name if len(alike) == 1 else f"{len(alike)} tests"
    points = sum(each.points for each in alike)
    most = sum(each.test.points for each in alike)
    reason = verdict.reason
    if any(each.reason != reason for each in alike):
        reason += ", and the like"
    told = [pointers.get(verdict.test.name, "") if reason else "", reason]
    row = Text()
    row.append(f"{name:{name_width}}  ")
    row.append(f"{verdict.outcome:{max(map(len, Outcome))}}", STYLES.get(verdict.outcome, BAD))
    row.append(f"  {f'{points}/{most}':>5}  {': '.join(filter(None, told))}")
    row.rstrip()
    return row
