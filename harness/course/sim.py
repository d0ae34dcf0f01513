"""The program sim_c: passages of C that differ only in names, layout, comments and literals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
from harness.execution.answer import output_of
from harness.execution.build import BUILD_ENV
from harness.execution.limits import Limits
from harness.execution.sandbox import make_readable
from harness.execution.tools import require_tools
from harness.execution.walls import Sandboxes

SIM = "sim_c"
_LIMITS = Limits(seconds=3600, memory_mib=4096, file_mib=256, processes=16, scratch_mib=1, files=16)
"""What the program may use: it reads what students wrote, and compares each pair of them."""
_WIDTH = "160"
"""The columns of its output: enough for the names and numbers of any line."""
_SECONDS_ALONE = 1
"""Processor time for one file: some hundred times what an allocator takes."""
_FIND_COSTLY = f"""least=$1
shift
for file; do
    (ulimit -t {_SECONDS_ALONE} && exec {SIM} -n -r "$least" "$file") >/dev/null 2>&1 ||
        printf '%s\\n' "$file"
done"""
_SHOWN = "../texts"
"""Where the program finds the files in a sandbox."""
_FILE = re.compile(r"File (?P<file>[^/:]+): (?P<tokens>\d+) tokens?, .*")
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


@dataclass(frozen=True, slots=True)
class Sim:
    """The program, on the files of a folder. It runs in a sandbox, if there are any."""

    folder: Path
    sandboxes: Sandboxes | None

    def compare(self, files: Sequence[str], least: int) -> Found:
        """Compare each of these files with each other. Passages have a number of tokens at least.
        Raises `UserError`."""
        return self._run(["-e", "-s"], files, least)

    def compare_with(self, files: Sequence[str], old: Sequence[str], least: int) -> Found:
        """Compare each of these files with old ones only. Raises `UserError`."""
        return self._run(["-S"], [*files, "/", *old], least)

    def costly(self, files: Sequence[str], least: int) -> list[str]:
        """Return those of these files that take too long to compare with themselves: the same few
        words again and again are alike everywhere. Raises `UserError`."""
        command = ["sh", "-c", _FIND_COSTLY, "sh", str(least), *files]
        return self._answer(command).splitlines()

    def _run(self, options: Sequence[str], files: Sequence[str], least: int) -> Found:
        command = [SIM, "-n", "-w", _WIDTH, "-r", str(least), *options, *files]
        return _read(self._answer(command))

    def _answer(self, command: Sequence[str]) -> str:
        require_tools(SIM)
        answer = output_of(self._confined(command), _LIMITS, BUILD_ENV, _LIMITS.file_bytes)
        if answer.failure:
            raise UserError(f"{SIM}: expected similar passages, found that {answer.failure}")
        return answer.text

    def _confined(self, command: Sequence[str]) -> list[str]:
        if self.sandboxes is None:
            return _within(self.folder, command)
        make_readable(self.folder)
        sandbox = self.sandboxes.within(_LIMITS)
        return sandbox.confine(_within(_SHOWN, command), {_SHOWN: self.folder})


def _within(folder: Path | str, command: Sequence[str]) -> list[str]:
    """Return the command that runs another one in a folder."""
    return ["sh", "-c", 'cd "$0" && exec "$@"', str(folder), *command]


def _read(text: str) -> Found:
    tokens, passages = {}, []
    for line in text.splitlines():
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
