"""The blocks that change hands in a call."""

from __future__ import annotations

from typing import NamedTuple

from harness.trace.trace import NULL, UNKNOWN, Call, Value


class Exchange(NamedTuple):
    """The block that a call takes back, and the one that it hands out; ``NULL`` for none."""

    released: Value
    allocated: Value
    size: int
    """What the program asked for; 0 if no block was handed out."""


_NONE = Exchange(NULL, NULL, 0)


def exchange(call: Call) -> Exchange:
    """Return the blocks that changed hands in a call: none if it did not return.

    Names are compared, the usual ones first: patterns make comparing long traces a fifth slower.
    """
    if not call.finished:
        return _NONE
    result = UNKNOWN if call.result is None else call.result
    if call.function == "os_free":
        return Exchange(call.args[0], NULL, 0)
    size = call.args[-1]
    assert isinstance(size, int)
    if call.function == "os_malloc":
        return Exchange(NULL, result, size)
    first = call.args[0]
    if call.function == "os_realloc":
        failed = result == NULL and size > 0
        return Exchange(NULL if failed else first, result, size)
    assert isinstance(first, int)
    return Exchange(NULL, result, first * size)
