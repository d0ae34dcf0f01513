"""Grading one submission: unpack, build, test, confirm with randomized sizes, judge the style.

Whatever a submission is and does, it gets a grade. A fault of the machine is an `OSError`, and
gives no grade.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.checking.check import Setup, check
from harness.checking.run import Runner, scratch_folder
from harness.execution.budget import Budget, BudgetUsedUp
from harness.execution.build import BUILD_ENV, LIBRARY, Library, build_library
from harness.execution.build_error import BuildError
from harness.execution.kit import layouts
from harness.execution.process import Limits, output_of
from harness.execution.sandbox import Sandbox, make_readable
from harness.execution.symbols import LOADED, has_writable_code
from harness.execution.versions import Versions
from harness.grading.archive.bounds import Refused
from harness.grading.archive.unpack import unpack
from harness.grading.confirmation import Confirmer, confirmed, unconfirmed_flag
from harness.grading.rules import Rules
from harness.grading.style import find_style, judge_style, unearned
from harness.grading.style_sources import LIBRARY_SYMBOLS
from harness.grading.style_tools import StyleError
from harness.results.grade import Grade, Status, Style, TestResult
from harness.results.verdict import Outcome, Verdict
from harness.suite import Suite
from harness.tracers.tracer import Tracer

_LOG_BYTES = 4000


@dataclass(frozen=True, slots=True)
class Grader:
    """Grades the submissions of a batch, all with the same suite, tools and seed."""

    suite: Suite
    rules: Rules
    programs: Mapping[str, Path | BuildError]
    player: Path
    """The program that plays randomized tests; see `harness.grading.script`."""
    tracer: Tracer
    entrance: Path | None
    """The entrance of sandboxes; None if there is none. See `harness.execution.entrance`."""
    seed: str
    """The seed of what is randomized, together with a submission's key."""
    versions: Versions
    """The versions of the tools on this machine."""
    scratch: Path
    """A folder for temporary files that sandboxes can reach."""

    def grade(self, submission: Path, key: str, source: str = "") -> Grade:
        """Return the grade of the submission with this key; ``source`` is the folder in it that a
        user named. Raises `OSError`, `SandboxError`, and `NoSuchFolder`."""
        limits = self.rules.budget
        budget = Budget(limits.seconds, limits.output_mib)
        with budget.applied(), scratch_folder(self.scratch) as folder:
            unpacked, choice = folder / "unpacked", ""
            try:
                choice = unpack(submission, unpacked, self.rules.archive, source)
                library = self._build(unpacked / "src", folder / "libraries")
            except Refused as refusal:
                return self._without_tests(Status.REFUSED, str(refusal))
            except BudgetUsedUp as used_up:
                reason = f"the build did not come to its end: {used_up}"
                return self._without_tests(Status.NOT_BUILT, reason, choice)
            except BuildError as error:
                return self._without_tests(Status.NOT_BUILT, str(error), choice, _log(error))
            return self._grade_library(library, unpacked, choice, key)

    def _sandbox(self, limits: Limits) -> Sandbox | None:
        return Sandbox(limits, self.entrance) if self.entrance is not None else None

    # ---- Tests --------------------------------------------------------------------------------

    def _build(self, sources: Path, cache: Path) -> Library:
        limits, flags = self.suite.build_limits, self.suite.compiler
        build_sandbox = self._sandbox(limits)
        return build_library(sources, limits, build_sandbox, cache, flags)

    def _without_tests(self, status: Status, reason: str, choice: str = "", log: str = "") -> Grade:
        tests = tuple(
            TestResult(test.name, Outcome.NOT_BUILT, 0, test.points, "", "", "")
            for test in self.suite.tests
        )
        style = Style(0, self.rules.style.points, (), "nothing was built")
        return Grade(status, reason, tests, style, (), log, self.versions, _notes(choice))

    def _grade_library(self, library: Library, unpacked: Path, choice: str, key: str) -> Grade:
        suite = self.suite
        run_sandbox = self._sandbox(suite.run_limits)
        runner = Runner(self.tracer, suite.policy, suite.run_limits, run_sandbox, self.scratch)
        setup = Setup(suite, library, self.programs, runner)
        writable = self._writable_code(library)
        first = list(check(setup, 1))
        repetitions = self._repetitions(setup, first, key)
        verdicts = [confirmed(verdict, repetitions.get(verdict.test.name)) for verdict in first]
        tests = tuple(map(_result, verdicts))
        points = sum(test.points for test in tests)
        flags = [
            *_refused(library),
            *writable,
            *_odd(verdicts),
            *_unjudged(verdicts),
            *_not_run(verdicts),
            *unconfirmed_flag(repetitions),
        ]
        style = self._style(library, unpacked / "src", points, flags)
        reason = _reason(tests)
        notes = _notes(choice, library.utils)
        return Grade(Status.GRADED, reason, tests, style, tuple(flags), "", self.versions, notes)

    def _writable_code(self, library: Library) -> list[str]:
        """Flag a library whose code can be written: it could hold a changed copy of a program. If
        nothing is left of the budget for that, nothing is left for a test, either."""
        with contextlib.suppress(BudgetUsedUp):
            if has_writable_code(self._ask(LOADED, library)):
                return ["its library has memory that can be both written and executed"]
        return []

    def _ask(self, command: Sequence[str], library: Library) -> str:
        """Return the output of a command on a library."""
        limits = self.suite.build_limits
        if self.entrance is None:
            return output_of([*command, str(library.folder / LIBRARY)], limits, BUILD_ENV)
        return self._run_tool([*command, f"/library/{LIBRARY}"], {"/library": library.folder})

    def _repetitions(
        self, setup: Setup, verdicts: Sequence[Verdict], key: str
    ) -> dict[str, Verdict]:
        passed = {verdict.test for verdict in verdicts if verdict.outcome is Outcome.PASSED}
        repeatable = [test for test in self.rules.randomized if test in passed]
        return Confirmer(setup, self.player, f"{self.seed} {key}").repetitions(repeatable)

    # ---- Style --------------------------------------------------------------------------------

    def _style(self, library: Library, sources: Path, points: int, flags: list[str]) -> Style:
        rules = self.rules.style
        if rules.points == 0:
            return Style(0, 0, ())
        if self.entrance is None:
            return Style(0, rules.points, (), "style is judged in a sandbox only")
        if too_few := unearned(points, rules):
            return too_few
        try:
            with scratch_folder(self.scratch) as folder:
                layout = next(way for way in layouts(sources) if way.ours is library.ours)
                built = folder / "built"
                layout.write(built)
                includes = {f"/{name}": built / name for name in ("utils", "tests/snippets")}
                symbols = self._ask(LIBRARY_SYMBOLS, library)
                findings = find_style(built / "src", includes, self._run_tool, symbols)
        except BudgetUsedUp as used_up:
            return Style(0, rules.points, (), f"not judged: {used_up}")
        except StyleError as error:
            flags.append(f"its style could not be judged: {error}")
            return Style(0, rules.points, (), str(error))
        return judge_style(findings, rules)

    def _run_tool(self, command: Sequence[str], shown: Mapping[str, Path]) -> str:
        assert self.entrance is not None
        limits = self.suite.build_limits
        sandbox = Sandbox(limits, self.entrance)
        with scratch_folder(self.scratch) as folder:
            copies = {inside: folder / str(number) for number, inside in enumerate(shown)}
            for inside, path in shown.items():
                shutil.copytree(path, copies[inside], symlinks=True)
                make_readable(copies[inside])
            return output_of(sandbox.confine(command, copies), limits, BUILD_ENV)


