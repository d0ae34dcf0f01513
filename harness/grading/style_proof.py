"""Judging the style of a submission, once it is proved that its C files are what was tested.

A Makefile may make the library of anything: a .txt, object code, a table of bytes, with C files
beside them for show. So the library that the C files make by themselves has to pass what the
submission's own passed. If it does, they hold an allocator that has earned the points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.execution.budget import BudgetUsedUp, charging_this_thread
from harness.execution.build import LIBRARY, Library
from harness.execution.kit import layouts
from harness.execution.sandbox import make_readable, scratch_folder
from harness.grading.confirmation import Confirmer
from harness.grading.style import StyleRules, find_style, judge_style, unearned
from harness.grading.style_sources import UNITS_OF, Sources, read_sources
from harness.grading.style_tools import NotAllJudged, StyleError
from harness.grading.toolbox import Toolbox, text_of
from harness.results.grade import Style
from harness.results.verdict import Outcome, Verdict
from harness.suite import Test
from harness.text import quoted


@dataclass(frozen=True, slots=True)
class JudgedStyle:
    """A style, which counts unless there are doubts."""

    style: Style
    flags: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    """What failed, through a fault of the submission or of the machine."""


@dataclass(frozen=True, slots=True)
class StyleJudge:
    """Judges the style of one submission."""

    rules: StyleRules
    toolbox: Toolbox
    confirmer: Confirmer

    def judge(
        self, sources: Path, verdicts: Sequence[Verdict], passed: Sequence[Test]
    ) -> JudgedStyle:
        """Judge the sources; ``verdicts`` are those on all tests, and ``passed`` are the tests that
        their library has to pass as well."""
        points = sum(verdict.points for verdict in verdicts)
        if self.rules.points == 0:
            return JudgedStyle(Style(0, 0, ()))
        if self.toolbox.sandboxes is None:
            return JudgedStyle(self._without("style is judged in a sandbox only"))
        if too_few := unearned(points, self.rules):
            return JudgedStyle(too_few)
        try:
            return JudgedStyle(self._judge(sources, passed))
        except BudgetUsedUp as used_up:
            return JudgedStyle(self._without(f"not judged: {used_up}"))
        except StyleError as error:
            flag = (f"its style could not be judged: {error}",)
            doubts = () if isinstance(error, NotAllJudged) else flag
            return JudgedStyle(self._without(str(error)), flag, doubts)

    def _without(self, note: str) -> Style:
        return Style(0, self.rules.points, (), note)

    def _judge(self, folder: Path, passed: Sequence[Test]) -> Style:
        library = self.confirmer.setup.library
        assert isinstance(library, Library)
        with scratch_folder(self.toolbox.scratch) as scratch:
            layout = next(way for way in layouts(folder) if way.ours is library.ours)
            built = scratch / "built"
            layout.write(built)
            includes = {f"../{name}": built / name for name in ("utils", "tests/snippets")}
            units = text_of(self.toolbox.ask(UNITS_OF, library))
            with charging_this_thread():
                sources = read_sources(built / "src", includes, self.toolbox.text, units)
                findings = find_style(sources, self.toolbox.text)
            self._require_proof(sources, scratch / "library", passed)
        return judge_style(findings, self.rules)

    def _require_proof(self, sources: Sources, folder: Path, passed: Sequence[Test]) -> None:
        """Raise `NotAllJudged` unless the sources are all that the library is made of."""
        if sources.unread:
            raise NotAllJudged(f"expected C, found {quoted(sources.unread[0])}")
        if not sources.library:
            raise NotAllJudged("expected C files that make a library by themselves, found none")
        folder.mkdir()
        (folder / LIBRARY).write_bytes(sources.library)
        make_readable(folder)
        setup = replace(self.confirmer.setup, library=Library(folder, ()))
        failed = replace(self.confirmer, setup=setup).first_failure(passed)
        if failed is None:
            return
        if failed.outcome in (Outcome.SKIPPED, Outcome.NOT_RUN):
            raise StyleError(f"{failed.test.name} could not be judged: {quoted(failed.reason)}")
        raise NotAllJudged(
            "expected C files that make the library by themselves, found that what they make"
            f" fails {failed.test.name}: {quoted(failed.reason)}"
        )
