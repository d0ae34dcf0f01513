"""A page of plain text: headings, and below them indented paragraphs, lists and drawings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

_INDENT = "  "
WIDEST_DRAWING = 100
"""The columns of a drawing where there is no terminal, and at most on a page."""


@dataclass
class Page:
    """The lines of a page."""

    width: int | None = None
    """The columns of the terminal; None if there is none to wrap text for."""
    ascii_only: bool = False
    """Whether drawings have to do without lines and shades."""
    lines: list[str] = field(default_factory=list)

    @property
    def drawing_width(self) -> int:
        """The number of columns that a drawing has."""
        return min(self.width or WIDEST_DRAWING, WIDEST_DRAWING) - len(_INDENT)

    def heading(self, text: str) -> None:
        """Begin a section."""
        self.lines += [""] if self.lines else []
        self.lines += self._wrapped(text)

    def paragraph(self, text: str) -> None:
        """Add a text, wrapped."""
        self.lines += self._wrapped(text, _INDENT, _INDENT)

    def table(self, rows: Sequence[tuple[str, str]]) -> None:
        """Add a name and a text for each row; texts are wrapped in their column."""
        if not rows:
            self.paragraph("None.")
        widest = max((len(name) for name, _ in rows), default=0)
        for name, text in rows:
            first = f"{_INDENT}{name:{widest}}  "
            self.lines += self._wrapped(text, first, " " * len(first))

    def drawing(self, lines: Iterable[str]) -> None:
        """Add lines as they are."""
        self.lines += [f"{_INDENT}{line}" for line in lines]

    def show(self, console: Console) -> None:
        """Print the page, its headings in bold."""
        for line in self.lines:
            style = "" if line.startswith(_INDENT) else "bold"
            console.print(Text(line, style), soft_wrap=True)

    def _wrapped(self, text: str, first: str = "", later: str = "") -> list[str]:
        if self.width is None:
            return [first + text]
        return textwrap.wrap(
            text,
            max(self.width, len(first) + 20),
            initial_indent=first,
            subsequent_indent=later,
            break_on_hyphens=False,
        )


def page_for(console: Console) -> Page:
    """Return an empty page that suits a console."""
    width = console.width if console.is_terminal else None
    return Page(width, console.options.ascii_only)
