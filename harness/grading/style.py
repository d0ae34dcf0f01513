"""The style of a submission's sources: what gcc, cppcheck and cpplint say, and what that earns.

The sources are not trusted. The tools see them by way of a `ToolRunner`, which the caller provides
and which keeps them in; what they print is taken for text that the submission wrote. Where a source
can tell a tool to be silent, the tool is told not to listen, or the telling is itself a finding.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.grading.grade import Finding, Style
from harness.suite import SuiteError
from harness.text import printable

MOST_FINDINGS = 200
"""How many findings of a submission are kept."""
_MESSAGE_LENGTH = 300
_LINE_LENGTH = 100


class StyleError(Exception):
    """A tool did not come to its end: too few findings must not be taken for good style. The
    message is one line."""


class ToolRunner(Protocol):
    """Runs a tool on sources that nobody trusts."""

    def __call__(self, command: Sequence[str], shown: Mapping[str, Path]) -> str:
        """Runs a command with LC_ALL=C and returns what it wrote on standard output, or the
        beginning of it. ``shown`` names the folders it has to see, by their paths in its sandbox.
        Whether it came to its end is found out from what it wrote.
        """


# ---- Findings ------------------------------------------------------------------------------------

_SOURCES = "/sources"
"""What the tools see of the submission."""
_TELL_STATUS = ("sh", "-c", '"$@" 2>&1; printf "\\nstatus %s" $?', "sh")
_GOOD = ("status 0", "status 1")
"""The last line of a tool that came to its end."""
_BROKEN = re.compile(
    r"^(gcc: |cc1: out of memory|virtual memory exhausted|Traceback ).*", re.MULTILINE
)
"""What is said where only a part of a tool, such as the compiler proper, was killed."""

_COMPILER = (
    "gcc",
    "-fsyntax-only",
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-Wall",
    "-Wextra",
    "-Wsystem-headers",  # or else '#pragma GCC system_header' would silence a header
    "-fno-diagnostics-show-caret",
    "-fdiagnostics-color=never",
)
_CPPCHECK = (
    "cppcheck",
    "--quiet",
    "--enable=warning,style,performance,portability",
    "--std=c11",
    "-D_GNU_SOURCE",
    r"--template={file}\t{line}\t{message} [{id}]",
)
_CPPLINT_CHECKS = (
    "readability/braces",
    "readability/fn_size",
    "readability/multiline_comment",
    "readability/multiline_string",
    "readability/nul",
    "readability/utf8",
    "runtime/invalid_increment",
    "runtime/memset",
    "runtime/printf",
    "runtime/threadsafe_fn",
    "whitespace/blank_line",
    "whitespace/comma",
    "whitespace/empty_conditional_body",
    "whitespace/empty_if_body",
    "whitespace/empty_loop_body",
    "whitespace/end_of_line",
    "whitespace/ending_newline",
    "whitespace/indent",
    "whitespace/line_length",
    "whitespace/newline",
    "whitespace/operators",
    "whitespace/parens",
    "whitespace/semicolon",
)
"""Those that make sense for C, and that leave tabs and the place of braces to the author."""
_CPPLINT = (
    "/usr/bin/python3",
    "-I",  # or else a cpplint.py among the sources would be imported
    "-c",
    # It has no option against the two ways in which a submission could silence it: a CPPLINT.cfg
    # beside the sources, and NOLINT in them.
    "import cpplint\n"
    "cpplint.ProcessConfigOverrides = lambda *_: True\n"
    "cpplint.ParseNolintSuppressions = lambda *_: None\n"
    "cpplint.main()",
    "--quiet",
    f"--linelength={_LINE_LENGTH}",
    "--filter=" + ",".join(["-", *(f"+{check}" for check in _CPPLINT_CHECKS)]),
)

_WHERE = r"(?P<file>[^:\t]+)[:\t](?P<line>[0-9]{1,9})"
_COMPILER_LINE = re.compile(
    _WHERE + r":(?:[0-9]+:)? (?:warning|error|fatal error): (?P<message>.*)"
)
_CPPCHECK_LINE = re.compile(_WHERE + r"\t(?P<message>.*)")
_CPPLINT_LINE = re.compile(_WHERE + r":  (?P<message>.*) \[[0-9]\]")

_CLEAR_NAME = re.compile(r"[\w./+ -]+")
"""A path that can be told from the rest of a tool's line."""
_SILENCER = re.compile(r"\s*#\s*(line\b|[0-9]|pragma\s+GCC\s+diagnostic\b)|.*\b_Pragma\b")
_OWN = "checker"
"""The tool of the findings that are made here."""


