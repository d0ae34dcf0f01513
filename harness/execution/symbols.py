"""What a library defines and what it lacks, as the binary utilities print it."""

from __future__ import annotations

import re

from harness.trace.signatures import FUNCTIONS

DEFINED = ("nm", "-D", "--defined-only", "--format=posix")
"""The command that lists what the library named after it defines."""
LINKED = (
    *("sh", "-c", 'exec "$@" 2>&1', "sh"),
    *("gcc", "-nostartfiles", "-Wl,-e,0", "-Wl,--no-as-needed", "-o", "/dev/null"),
)
"""The command that links a program with the library named after it, and complains of what neither
that library nor libc defines."""
_UNDEFINED = re.compile(r"undefined reference to .([\w.$]+)")


def missing_functions(listing: str) -> tuple[str, ...]:
    """Return the functions of the allocator that are not in the output of `DEFINED`."""
    # A versioned symbol is listed as name@@VERSION.
    defined = {re.split(r"[@ ]", line, maxsplit=1)[0] for line in listing.splitlines()}
    return tuple(name for name in FUNCTIONS if name not in defined)


def undefined_functions(output: str) -> tuple[str, ...]:
    """Return the functions that the output of `LINKED` complains of, sorted."""
    return tuple(sorted(set(_UNDEFINED.findall(output))))
