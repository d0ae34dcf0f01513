"""The grade that one check comes to: points for tests, and none for style."""

from __future__ import annotations

from collections.abc import Sequence

from harness.execution.build_error import BuildError, excerpt
from harness.results.diagnosis import Diagnosis
from harness.results.grade import Grade, Status, Style, TestResult, first_failure
from harness.results.verdict import Verdict

_NO_STYLE = Style(0, 0, ())


def grade_of(
    verdicts: Sequence[Verdict], diagnosis: Diagnosis, not_built: BuildError | None
) -> Grade:
    """Return the grade of a library; ``not_built`` is why there is none."""
    tests = tuple(map(TestResult.of, verdicts))
    if not_built is not None:
        log = "\n".join(excerpt(not_built.log)) if not_built.log is not None else ""
        return Grade(Status.NOT_BUILT, str(not_built), tests, _NO_STYLE, (), log)
    return Grade(Status.GRADED, first_failure(tests), tests, _NO_STYLE, (), diagnosis=diagnosis)
