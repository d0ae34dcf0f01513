"""The program sim_c: passages of C that differ only in names, layout, comments and literals."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.execution.tools import require_tools

_SIM = "sim_c"
_LIMITS = ("prlimit", "--as=4294967296", "--cpu=3600", "--core=0")
"""What the program may use, in bytes and seconds: it reads what students wrote."""
_WIDTH = "1000"
"""The columns of its output, enough for any line of it."""
_FILE = re.compile(r"File (?P<file>[^/]+): (?P<tokens>\d+) tokens, \d+ lines")
_RUN = re.compile(
    r"(?P<left>[^/]+): line (?P<from_left>\d+)-(?P<to_left>\d+)\s*"
    r"\|(?P<right>[^/]+): line (?P<from_right>\d+)-(?P<to_right>\d+)\s*\[(?P<tokens>\d+)\]"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file, from 1, the last one included."""

    file: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Passage:
    """Two places that are alike."""

    left: Place
    right: Place
    tokens: int
    """How many words of C are the same."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the program found in some files."""

    tokens: dict[str, int]
    """The length of each file."""
    passages: list[Passage]


def compare(folder: Path, files: Sequence[str], least: int) -> Found:
    """Compare each of these files with each other. Passages have a number of tokens at least.
    Raises `UserError`."""
    return _run(folder, ["-e", "-s"], files, least)


def compare_with(folder: Path, files: Sequence[str], old: Sequence[str], least: int) -> Found:
    """Compare each of these files with old ones only. Raises `UserError`."""
    return _run(folder, ["-S"], [*files, "/", *old], least)


def _run(folder: Path, options: Sequence[str], files: Sequence[str], least: int) -> Found:
    require_tools(_SIM, "prlimit")
    ended = subprocess.run(
        [*_LIMITS, _SIM, "-n", "-i", "-w", _WIDTH, "-r", str(least), *options],
        input="".join(f"{name}\n" for name in files),
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ended.returncode != 0:
        reason = (ended.stderr.splitlines() or [f"status {ended.returncode}"])[0]
        raise UserError(f"{_SIM}: expected similar passages, found {reason}")
    tokens, passages = {}, []
    for line in ended.stdout.splitlines():
        if match := _FILE.fullmatch(line.strip()):
            tokens[match["file"]] = int(match["tokens"])
        elif match := _RUN.fullmatch(line.strip()):
            passages.append(_passage(match))
    return Found(tokens, passages)


def _passage(match: re.Match[str]) -> Passage:
    left, right = (
        Place(match[side], int(match[f"from_{side}"]), int(match[f"to_{side}"]))
        for side in ("left", "right")
    )
    return Passage(left, right, int(match["tokens"]))
