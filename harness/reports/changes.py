"""What differs from published grades, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from harness.results.changes import Change
from harness.text import printable


def show_changes(
    console: Console, what: str, changes: Sequence[Change], gone: Sequence[str]
) -> None:
    """Print each change of grades, or ``what`` else was published: old and new points, the causes,
    and the tests that differ; and the names that are gone."""
    lower = sum(change.lower for change in changes)
    words = f"{len(changes)} {what} differ from those published, {lower} of them lower"
    console.print(Text(f"\n{words}", "bold"))
    for change in changes:
        causes = "; ".join(change.causes)
        line = f"  {change.name}: {_shown(change.old)} -> {_shown(change.new)}: {causes}"
        console.print(Text(printable(line), "red" if change.lower else ""), soft_wrap=True)
        for test in change.tests:
            line = f"    {test.name}: {test.old} -> {test.new}"
            console.print(Text(printable(line)), soft_wrap=True)
    for name in gone:
        console.print(Text(printable(f"  {name}: published, and no longer there")), soft_wrap=True)


def _shown(points: int | Decimal | None) -> str:
    return "none" if points is None else str(points)
