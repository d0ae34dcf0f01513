"""The signatures of the calls and of the requests that a trace shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Type(Enum):
    """A type of C, as far as it decides how its values are read and shown."""

    POINTER = auto()
    SIZE = auto()
    INT = auto()


@dataclass(frozen=True, slots=True)
class Signature:
    """The types that a function takes and returns; ``result`` is None if it returns nothing."""

    parameters: tuple[Type, ...]
    result: Type | None


POINTER, SIZE, INT = Type.POINTER, Type.SIZE, Type.INT

ALLOCATOR = {
    "os_malloc": Signature((SIZE,), POINTER),
    "os_calloc": Signature((SIZE, SIZE), POINTER),
    "os_realloc": Signature((POINTER, SIZE), POINTER),
    "os_free": Signature((POINTER,), None),
}
"""The allocator's functions."""

FUNCTIONS = tuple(ALLOCATOR)
"""Their names."""

SYSTEM_CALLS = {
    "brk": Signature((POINTER,), POINTER),
    "mmap": Signature((POINTER, SIZE, INT, INT, INT, SIZE), POINTER),
    "munmap": Signature((POINTER, SIZE), INT),
    "mremap": Signature((POINTER, SIZE, SIZE, INT), POINTER),
    "mprotect": Signature((POINTER, SIZE, INT), INT),
    "madvise": Signature((POINTER, SIZE, INT), INT),
}
"""The system calls that concern memory. Tracers read the arguments of no others, except
those of `PRINTING`."""

PRINTING = {"write": Signature((INT, POINTER, SIZE), SIZE)}
"""The system call that prints. With a tracer that leaves it out, all seems to be printed outside of
calls."""
