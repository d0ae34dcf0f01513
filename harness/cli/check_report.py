"""What the command check shows, and writes to files.

The module is loaded while libraries and programs are built, and what only some reports need is
loaded for these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from harness.checking.check import Setup
from harness.cli.results_file import ResultsFile
from harness.execution.build import Library
from harness.execution.build_error import BuildError
from harness.reports import as_json, terminal
from harness.reports.diagnosis import Told
from harness.reports.formats import Format
from harness.reports.verdict_table import show_table
from harness.results.checked import grade_of
from harness.results.diagnosis import Diagnosis
from harness.results.grade import Graded, TestResult
from harness.results.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What there is to say on the library in ``source``."""

    setup: Setup
    source: Path
    verdicts: list[Verdict]
    told: Told

    def write(
        self,
        json_file: ResultsFile | None,
        html_file: ResultsFile | None,
        formats: Sequence[tuple[Format, ResultsFile]],
    ) -> None:
        """Write the results to the files that are given."""
        if json_file is not None:
            json_file.write(as_json.render(self.verdicts, self.told))
        if html_file is not None:
            html_file.write(self._page())
        if formats:
            graded = self._graded()
            for form, file in formats:
                file.write(form.render(graded))

    def _graded(self) -> Graded:
        library = self.setup.library
        not_built = library if isinstance(library, BuildError) else None
        return Graded(self.source.name, grade_of(self.verdicts, self.told.diagnosis, not_built))

    def _page(self) -> str:
        """Return the results as a page for a browser."""
        from harness.reports.html_page import render_check, shown

        suite, library = self.setup.suite, self.setup.library
        facts = [terminal.points_in_words(self.verdicts, len(suite.tests))]
        if isinstance(library, BuildError):
            facts.append(f"not built: {library}")
        tests = [shown(verdict, suite.policy) for verdict in self.verdicts]
        return render_check(f"osmem: {self.source}", facts, self.told, tests)

    def show(self, console: Console, verbose: bool, named: bool, again: str) -> None:
        """Print the results, and the points. ``again`` is the command that shows more. Traces come
        for tests that were ``named``, and with all details if ``verbose``."""
        library = self.setup.library
        if isinstance(library, BuildError):
            terminal.show_not_built(console, library)
        else:
            self._show_verdicts(console, verbose, named, again)
        terminal.show_points(console, self.verdicts, len(self.setup.suite.tests))
        if isinstance(library, Library):
            terminal.show_build(console, library)

    def _show_verdicts(self, console: Console, verbose: bool, named: bool, again: str) -> None:
        """Print what is wrong, the table of tests, and what the diagnosis leaves open."""
        terminal.show_diagnosis(console, self.told)
        pointers = self.told.pointers()
        show_table(console, self.verdicts, pointers, verbose)
        failed = [verdict for verdict in self.verdicts if verdict.outcome is not Outcome.PASSED]
        if not (failed or verbose or named):
            return
        from harness.reports.failures import show_failures, show_printed

        open_ones = [verdict for verdict in failed if verdict.test.name not in pointers]
        shown = failed if verbose or named else open_ones
        show_failures(console, shown, verbose, named, again, self.setup.suite.policy)
        if verbose or named:
            show_printed(console, self.verdicts)


def report_on(setup: Setup, source: Path, verdicts: list[Verdict]) -> CheckReport:
    """Find out what is wrong with the library in ``source``."""
    diagnosis = Diagnosis()
    if not all(verdict.as_specified for verdict in verdicts):
        from harness.diagnosis.diagnose import diagnose

        diagnosis = diagnose(setup.suite, verdicts)
    results = [TestResult.of(verdict) for verdict in verdicts]
    return CheckReport(
        setup, source, verdicts, Told(diagnosis, results, f"{setup.suite.snippets}/")
    )
