"""Why tests failed, on a terminal: reasons, advice, traces side by side, and what was printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.results.alike import group_alike
from harness.reports.page import WIDEST_DRAWING
from harness.reports.strips import Strips
from harness.reports.terminal import print_paragraph
from harness.results.verdict import Verdict
from harness.specification.policy import Policy
from harness.text import printable_lines
from harness.trace.compare import Row, around, side_by_side
from harness.trace.judged import judged_parts
from harness.trace.trace import UNKNOWN_NOTE, shortened

_SHOWN = 3
"""The number of failed tests that are shown, unless all are requested."""
_LINES_BEFORE, _LINES_AFTER = 4, 4
_PRINTED_LINES = 40


def _cells(line: tuple[int, str] | None, mark: str) -> tuple[str, str]:
    """Return a line's number and its text, without what is equal in all correct mappings."""
    if line is None:
        return mark, "-"
    text = shortened(line[1].removesuffix(UNKNOWN_NOTE))
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


def _place(verdict: Verdict) -> str:
    """Return the line of the test program, as an editor finds it."""
    return f", {verdict.test.snippet}:{verdict.line}" if verdict.line else ""


def show_failure(
    console: Console, verdict: Verdict, whole: bool, traces: bool, policy: Policy | None = None
) -> None:
    """Print why a test failed, with the ``traces`` around their first difference if wanted, or the
    ``whole`` ones; with the heap after that call as well if the ``policy`` is given."""
    console.print()
    console.print(
        Text.assemble((verdict.test.name, "bold"), f": {verdict.outcome}{_place(verdict)}"),
        soft_wrap=True,
    )
    print_paragraph(console, verdict.reason)
    print_paragraph(console, verdict.advice, "cyan")
    if policy is not None:
        show_strips(console, Strips(verdict, policy))
    table = _traces(verdict, whole) if traces or whole else None
    if table is not None:
        console.print(table)


def show_strips(console: Console, strips: Strips, number: int | None = None) -> None:
    """Print the heaps of a test after a call: by default the one that went wrong."""
    if not strips.sides:
        return
    number = strips.first if number is None else number
    width = console.width if console.is_terminal else WIDEST_DRAWING
    print_paragraph(console, strips.heading(number))
    for line in strips.draw(number, width - 2, console.options.ascii_only):
        style = "bold" if line.startswith(">") else ""
        console.print(Text(f"  {line}", style), soft_wrap=True)


def show_failures(
    console: Console,
    failed: Sequence[Verdict],
    verbose: bool,
    traces: bool,
    again: str,
    policy: Policy,
) -> None:
    """Print why tests failed: the first few, of tests that failed alike one, or all if ``verbose``,
    then with their whole traces. With ``traces``, or if ``verbose``, the heap is drawn as well.
    ``again`` is the command to which the name of a test can be added."""
    shown = failed if verbose else [alike[0] for alike in group_alike(failed)][:_SHOWN]
    for verdict in shown:
        show_failure(console, verdict, verbose, traces, policy if verbose or traces else None)
    if shown and not verbose:
        more = len(failed) - len(shown)
        hint = f"To see one from beginning to end: {again} -v {shown[0].test.name}"
        console.print()
        console.print(Text(f"{more} more failed. {hint}" if more else hint, "dim"), soft_wrap=True)


def show_printed(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Print what the programs printed, by the call that they printed it in."""
    for verdict in verdicts:
        if verdict.printed:
            console.print()
            console.print(Text.assemble((verdict.test.name, "bold"), ": printed"))
            _print_lines(console, verdict)


def _print_lines(console: Console, verdict: Verdict) -> None:
    lines = [
        f"{_in_call(verdict, each.call)} | {line}"
        for each in verdict.printed
        for line in printable_lines(each.text)
    ]
    for line in lines[:_PRINTED_LINES]:
        print_paragraph(console, line)
    if more := len(lines) - _PRINTED_LINES:
        if more > 0:
            print_paragraph(console, f"and {more} more lines")


def _in_call(verdict: Verdict, number: int) -> str:
    if number == 0 or verdict.found is None:
        return "outside of calls"
    return f"call {number} of the program, {verdict.found.calls[number - 1].head}"
