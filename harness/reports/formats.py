"""The formats in which a submission's grade can be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.reports import github, gradescope, markdown, student, vpl
from harness.results.grade import Graded


@dataclass(frozen=True, slots=True)
class Format:
    """A format of a grade, for other programs or for people."""

    file_name: str
    """The name of the file that its readers expect."""
    render: Callable[[Graded], str]


def _junit(graded: Graded) -> str:
    from harness.reports import junit  # few ask for it, and XML takes half a MiB

    return junit.render([graded])


FORMATS = {
    "text": Format("report.txt", student.render),
    "junit": Format("junit.xml", _junit),
    "gradescope": Format("results.json", gradescope.render),
    "vpl": Format("vpl.txt", vpl.render),
    "github": Format("annotations.txt", github.render),
    "markdown": Format("summary.md", markdown.render),
}