def _walk(folder: Path) -> list[str]:
    """The C files below a folder, relative to it."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*.[ch]")
        if path.is_file() and not path.is_symlink()
    )


def _own_findings(folder: Path, names: Iterable[str]) -> Iterator[Finding]:
    for name in names:
        if not _CLEAR_NAME.fullmatch(name):
            yield Finding(
                _OWN, printable(name), 0, "expected a name of letters, digits and . _ + -"
            )
        text = (folder / name).read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.split("\n"), 1):
            if _SILENCER.match(line):
                yield Finding(_OWN, printable(name), number, "keeps the compiler from warnings")


def _read(tool: str, pattern: re.Pattern[str], output: str) -> Iterator[Finding]:
    """The findings in a tool's output, but for those that concern files outside of the sources."""
    for line in output.split("\n"):
        if match := pattern.fullmatch(line):
            file = os.path.relpath(match["file"], _SOURCES)
            message = printable(" ".join(match["message"].split()))[:_MESSAGE_LENGTH]
            # A source may well define it, too, as its Makefile does for some.
            ours = message.startswith('"_GNU_SOURCE" redefined')
            if not ours and file.split("/")[0] != "..":
                yield Finding(tool, printable(file), int(match["line"]), message)


def _tool_findings(
    names: Collection[str], shown: Mapping[str, Path], run: ToolRunner
) -> Iterator[Finding]:
    files = [f"{_SOURCES}/{name}" for name in names]
    units = [file for file in files if file.endswith(".c")]
    own_headers = {os.path.dirname(file) for file in files if file.endswith(".h")}
    paths = [f"-I{path}" for path in dict.fromkeys([_SOURCES, *sorted(own_headers), *shown])]
    for tool, pattern, command in (
        ("gcc", _COMPILER_LINE, [*_COMPILER, *paths, *units] if units else []),
        ("cppcheck", _CPPCHECK_LINE, [*_CPPCHECK, *paths, *units] if units else []),
        ("cpplint", _CPPLINT_LINE, [*_CPPLINT, *files] if files else []),
    ):
        if command:
            output, _, status = run([*_TELL_STATUS, *command], shown).rpartition("\n")
            broken = _BROKEN.search(output)
            if broken or status not in _GOOD:
                found = printable(broken[0] if broken else status)[:_MESSAGE_LENGTH]
                raise StyleError(f"{tool} did not come to its end: found {found!r}")
            yield from _read(tool, pattern, output)


def find_style(folder: Path, includes: Sequence[Path], run: ToolRunner) -> tuple[Finding, ...]:
    """What the tools have to say about the C files below a folder, each thing once, by file and
    line; the first `MOST_FINDINGS` of it.

    ``includes`` are further folders of headers, first come first found; what concerns files in them
    is left out. Raises `StyleError`, `OSError`, and what ``run`` raises.
    """
    names = _walk(folder)
    clear = [name for name in names if _CLEAR_NAME.fullmatch(name)]
    shown = {_SOURCES: folder, **{f"/includes/{n}": path for n, path in enumerate(includes)}}
    findings = {*_own_findings(folder, names), *_tool_findings(clear, shown, run)}
    order = sorted(findings, key=lambda f: (f.file, f.line, f.tool, f.message))
    return tuple(order[:MOST_FINDINGS])


# ---- Points --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StyleRules:
    """What style is worth::

    [style]
    points = 10            # at most
    least_test_points = 45 # below that none are given
    bands = [[0, 10], [5, 8], [15, 5], [30, 2]] # up to so many findings, so many points
    """

    points: int
    least_test_points: int
    bands: tuple[tuple[int, int], ...]
    """Findings and points; more findings than in the last band earn nothing."""


_KEYS = ("points", "least_test_points", "bands")


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _read_bands(path: Path, value: object, most_points: int) -> tuple[tuple[int, int], ...]:
    def fail(expected: str) -> SuiteError:
        return SuiteError(f"{path}: style: bands: expected {expected}, found {value!r}")

    if not isinstance(value, list) or not all(
        isinstance(band, list) and len(band) == 2 and all(map(_is_number, band)) for band in value
    ):
        raise fail("a list of pairs of numbers, [findings, points]")
    for (fewer, more_points), (more, fewer_points) in zip(value, value[1:]):
        if fewer >= more or more_points <= fewer_points:
            raise fail("more findings and fewer points from one to the next")
    if any(findings >= MOST_FINDINGS or points > most_points for findings, points in value):
        raise fail(f"fewer than {MOST_FINDINGS} findings, and at most {most_points} points")
    return tuple((findings, points) for findings, points in value)


def read_style(path: Path, table: dict[str, Any]) -> StyleRules:
    """The rules in a suite's table ``[style]``; ``path`` is the suite's file. Raises
    `SuiteError`."""
    for key in table:
        if key not in _KEYS:
            raise SuiteError(f"{path}: style: expected one of {', '.join(_KEYS)}, found {key!r}")
    for key in _KEYS[:2]:
        if not _is_number(value := table.get(key)):
            raise SuiteError(f"{path}: style: {key}: expected a number, 0 or more, found {value!r}")
    points = table["points"]
    bands = _read_bands(path, table.get("bands"), points)
    return StyleRules(points, table["least_test_points"], bands)


def judge_style(findings: Sequence[Finding], test_points: int, rules: StyleRules) -> Style:
    """The points that the findings allow, if the tests earned enough for any to be given."""
    allowed = next((points for most, points in rules.bands if len(findings) <= most), 0)
    note = ""
    if allowed and test_points < rules.least_test_points:
        note = f"given from {rules.least_test_points} points for tests on, found {test_points}"
    return Style(0 if note else allowed, rules.points, tuple(findings), note)
