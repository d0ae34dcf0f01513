"""Why a build failed: one line, chosen from everything that it printed."""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import UserError
from harness.text import printable

_LOG_BYTES = 1024 * 1024
_LINE_CHARACTERS = 4000
"""How much of a line is searched, which takes time by its square."""
_ERROR_CHARACTERS = 200
_EXCERPT_LINES = 12
_ERROR = re.compile(r"\b[Ee]rror: |undefined reference|multiple definition|\*\*\* ")
"""The mark of a line in which a compiler, a linker or make says what is wrong."""
_UNKNOWN_FLAG = re.compile(r"unrecognized command-line option '-Wno-|^At top level:$")
"""The mark of a line about flags that are for newer compilers only."""
_VARYING = (
    (re.compile(r"^([^ :]+:\d+):\d+: "), r"\1: "),  # the column
    (re.compile(r"; did you mean .*\?"), ""),
    (re.compile(r" \[-W[^]]*\]$"), ""),
    (re.compile(r"\S*/cc\w+\.o\b"), "object"),  # a temporary file
    (re.compile(r"/(?:[^\s:]*/)?work/src/"), ""),  # the folder of a sandbox
    (re.compile(r":\(\.\w+\+0x[0-9a-f]+\)"), ""),
)
"""The parts of such a line that vary between compilers, or between builds."""


class BuildError(UserError):
    """Something could not be built; the message is one line."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log
        """The whole output of the build."""


class ToolFailed(BuildError):
    """A tool of ours failed on what was built: through a fault of that, or of the machine."""


class MakeFailed(BuildError):
    """make ran, and its exit status was not 0."""


def read_log(log: Path) -> str:
    """Return the output of a build, or its beginning."""
    return log.read_bytes()[:_LOG_BYTES].decode("utf-8", errors="replace")


def excerpt(log: Path) -> list[str]:
    """Return the lines of a build's output from the first error on, a few of them, or else the last
    lines; each is `printable`."""
    lines = [
        printable(line.expandtabs())
        for line in read_log(log).splitlines()
        if line.strip() and not _UNKNOWN_FLAG.search(line)
    ]
    first = next((n for n, line in enumerate(lines) if _ERROR.search(line)), None)
    if first is None:
        return lines[-_EXCERPT_LINES:]
    return lines[first : first + _EXCERPT_LINES]


def first_error(log: Path) -> str:
    """Return the first line of a build's output that reports an error, or else the last line,
    without what varies from machine to machine."""
    lines = [line.strip() for line in read_log(log).splitlines() if line.strip()]
    chosen = next(filter(_ERROR.search, lines), lines[-1] if lines else "it printed nothing")
    chosen = chosen[:_LINE_CHARACTERS]
    for pattern, replacement in _VARYING:
        chosen = pattern.sub(replacement, chosen)
    return printable(chosen)[:_ERROR_CHARACTERS]
