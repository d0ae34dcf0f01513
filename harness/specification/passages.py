"""The passages of the assignment that state the rules.

A passage is a paragraph, an item of a list or a row of a table. A comment in it, which readers of
the page don't see, names its rules: ``<!-- rules: best-fit, lowest-of-equals -->``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SECTION = re.compile(r"^## (.*)\n", re.MULTILINE)
_START = r"(?:[|]|- |\d+[.] )"
_PASSAGE = re.compile(rf"^{_START}?.+(?:\n(?!{_START}).+)*", re.MULTILINE)
_RULES = re.compile(r"<!-- rules?: ([\w, -]+?) -->")
_MARKUP = re.compile(r"\*\*|`")


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of the assignment, as plain text without line ends."""

    section: str
    """The heading above it."""
    text: str


def read_passages(page: str) -> dict[str, list[Passage]]:
    """Return the passages of each rule that the page names, in the order of the page."""
    _, *parts = _SECTION.split(page)
    found: dict[str, list[Passage]] = {}
    for heading, content in zip(parts[::2], parts[1::2]):
        for match in _PASSAGE.finditer(content):
            for rule in (rule for named in _RULES.findall(match[0]) for rule in named.split(", ")):
                found.setdefault(rule, []).append(Passage(_plain(heading), _plain(match[0])))
    return found


def _plain(text: str) -> str:
    text = _MARKUP.sub("", _RULES.sub("", text))
    if text.startswith("|"):
        first, *others = (cell.strip() for cell in text.strip("|\n ").split("|"))
        text = f"{first}: {'; '.join(others)}"
    return " ".join(text.removeprefix("- ").split())
