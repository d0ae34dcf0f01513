"""The attacks in tests/hostile, and what each says should come of it.

An attack is a file in C, which comes into the plain implementation where hostile/carrier lets it,
or a Makefile, which builds the plain implementation. Its first lines end with what is expected::

    Expected: all points, flagged: mapped memory in place of other memory
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from submissions import HOSTILE, attacking, building

KINDS = ("way-out", "points", "neighbours", "cost", "reports")
"""The folders of tests/hostile, by what the attacks in them try."""
_EXPECTED = re.compile(r"(?P<fate>.+?)(?:, flagged: (?P<flags>.+))?")
_POINTS = re.compile(r"all points(?: but those of (?P<lost>[\w-]+))?")
_NOT_BUILT = "not built: "
_NO_POINTS = "no points"


@dataclass(frozen=True, slots=True)
class Attack:
    """A file in one of the folders."""

    path: Path

    @property
    def name(self) -> str:
        """The name of its submission."""
        return f"{self.path.parent.name} {self.path.name}"

    def hand_in(self, submissions: Path) -> None:
        """Write its submission."""
        if self.path.suffix == ".c":
            attacking(submissions / self.name / "src", self.path.stem)
        else:
            building(submissions / self.name / "src", self.path)

    def check(self, row: Mapping[str, str], outcomes: set[str], worth: Mapping[str, int]) -> None:
        """Hold a row of the gradebook, and the outcomes of the tests, against what is expected;
        ``worth`` are the points of the tests."""
        expected = _EXPECTED.fullmatch(self._first_lines().partition("Expected: ")[2])
        assert expected is not None, f"{self.path} does not say what should come of it"
        fate, flags = expected["fate"], expected["flags"]
        if fate.startswith(_NOT_BUILT):
            assert (row["status"], row["total"]) == ("not-built", "0")
            assert row["reason"].startswith(fate.removeprefix(_NOT_BUILT))
        elif points := _POINTS.fullmatch(fate):
            lost = worth[points["lost"]] if points["lost"] else 0
            left = sum(worth.values()) - lost
            assert (row["status"], row["points"]) == ("graded", str(left))
            assert row["flags"] == (flags or "")
        else:
            assert (row["status"], row["total"]) == ("graded", "0")
            assert outcomes == {fate} or fate == _NO_POINTS
            assert flags is None or flags in row["flags"]

    def _first_lines(self) -> str:
        """The words above its code, in one line."""
        text = self.path.read_text()
        above = text.partition("*/\n/*")[2].partition("*/")[0]
        if self.path.suffix != ".c":
            above = "\n".join(re.findall(r"\A(?:#.*\n)+", text))
        return " ".join(re.sub(r"^ ?[*#] ?", "", above, flags=re.MULTILINE).split())


ATTACKS = tuple(
    Attack(path)
    for kind in KINDS
    for path in sorted((HOSTILE / kind).iterdir())
    if path.suffix in (".c", ".mk")
)
