"""Pages for a browser on the grades of a class: one for each submission, and an index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from harness.heap.exact import exact
from harness.heap.timeline import Timeline
from harness.reports.diagnosis import Told
from harness.reports.html_page import (
    Shown,
    draw,
    has_digest,
    render_check,
    render_index,
    templates_digest,
)
from harness.reports.student import overview, style_lines
from harness.results.grade import Graded, TestResult
from harness.results.verdict import Outcome
from harness.specification.rules import judged_rules
from harness.suite import Suite
from harness.text import printable
from harness.trace.file import read_trace_file
from harness.trace.text import TraceError, read_trace
from harness.trace.trace import Trace

REPORT = "report.html"
"""The name of a submission's page, in its folder."""

_KEPT = 128
"""The number of drawings that are kept, each of some 20 KiB."""


class GradePages:
    """Makes the pages of submissions that were graded with one suite."""

    def __init__(self, suite: Suite, rules: str) -> None:
        """``rules`` is a digest of everything that the grades, and what is said of them, depend on
        beside the submissions."""
        self._rules = f"{rules} {templates_digest()}"
        self._policy = suite.policy
        self._tests = {test.name: test for test in suite.tests}
        self._rules_of = {test.name: judged_rules(test.rules, suite.policy) for test in suite.tests}
        self._references: dict[str, tuple[Trace, Timeline]] = {}
        self._drawing = lru_cache(_KEPT)(self._draw)
        self._rows: list[dict[str, object]] = []
        self._of_others: dict[str, GradePages] = {}

    def use(self, pages: GradePages, names: Iterable[str]) -> None:
        """Let the pages of these submissions, graded with another suite, be made by others."""
        self._of_others |= dict.fromkeys(names, pages)

    def enter(self, graded: Graded, folder: str) -> None:
        """Enter the page of a submission in the index. ``folder`` is the path to its folder, from
        that of the index."""
        grade = graded.grade
        self._rows.append(
            {
                "link": quote(f"{folder}/{REPORT}"),
                "name": printable(graded.submission),
                "points": "" if grade.skipped else f"{grade.points}/{grade.max_points}",
                "status": str(grade.status),
                "reason": printable(grade.reason),
                "mistakes": [" or ".join(cause.names) for cause in grade.diagnosis.causes],
                "flags": [printable(flag) for flag in graded.flags],
            }
        )

    def is_current(self, page: Path, graded: Graded) -> bool:
        """Whether the page of a submission is there, and shows just this grade."""
        maker = self._of_others.get(graded.submission, self)
        return has_digest(page, maker._digest(graded))

    def _digest(self, graded: Graded) -> str:
        content = "\0".join((self._rules, graded.submission, graded.grade.to_json()))
        return hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()

    def render(self, graded: Graded) -> str:
        """Return the page of a submission, without what only a teacher should see."""
        if maker := self._of_others.get(graded.submission):
            return maker.render(graded)
        grade = graded.grade
        told = Told(grade.diagnosis, grade.tests)
        tests = [self._shown(result) for result in grade.tests]
        style = style_lines(grade.style)
        facts, digest = overview(graded), self._digest(graded)
        return render_check(graded.submission, facts, told, tests, style, digest)

    def index(self) -> str:
        """Return the page that leads to all pages made so far. It is for the teacher."""
        return render_index(self._rows)

    def _shown(self, result: TestResult) -> Shown:
        rules = self._rules_of.get(result.name, ())
        drawn = None if result.outcome is Outcome.PASSED else self._drawing(_bare(result))
        return Shown(result, rules, None, None, None, drawn)

    def _draw(self, result: TestResult) -> Markup | None:
        """Return the drawing of a failed test, which many submissions may share: where they make
        the same mistake, their traces are the same."""
        test, found = self._tests.get(result.name), _trace(result)
        if test is None or found is None:
            return None
        return draw(Shown(result, (), *self._reference(result.name), found))

    def _reference(self, name: str) -> tuple[Trace, Timeline]:
        """Return the reference of a test and its heap, which many submissions share."""
        if name not in self._references:
            trace = read_trace_file(self._tests[name].reference)
            self._references[name] = trace, exact(trace.calls, self._policy)
        return self._references[name]


def _bare(result: TestResult) -> TestResult:
    """Return what a drawing shows of a result."""
    return replace(result, points=0, max_points=0, reason="", advice="", line=0)


def _trace(result: TestResult) -> Trace | None:
    """Return the trace that was found; None if there is none that can be read."""
    text = result.trace.splitlines()
    try:
        trace = read_trace(text, result.name) if text else None
    except TraceError:
        return None
    if trace is None or len(trace.calls) != len(result.lines):
        return trace
    calls = (replace(call, line=line) for call, line in zip(trace.calls, result.lines))
    return replace(trace, calls=tuple(calls))
