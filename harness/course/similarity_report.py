"""Pairs of similar submissions on a terminal: a ranked list, and passages side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest

from rich.console import Console
from rich.text import Text

from harness.course.sim import Passage
from harness.course.similarity import Code, Compared, Pair
from harness.course.similarity_rules import SimilarityRules
from harness.text import printable

_PASSAGES = 3
"""The passages of a pair that are shown."""
_LINES = 20
"""The lines of a passage that are shown."""
_TAB = 4
_GAP = " | "


def show_pairs(console: Console, compared: Compared, rules: SimilarityRules, most: int) -> None:
    """Print the first ``most`` pairs, and passages of those that are flagged."""
    pairs = compared.pairs
    flagged = sum(pair.percent >= rules.threshold for pair in pairs)
    words = f"{compared.submissions} submissions: {len(pairs)} pairs share code, {flagged} flagged"
    _print(console, words, "bold")
    for number, pair in enumerate(pairs[:most], 1):
        _print(console, f"{number:4}. {_line(pair, rules)}")
    if len(pairs) > most:
        _print(console, f"      and {len(pairs) - most} more; --pairs shows more")
    for name, reason in compared.left_out.items():
        _print(console, f"Not compared: {name}: {reason}")
    for number, pair in enumerate(pairs[:most], 1):
        if pair.percent < rules.threshold:
            continue
        _print(console, f"\n{number}. {_named(pair.left)} and {_named(pair.right)}", "bold")
        for passage in pair.passages[:_PASSAGES]:
            for line in _side_by_side(pair, passage, console.width):
                _print(console, line)


def _print(console: Console, line: str, style: str = "") -> None:
    start = "\n" * line.startswith("\n")
    console.print(Text(start + printable(line.removeprefix("\n")), style), soft_wrap=True)


def _line(pair: Pair, rules: SimilarityRules) -> str:
    flag = "FLAG, " if pair.percent >= rules.threshold else ""
    both = ", ".join(f"{name} (made by {count})" for name, count in pair.mistakes.items())
    mistakes = f"; both make {both}" if both else ""
    names = f"{_named(pair.left)} and {_named(pair.right)}"
    return f"{flag}rank {pair.rank:.0f}: {pair.percent:.0f} % of the shorter: {names}{mistakes}"


def _named(code: Code) -> str:
    return f"{code.submission} ({', '.join(code.students)})"


def _side_by_side(pair: Pair, passage: Passage, width: int) -> Iterator[str]:
    column = (width - len(_GAP)) // 2
    places = pair.left.place(passage.left.first), pair.right.place(passage.right.first)
    yield _row(*places, column)
    texts = pair.left.text(passage.left), pair.right.text(passage.right)
    for left, right in islice(zip_longest(*texts, fillvalue=""), _LINES):
        yield _row(left, right, column)
    if (more := max(map(len, texts)) - _LINES) > 0:
        yield f"... {more} more lines"
    yield ""


def _row(left: str, right: str, column: int) -> str:
    left, right = (printable(side.expandtabs(_TAB))[:column] for side in (left, right))
    return f"{left:{column}}{_GAP}{right}".rstrip()
