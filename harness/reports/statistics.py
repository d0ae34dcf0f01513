"""The statistics of traces, for people and for programs."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.checking.explain import what_differs
from harness.trace.regression import Comparison, Side
from harness.trace.statistics import FIGURES


def _number(value: float) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"


def _change(before: float, after: float) -> str:
    if before == after:
        return ""
    share = f" ({(after - before) / before:+.1%})" if before else ""
    number = f"{after - before:+,.3f}" if isinstance(after, float) else f"{after - before:+,}"
    return f"{number}{share}"


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("figure")
    for column in columns:
        table.add_column(column, justify="right")
    table.add_column("")
    return table


def show_statistics(console: Console, side: Side) -> None:
    """Print the statistics of a trace, and how it ended."""
    table = _table("")
    table.show_header = False
    for name, value in side.statistics.items():
        table.add_row(name, _number(value), Text(FIGURES[name], "dim"))
    console.print(table)
    console.print(Text(str(side.end)))


def show_comparison(console: Console, comparison: Comparison) -> None:
    """Print the first difference of two traces, and the statistics of both. ``!`` marks a figure
    that moved further than allowed."""
    if comparison.difference is None:
        console.print("The traces are the same.")
    else:
        line = comparison.difference.line
        text = f"First difference: line {line}, {what_differs(comparison.difference)}"
        console.print(Text(text), soft_wrap=True)
    before, after = comparison.before, comparison.after
    table = _table("before", "after", "change")
    for name, old in before.statistics.items():
        new = after.statistics[name]
        refused = name in comparison.refused
        cells = (name, _number(old), _number(new), _change(old, new), "!" if refused else "")
        table.add_row(*cells, style="bold" if refused else "")
    table.add_row(
        "end", str(before.end), str(after.end), "", "" if before.end == after.end else "!"
    )
    console.print(table)


def render_statistics(side: Side) -> str:
    """Return ``{"figures": {NAME: NUMBER}, "end"}``."""
    return json.dumps({"figures": side.statistics, "end": str(side.end)}, indent=2) + "\n"


def render_comparison(comparison: Comparison) -> str:
    """Return ``{"passed", "first_difference": {"line", "call", "text"} or null, "refused": [NAME],
    "before": {"figures", "end"}, "after": {"figures", "end"}}``"""
    difference = comparison.difference
    content = {
        "passed": comparison.passed,
        "first_difference": difference
        and {"line": difference.line, "call": difference.call, "text": what_differs(difference)},
        "refused": comparison.refused,
        **{
            name: {"figures": side.statistics, "end": str(side.end)}
            for name, side in (("before", comparison.before), ("after", comparison.after))
        },
    }
    return json.dumps(content, indent=2) + "\n"
