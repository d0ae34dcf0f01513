"""Where a test program goes on after a call of the allocator.

The program states it with each call: the return addresses on its stack, up to main(). When the call
has returned, it puts them back from this statement. If the statement is as it was, and each address
is one at which a function of the program goes on after it has called the function before, then only
the program's own code runs until its next call. tests/snippets/calls.c is the other side.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from harness.checking.program_code import ProgramCode

_UNUSED = 0


def _callers(statement: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield the frame of each caller, and where it goes on; the innermost first."""
    for frame, place in zip(statement[1::2], statement[2::2], strict=True):
        if frame == _UNUSED:
            return
        yield frame, place


def goes_on(statement: tuple[int, ...], place: int, code: ProgramCode, base: int) -> bool:
    """Return whether a program that lies at ``base`` goes on in its own callers, after the call
    that returns to ``place``."""
    stack = statement[0]
    callers = list(_callers(statement))
    if not all(low < high for low, high in pairwise((stack, *(frame for frame, _ in callers)))):
        return False
    last = code.callers.get(place - base)
    for _, each in callers:
        caller = code.callers.get(each - base)
        if last is None or caller is None or caller.callee != last.function:
            return False
        last = caller
    all_stated = len(callers) < len(statement) // 2
    return last is not None and (last.function == code.main or not all_stated)
