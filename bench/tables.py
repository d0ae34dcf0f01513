"""Tables in Markdown, as readable on a terminal as on a page."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

_WIDTH = 200
"""More than any table needs, so that none is cut."""


def show_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table, in which all columns but the first are numbers."""
    table = Table(box=MARKDOWN)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=_WIDTH, markup=False, highlight=False).print(table)
