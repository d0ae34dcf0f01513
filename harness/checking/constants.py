"""Numbers of C by their names, for sentences that a student reads."""

from __future__ import annotations

import errno
import re

from harness.trace.words import WORD

_HUGE = re.compile(r"\b\d{20}\b")
_SIZE_MAX = WORD - 1
_NEAR = 1 << 16
"""A number this near to SIZE_MAX was made from it."""
_ERRNO = re.compile(r"\berrno is (\d+), expected (\d+)(?: \(\w+\))?")


def with_names(text: str) -> str:
    """Return a sentence with SIZE_MAX and the values of errno by their names."""
    return _ERRNO.sub(_with_errno, _HUGE.sub(_with_size_max, text))


def _with_size_max(match: re.Match[str]) -> str:
    below = _SIZE_MAX - int(match[0])
    if not 0 <= below < _NEAR:
        return match[0]
    return f"SIZE_MAX - {below}" if below else "SIZE_MAX"


def _with_errno(match: re.Match[str]) -> str:
    found, expected = (errno.errorcode.get(int(number), number) for number in match.groups())
    return f"errno is {found}, expected {expected}"
