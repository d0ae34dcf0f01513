"""What commands print on a terminal: paragraphs, points, lists of tests, what was recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.execution.build import Library
from harness.execution.build_error import BuildError, excerpt
from harness.reports.diagnosis import LEGEND, Entry, Told
from harness.results.verdict import Outcome, Recorded, Reference, Verdict
from harness.suite import Suite

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


def print_paragraph(console: Console, text: str, style: str = "", indent: int = 2) -> None:
    """Print an indented paragraph, which only a terminal wraps."""
    for line in text.splitlines():
        if console.is_terminal:
            console.print(Padding(Text(line, style), (0, 0, 0, indent)))
        else:
            console.print(Text(f"{' ' * indent}{line}", style), soft_wrap=True)


def _passed(verdicts: Sequence[Verdict]) -> int:
    return sum(verdict.outcome is Outcome.PASSED for verdict in verdicts)


def points_in_words(verdicts: Sequence[Verdict], total: int) -> str:
    """Return the number of passed tests, and the points; if fewer than the ``total`` number of
    tests were run, say so."""
    counting = [verdict for verdict in verdicts if not verdict.test.extra]
    extra = [verdict for verdict in verdicts if verdict.test.extra]
    points = sum(verdict.points for verdict in verdicts)
    most = sum(verdict.test.points for verdict in verdicts)
    summary = f"{_passed(counting)} of {len(counting)} tests passed: {points} of {most} points"
    if extra:
        summary += f"; {_passed(extra)} of {len(extra)} extra tests passed"
    if len(verdicts) < total:
        summary += f"; stopped after {len(verdicts)} of {total} tests"
    return summary


def show_points(console: Console, verdicts: Sequence[Verdict], total: int) -> None:
    """Print the number of passed tests, and the points."""
    all_earned = all(verdict.points == verdict.test.points for verdict in verdicts)
    console.print()
    console.print(Text(points_in_words(verdicts, total), "bold green" if all_earned else "bold"))


def show_walls(console: Console, walls: str) -> None:
    """Print which walls stood between the submission and this machine."""
    console.print(Text(walls), soft_wrap=True)


def show_diagnosis(console: Console, told: Told) -> None:
    """Print what is wrong, as far as it is known. Print nothing if nothing is."""
    heading = told.heading()
    if not heading:
        return
    console.print(Text(heading, "bold"), soft_wrap=True)
    print_paragraph(console, told.given())
    for number, entry in enumerate(told.causes(), 1):
        _show_entry(console, f"{number:2}.", entry)
    for entry in told.observed():
        _show_entry(console, " - ", entry)
    console.print()
    console.print(Text(LEGEND, "dim"), soft_wrap=True)
    console.print()


def _show_entry(console: Console, mark: str, entry: Entry) -> None:
    console.print()
    console.print(Text.assemble(mark, " ", (entry.title, "bold")), soft_wrap=True)
    for line in entry.lines:
        print_paragraph(console, line, indent=4)


def show_not_built(console: Console, error: BuildError) -> None:
    """Print why a library could not be built, with what the compiler says."""
    console.print(Text("The library could not be built, so no test was run.", "bold red"))
    print_paragraph(console, str(error))
    if error.log is not None:
        console.print()
        for line in excerpt(error.log):
            print_paragraph(console, line)
        print_paragraph(console, f"All of it: {error.log}", "dim")


def show_build(console: Console, library: Library) -> None:
    """Print whose utils a library was built with, if that was a question, and why newer compilers
    refuse it, if they do."""
    if library.utils:
        console.print(Text(f"Utils: {library.utils}"), soft_wrap=True)
    if library.refused:
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
            style = "red" if record.reference is Reference.REFUSED else ""
            line = Text.assemble(f"{record.test.name}  ", (record.reference, style))
            line.append(f"  {record.reason}").rstrip()
            console.print(line, soft_wrap=True)
    counts = Counter(record.reference for record in recorded)
    summary = ", ".join(f"{counts[kind]} {kind}" for kind in Reference if counts[kind])
    console.print(f"{suite.references}: {summary}")