def _notes(*notes: str) -> tuple[str, ...]:
    return tuple(filter(None, notes))


def _log(error: BuildError) -> str:
    if error.log is None:
        return ""
    return error.log.read_bytes()[-_LOG_BYTES:].decode("utf-8", errors="replace")


def _result(verdict: Verdict) -> TestResult:
    trace = verdict.found.text() if verdict.found is not None else ""
    return TestResult(
        verdict.test.name,
        verdict.outcome,
        verdict.points,
        verdict.test.points,
        verdict.reason,
        verdict.advice,
        trace,
    )


def _reason(tests: Sequence[TestResult]) -> str:
    failed = [t for t in tests if t.outcome is not Outcome.PASSED and not t.extra]
    if not failed:
        return ""
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return f"{failed[0].name}: {failed[0].outcome}{more}"


def _unjudged(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Flag tests that could not be judged: a person has to find out whose fault that is."""
    unjudged = [verdict for verdict in verdicts if verdict.outcome is Outcome.SKIPPED]
    if unjudged:
        first = unjudged[0]
        yield f"{len(unjudged)} tests could not be judged: {first.test.name}: {first.reason}"


def _not_run(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Flag tests that no longer fitted the budget."""
    reasons = [verdict.reason for verdict in verdicts if verdict.outcome is Outcome.NOT_RUN]
    if reasons:
        yield f"{len(reasons)} tests earned nothing: {reasons[-1]}"


def _refused(library: Library) -> Iterator[str]:
    """Flag sources that newer compilers refuse."""
    if library.refused:
        yield f"builds only with lenient flags (newer compilers refuse it: {library.refused})"


def _odd(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Flag what was odd in any test, each thing once."""
    yield from dict.fromkeys(oddity for verdict in verdicts for oddity in verdict.oddities)
