"""The versions of the compiler and of the tools on which a grade may depend."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache

from harness.execution.build import BUILD_ENV
from harness.execution.answer import output_of
from harness.execution.limits import Limits

_COMMANDS = {
    "gcc": ("gcc", "-dumpfullversion"),
    "binutils": ("ld", "--version"),
    "make": ("make", "--version"),
    "ltrace": ("ltrace", "--version"),
    "cppcheck": ("cppcheck", "--version"),
    "cpplint": ("cpplint", "--version"),
}
_LIMITS = Limits(10, None, 16)
_VERSION = re.compile(r"\d+(?:\.\d+)+")
UNKNOWN = "none"

Versions = Mapping[str, str]
"""The versions, by the names of the tools."""


def _version(command: tuple[str, ...]) -> str:
    try:
        output = output_of(command, _LIMITS, BUILD_ENV)
    except OSError:
        return UNKNOWN
    lines = [] if output.failure else output.text.splitlines()
    found = next(filter(None, map(_VERSION.search, lines)), None)
    return found[0] if found else UNKNOWN


@cache
def installed_versions() -> Versions:
    """Return the versions on this machine; `UNKNOWN` for a tool that is missing or fails."""
    libc = _VERSION.search(os.confstr("CS_GNU_LIBC_VERSION") or "")
    tools = {name: _version(command) for name, command in _COMMANDS.items()}
    return {**tools, "libc": libc[0] if libc else UNKNOWN}


def show_differences(versions: Versions, expected: Versions) -> str:
    """Return the versions that differ from those expected, such as ``gcc 14.2.0 (not 12.2.0)``."""
    return ", ".join(
        f"{name} {versions[name]} (not {version})"
        for name, version in expected.items()
        if name in versions and versions[name] != version
    )
