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
    """Return the blocks that changed hands in a call: none if it did not return."""
    if not call.finished:
        return _NONE
    result = UNKNOWN if call.result is None else call.result
    match call.function, call.args:
        case "os_malloc", (int(size),):
            return Exchange(NULL, result, size)
        case "os_calloc", (int(nmemb), int(size)):
            return Exchange(NULL, result, nmemb * size)
        case "os_realloc", (pointer, int(size)):
            failed = result == NULL and size > 0
            return Exchange(NULL if failed else pointer, result, size)
        case "os_free", (pointer,):
            return Exchange(pointer, NULL, 0)
    return _NONE
