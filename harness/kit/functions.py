"""The functions that a suite asks for: those that its tests call. A kit has no others to write."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from harness.trace.signatures import FUNCTIONS
from harness.trace.trace import Trace

_FUNCTION = re.compile(
    r"/\*\n(?: \*[^\n]*\n)+\w[\w *]*?(os_\w+)\([^\n]*\)\n\{\n.*?\n\}\n\n?", re.DOTALL
)
"""A function of the skeleton, with its comment."""


def called_in(references: Iterable[Trace]) -> tuple[str, ...]:
    """Return the functions that are called in these traces, in the usual order."""
    called = {call.function for trace in references for call in trace.calls}
    return tuple(name for name in FUNCTIONS if name in called)


def listed(functions: Sequence[str]) -> str:
    """Return functions in Markdown, as a sentence lists them."""
    *others, last = (f"`{name}`" for name in functions)
    return f"{', '.join(others)} and {last}" if others else last


def skeleton_of(source: str, functions: Collection[str]) -> str:
    """Return the skeleton of the sources with these functions only."""
    kept = _FUNCTION.sub(lambda match: match[0] if match[1] in functions else "", source)
    return kept.rstrip() + "\n"


def with_note(assignment: str, functions: Sequence[str]) -> str:
    """Return the text of the assignment, and say below its title which functions it is about if
    those are not all."""
    if others := [name for name in FUNCTIONS if name not in functions]:
        title, rest = assignment.split("\n", 1)
        note = (
            f"In this course, you write {listed(functions)}: leave out what is said of"
            f" {listed(others)}."
        )
        return f"{title}\n\n{note}\n{rest}"
    return assignment
