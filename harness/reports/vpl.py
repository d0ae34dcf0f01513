"""A grade as the output of an evaluation by VPL, Moodle's Virtual Programming Lab."""

from __future__ import annotations

from harness.reports import student
from harness.reports.audience import tr
from harness.results.grade import Graded

_BROKEN = {":=>>": ": =>>", "<|--": "<| --", "--|>": "-- |>"}
"""The marks that VPL finds, even inside of lines, and their replacements."""


def _harmless(text: str) -> str:
    for mark, shown in _BROKEN.items():
        text = text.replace(mark, shown)
    return text


def render(graded: Graded) -> str:
    """Return the points as a title, the report as a block, and the grade on the last line."""
    grade = graded.grade
    told = tr(f"{grade.points} of {grade.max_points} points")
    # VPL shows a line after ">" as it is, and takes it for no mark.
    block = "".join(f">{_harmless(line)}\n" for line in student.render(graded).splitlines())
    return f"Comment :=>>-{told}\n" f"<|--\n{block}--|>\n" f"Grade :=>> {grade.points:.2f}\n"
