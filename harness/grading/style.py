"""The style of a submission's sources: the findings in them, and the points that these leave.

A source can ask a tool to be silent. The tool is set not to listen, or else the request is a
finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness.grading.style_sources import CLEAR_NAME, Sources
from harness.grading.style_tools import (
    SOURCES,
    ToolRunner,
    make_finding,
    tool_findings,
)
from harness.results.grade import Finding, Style
from harness.suite import SuiteError, check_keys, whole_number

MOST_FINDINGS = 200
"""The number of findings of a submission that are kept."""
_MOST_OWN = 3 * MOST_FINDINGS
"""As many of our own are looked for: each may be found three times."""


# ---- Findings ------------------------------------------------------------------------------------

_JOINED = "\f"
"""What stands for the end of a line that is joined with the next one."""
_JOIN = re.compile(r"\\[ \t\f\v]*\n")
_COMMENT = re.compile(
    r"(?P<comment>/\f*\*.*?(?:\*\f*/|\Z)|/\f*/[^\n]*)"
    r"""|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?""",
    re.DOTALL,
)
"""A comment or a literal. A literal that is not closed ends with its line, as for a compiler."""
_SILENCER = re.compile(
    r"\s*#\s*(line\b|[0-9]|pragma\s+GCC\s+diagnostic\b)|.*\b_Pragma\b", re.DOTALL
)
_OWN = "checker"
"""The name of the tool in our own findings."""


def _own_findings(
    folder: Path, names: Iterable[str], silencers: Iterable[tuple[str, int]]
) -> Iterator[Finding]:
    for name in names:
        if not CLEAR_NAME.fullmatch(name):
            expected = "expected a name of letters, digits and . _ + -"
            yield make_finding(_OWN, name, 0, expected, "file-name")
        text = (folder / name).read_text(encoding="utf-8", errors="replace")
        # A compiler may replace trigraphs, or not.
        for reading in (text, text.replace("??=", "#").replace("??/", "\\")):
            for line in _silencing_lines(reading):
                yield _silencer(name, line)
    for name, line in silencers:
        yield _silencer(name, line)


def _silencer(name: str, line: int) -> Finding:
    return make_finding(_OWN, name, line, "keeps the compiler from warnings", "silencer")


def _silencing_lines(text: str) -> Iterator[int]:
    """Yield the numbers of the lines that keep the compiler from warnings, as it reads them: with
    lines joined, without comments, and with digraphs replaced."""
    text = text.replace("\r\n", "\n").replace(_JOINED, " ")
    number = 1
    for line in _COMMENT.sub(_as_space, _JOIN.sub(_JOINED, text)).split("\n"):
        if _SILENCER.match(line.replace(_JOINED, "").replace("%:", "#")):
            yield number
        number += 1 + line.count(_JOINED)


def _as_space(match: re.Match[str]) -> str:
    """Return a literal as it is, and a comment as a space, with the lines that it takes up."""
    comment = match["comment"]
    if comment is None:
        return match[0]
    return " " + _JOINED * (comment.count("\n") + comment.count(_JOINED))


def _place(finding: Finding) -> tuple[str, int, str, str]:
    """Return the file, line, tool and check of a finding; findings that share them count as one."""
    return finding.file, finding.line, finding.tool, finding.message.rpartition(" ")[2]


def find_style(sources: Sources, run: ToolRunner) -> tuple[Finding, ...]:
    """Return the findings in a submission's sources, by file and line, one for each line and check;
    the first `MOST_FINDINGS` of them. Raises `StyleError`, `OSError`, and what ``run`` raises."""
    clear = [name for name in sources.files if CLEAR_NAME.fullmatch(name)]
    own = _own_findings(sources.shown[SOURCES], sources.files, sources.silencers)
    findings = {
        *islice(own, _MOST_OWN),
        *tool_findings(clear, sources.shown, run),
    }
    unique: dict[tuple[str, int, str, str], Finding] = {}
    for finding in sorted(findings, key=lambda f: (*_place(f), f.message)):
        unique.setdefault(_place(finding), finding)
    return tuple(unique.values())[:MOST_FINDINGS]


# ---- Points --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StyleRules:
    """The points for style::

    [style]
    points = 10            # at most
    least_test_points = 45 # fewer points for tests earn none for style
    bands = [[0, 10], [5, 8], [15, 5], [30, 2]] # [findings at most, points]
    """

    points: int
    least_test_points: int
    bands: tuple[tuple[int, int], ...]
    """The most findings, and the points; more findings than in the last band earn nothing."""


_UNEARNED = "needs "
_KEYS = ("points", "least_test_points", "bands")
_BAND = ("findings", "points")


def _read_bands(path: Path, value: object, most_points: int) -> tuple[tuple[int, int], ...]:
    def fail(expected: str) -> SuiteError:
        return SuiteError(f"{path}: style: bands: expected {expected}, found {value!r}")

    def number(band: list[Any], key: str) -> int:
        return whole_number(path, "style: bands", dict(zip(_BAND, band)), key, None)

    if not isinstance(value, list) or not all(
        isinstance(band, list) and len(band) == len(_BAND) for band in value
    ):
        raise fail("a list of pairs, [findings, points]")
    bands = tuple((number(band, "findings"), number(band, "points")) for band in value)
    for (fewer, more_points), (more, fewer_points) in zip(bands, bands[1:]):
        if fewer >= more or more_points <= fewer_points:
            raise fail("more findings and fewer points from one to the next")
    if any(findings >= MOST_FINDINGS or points > most_points for findings, points in bands):
        raise fail(f"fewer than {MOST_FINDINGS} findings, and at most {most_points} points")
    return bands


def read_style(path: Path, table: dict[str, Any]) -> StyleRules:
    """Return the rules in a suite's table ``[style]``; ``path`` is the suite's file. Raises
    `SuiteError`."""
    check_keys(path, "style", table, _KEYS)
    points = whole_number(path, "style", table, "points", None)
    least_test_points = whole_number(path, "style", table, "least_test_points", None)
    bands = _read_bands(path, table.get("bands"), points)
    return StyleRules(points, least_test_points, bands)


def unearned(test_points: int, rules: StyleRules) -> Style | None:
    """Return the style of a submission whose tests earned too few points, whatever its findings;
    None if the tests earned enough."""
    if test_points >= rules.least_test_points:
        return None
    note = f"{_UNEARNED}{rules.least_test_points} points for tests, found {test_points}"
    return Style(0, rules.points, (), note)


def was_unearned(style: Style) -> bool:
    """Whether a style was not judged for too few points for tests."""
    return style.note.startswith(_UNEARNED)


def judge_style(findings: Sequence[Finding], rules: StyleRules) -> Style:
    """Return the points that the findings leave, for a submission with enough points for tests."""
    points = next((points for most, points in rules.bands if len(findings) <= most), 0)
    return Style(points, rules.points, tuple(findings))
