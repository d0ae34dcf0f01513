"""Text that somebody else wrote, made fit to be shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text in one line: whatever a terminal, a file or a parser could take for more than a
    letter (control characters, line ends, escapes, marks of direction, lone surrogates) becomes
    U+FFFD. It can always be encoded as UTF-8."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def printable_lines(text: str) -> list[str]:
    """The lines of a text, each `printable`."""
    return [printable(line) for line in text.splitlines()]
