"""Telling the faults of a submission from those of the machine.

If a sandbox, a tracer or a tool fails, its exit status does not say why: a submission can end any
of them, and so can a full disk. So the submission is graded twice, and each time the machine then
has to grade a submission of ours. If it can, and the same submission fails twice, that is the
submission's fault, and counts. Else there is no grade, and the next batch tries again.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from harness.errors import UserError
from harness.execution.build import ROOT
from harness.grading.submission import Grader
from harness.results.grade import Grade, Status

_TRIES = 2
_OURS = ROOT / "tests" / "plain"
"""A submission that every machine can grade."""
_ROOM = bytes(1 << 20)


class MachineFault(UserError):
    """A submission could not be graded through no fault of its own."""


def settled_grade(grader: Grader, submission: Path, content: str, source: str) -> Grade:
    """Return the grade that counts; the arguments are those of `Grader.attempt`. Raises
    `MachineFault`, and what that raises."""
    for _ in range(_TRIES):
        attempt = grader.attempt(submission, content, source)
        _require_room(grader.scratch)
        if not attempt.doubts:
            break
        _require_sound_machine(grader, attempt.doubts[0])
    return attempt.grade


def _require_room(folder: Path) -> None:
    """Raise `OSError` if the disk is full: then files may lack what a program wrote to them."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(_ROOM)
    except OSError as error:
        error.filename = str(folder)
        raise


def _require_sound_machine(grader: Grader, doubt: str) -> None:
    """Raise `MachineFault` unless this machine can build ours, test it and judge its style."""
    randomized = grader.rules.randomized[:1]
    suite = replace(grader.suite, tests=randomized or grader.suite.tests[:1])
    style = replace(grader.rules.style, least_test_points=0)
    rules = replace(grader.rules, randomized=randomized, style=style)
    ours = replace(grader, suite=suite, rules=rules).attempt(_OURS, "ours")
    reasons = (ours.grade.reason,) if ours.grade.status is not Status.GRADED else ours.doubts
    if reasons:
        raise MachineFault(f"{doubt}; nor can this machine grade {_OURS}: {reasons[0]}")
