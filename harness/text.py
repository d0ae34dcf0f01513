"""Making untrusted text safe to show."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):\S*@")
"""A password in a URL, with the name of the user before it."""
_PASSWORD_PARAMETER = re.compile(r"(?<=[?&])[^\s?&=]*password[^\s&=]*=[^\s&]*&?")


def printable(text: str) -> str:
    """Return the text in one line, in which U+FFFD replaces whatever has an effect on a terminal, a
    file or a parser: control characters, line ends, escapes, marks of direction, lone surrogates.
    The result can always be encoded as UTF-8."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def quoted(text: str) -> str:
    """Return untrusted text, `printable` and in double quotes. No double quote in it is left to end
    them."""
    inner = printable(text).replace('"', "'")
    return f'"{inner}"'


def printable_lines(text: str) -> list[str]:
    """Return the lines of a text, each made `printable`."""
    return [printable(line) for line in text.splitlines()]


def printable_text(text: str) -> str:
    """Return the lines of a text, each made `printable` and ended."""
    if text.replace("\n", "").isprintable():  # as nearly all are, which takes no look at each
        return text if text.endswith("\n") or not text else f"{text}\n"
    return "".join(f"{line}\n" for line in printable_lines(text))


def without_passwords(text: str) -> str:
    """Return the text without the passwords of URLs in it."""
    return _PASSWORD_PARAMETER.sub("", _PASSWORD.sub(r"\1@", text))
