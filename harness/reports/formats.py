"""The formats in which one submission's grade can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.results.grade import Graded
from harness.reports import github, gradescope, junit, student, vpl


@dataclass(frozen=True, slots=True)
class Format:
    """How a grade is written for some other program, or for people."""

    file_name: str
    """What the one who reads it expects the file to be called."""
    render: Callable[[Graded], str]


FORMATS = {
    "text": Format("report.txt", student.render),
    "junit": Format("junit.xml", lambda graded: junit.render([graded])),
    "gradescope": Format("results.json", gradescope.render),
    "vpl": Format("vpl.txt", vpl.render),
    "github": Format("annotations.txt", github.render),
}
