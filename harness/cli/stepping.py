"""Stepping through the heaps of a test on a terminal, by keys."""

from __future__ import annotations

import os
import re
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from harness.reports.failures import show_strips
from harness.reports.strips import Strips

_KEY = re.compile(r"\x1b[\[O][0-9;]*[A-Za-z~]|.", re.DOTALL)
"""A key as a terminal sends it."""
_HELP = (
    "left, right: a call back, on  home, end: first, last  n, p: next, previous difference  q: end"
)


def _next(strips: Strips, number: int) -> int:
    """Return the next call that differs, or this one if there is none."""
    return next(filter(strips.differs, range(number + 1, strips.numbers[-1] + 1)), number)


def _previous(strips: Strips, number: int) -> int:
    """Return the last call before that differs, or this one if there is none."""
    return next(filter(strips.differs, range(number - 1, strips.numbers[0] - 1, -1)), number)


_Move = Callable[[Strips, int], int]


def _left(strips: Strips, number: int) -> int:
    return max(number - 1, strips.numbers[0])


def _right(strips: Strips, number: int) -> int:
    return min(number + 1, strips.numbers[-1])


def _home(strips: Strips, number: int) -> int:
    return strips.numbers[0]


def _end(strips: Strips, number: int) -> int:
    return strips.numbers[-1]


_MOVES: dict[str, _Move] = {
    **dict.fromkeys(("\x1b[D", "\x1bOD", "h"), _left),
    **dict.fromkeys(("\x1b[C", "\x1bOC", "l", " "), _right),
    **dict.fromkeys(("\x1b[H", "\x1bOH", "\x1b[1~", "g"), _home),
    **dict.fromkeys(("\x1b[F", "\x1bOF", "\x1b[4~", "G"), _end),
    "n": _next,
    **dict.fromkeys(("p", "N"), _previous),
}
_QUIT = ("q", "\x04")
_TYPED_BYTES = 64


@contextmanager
def _key_by_key(terminal: int) -> Iterator[None]:
    """Let a terminal hand over each key at once, and show none of them."""
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _keys(terminal: int) -> Iterator[str]:
    """Yield the keys that are typed, until the terminal is closed."""
    while typed := os.read(terminal, _TYPED_BYTES):
        yield from _KEY.findall(typed.decode(errors="ignore"))


def step_through(console: Console, strips: Strips) -> None:
    """Show the heaps after the call that went wrong, and after others as keys ask for them."""
    number = strips.first
    terminal = sys.stdin.fileno()
    with _key_by_key(terminal), console.screen():
        _show(console, strips, number)
        for key in _keys(terminal):
            if key in _QUIT:
                return
            if move := _MOVES.get(key):
                number = move(strips, number)
                _show(console, strips, number)


def _show(console: Console, strips: Strips, number: int) -> None:
    console.clear()
    console.print(f"{strips.test.name}: call {number} of {strips.numbers[-1]}\n")
    show_strips(console, strips, number)
    console.print(f"\n{_HELP}", style="dim")
