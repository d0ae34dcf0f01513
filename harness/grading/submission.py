"""Grading one submission: unpack, build, test, confirm with randomized sizes, judge the style.

Whatever a submission is and does, an attempt ends with a grade. A fault of the machine may end it
with an exception, or make the grade doubtful; `harness.grading.faults` decides which grades count.
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
from harness.execution.build_error import BuildError, ToolFailed
from harness.execution.kit import layouts
from harness.execution.process import Answer, Limits, output_of
from harness.execution.sandbox import Sandbox, SandboxError, make_readable
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
from harness.text import quoted
from harness.tracers.tracer import Tracer

_LOG_BYTES = 4000


@dataclass(frozen=True, slots=True)
class Attempt:
    """A grade, which counts unless there are doubts."""

    grade: Grade
    doubts: tuple[str, ...] = ()
    """What failed, in a line each, through a fault of the submission or of the machine."""


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

    def attempt(self, submission: Path, key: str, source: str = "") -> Attempt:
        """Grade the submission with this key; ``source`` is the folder in it that a user named.
        Raises `OSError` and `UserError` for faults of the machine."""
        limits = self.rules.budget
        budget = Budget(limits.seconds, limits.output_mib)
        with budget.applied(), scratch_folder(self.scratch) as folder:
            unpacked, choice = folder / "unpacked", ""
            try:
                choice = unpack(submission, unpacked, self.rules.archive, source)
                library = self._build(unpacked / "src", folder / "libraries")
            except Refused as refusal:
                return Attempt(self.without_tests(Status.REFUSED, str(refusal)))
            except BudgetUsedUp as used_up:
                reason = f"the build did not come to its end: {used_up}"
                return Attempt(self.without_tests(Status.NOT_BUILT, reason, choice))
            except (BuildError, SandboxError) as error:
                grade = self.without_tests(Status.NOT_BUILT, str(error), choice, _log(error))
                doubtful = isinstance(error, (ToolFailed, SandboxError))
                return Attempt(grade, (str(error),) if doubtful else ())
            return self._grade_library(library, unpacked, choice, key)

    def _sandbox(self, limits: Limits) -> Sandbox | None:
        return Sandbox(limits, self.entrance) if self.entrance is not None else None

    # ---- Tests --------------------------------------------------------------------------------

    def _build(self, sources: Path, cache: Path) -> Library:
        limits, flags = self.suite.build_limits, self.suite.compiler
        build_sandbox = self._sandbox(limits)
        return build_library(sources, limits, build_sandbox, cache, flags)

    def without_tests(self, status: Status, reason: str, choice: str = "", log: str = "") -> Grade:
        """Return the grade of a submission that no test was run with."""
        outcome = Outcome.SKIPPED if status is Status.SKIPPED else Outcome.NOT_BUILT
        tests = tuple(
            TestResult(test.name, outcome, 0, test.points, "", "", "") for test in self.suite.tests
        )
        style = Style(0, self.rules.style.points, (), "nothing was built")
        return Grade(status, reason, tests, style, (), log, self.versions, _notes(choice))

    def _grade_library(self, library: Library, unpacked: Path, choice: str, key: str) -> Attempt:
        suite = self.suite
        run_sandbox = self._sandbox(suite.run_limits)
        runner = Runner(self.tracer, suite.policy, suite.run_limits, run_sandbox, self.scratch)
        setup = Setup(suite, library, self.programs, runner)
        listing = self._how_loaded(library)
        first = list(check(setup, 1))
        repetitions = self._repetitions(setup, first, key)
        verdicts = [confirmed(verdict, repetitions.get(verdict.test.name)) for verdict in first]
        tests = tuple(map(_result, verdicts))
        points = sum(test.points for test in tests)
        style, why_no_style = self._style(library, unpacked / "src", points)
        doubts = (*_unread(listing), *_unjudged(verdicts), *why_no_style)
        flags = (
            *_refused(library),
            *_writable_code(listing),
            *_odd(verdicts),
            *_not_run(verdicts),
            *unconfirmed_flag(repetitions),
            *doubts,
        )
        reason = _reason(tests)
        notes = _notes(choice, library.utils)
        grade = Grade(Status.GRADED, reason, tests, style, flags, "", self.versions, notes)
        return Attempt(grade, doubts)

    def _how_loaded(self, library: Library) -> Answer | None:
        """Return how a library is loaded. If nothing is left of the budget for that, nothing is
        left for a test, either."""
        with contextlib.suppress(BudgetUsedUp):
            return self._ask(LOADED, library)
        return None

    def _ask(self, command: Sequence[str], library: Library) -> Answer:
        """Return the answer of a command about a library."""
        limits = self.suite.build_limits
        if self.entrance is None:
            return output_of([*command, str(library.folder / LIBRARY)], limits, BUILD_ENV)
        return self._run([*command, f"/library/{LIBRARY}"], {"/library": library.folder})

    def _repetitions(
        self, setup: Setup, verdicts: Sequence[Verdict], key: str
    ) -> dict[str, Verdict]:
        passed = {verdict.test for verdict in verdicts if verdict.outcome is Outcome.PASSED}
        repeatable = [test for test in self.rules.randomized if test in passed]
        return Confirmer(setup, self.player, f"{self.seed} {key}").repetitions(repeatable)

    # ---- Style --------------------------------------------------------------------------------

    def _style(self, library: Library, sources: Path, points: int) -> tuple[Style, tuple[str, ...]]:
        """Return the style, and why it could not be judged, if so."""
        rules = self.rules.style
        if rules.points == 0:
            return Style(0, 0, ()), ()
        if self.entrance is None:
            return Style(0, rules.points, (), "style is judged in a sandbox only"), ()
        if too_few := unearned(points, rules):
            return too_few, ()
        try:
            with scratch_folder(self.scratch) as folder:
                layout = next(way for way in layouts(sources) if way.ours is library.ours)
                built = folder / "built"
                layout.write(built)
                includes = {f"/{name}": built / name for name in ("utils", "tests/snippets")}
                symbols = _text(self._ask(LIBRARY_SYMBOLS, library))
                findings = find_style(built / "src", includes, self._run_tool, symbols)
        except BudgetUsedUp as used_up:
            return Style(0, rules.points, (), f"not judged: {used_up}"), ()
        except StyleError as error:
            doubt = f"its style could not be judged: {error}"
            return Style(0, rules.points, (), str(error)), (doubt,)
        return judge_style(findings, rules), ()

    def _run_tool(self, command: Sequence[str], shown: Mapping[str, Path]) -> str:
        return _text(self._run(command, shown))

    def _run(self, command: Sequence[str], shown: Mapping[str, Path]) -> Answer:
        assert self.entrance is not None
        limits = self.suite.build_limits
        sandbox = Sandbox(limits, self.entrance)
        with scratch_folder(self.scratch) as folder:
            copies = {inside: folder / str(number) for number, inside in enumerate(shown)}
            for inside, path in shown.items():
                shutil.copytree(path, copies[inside], symlinks=True)
                make_readable(copies[inside])
            return output_of(sandbox.confine(command, copies), limits, BUILD_ENV)


def _text(answer: Answer) -> str:
    """Return the text of a tool of style. Raises `StyleError` if it can't be relied on."""
    if answer.failure:
        raise StyleError(f"a tool could not be run: {answer.failure}")
    return answer.text


def _notes(*notes: str) -> tuple[str, ...]:
    return tuple(filter(None, notes))


def _log(error: BuildError | SandboxError) -> str:
    if not isinstance(error, BuildError) or error.log is None:
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
    """Flag tests that could not be judged."""
    unjudged = [verdict for verdict in verdicts if verdict.outcome is Outcome.SKIPPED]
    if unjudged:
        first = unjudged[0]
        where = f"tests could not be judged: {first.test.name}"
        yield f"{len(unjudged)} {where}: {quoted(first.reason)}"


def _not_run(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Flag tests that no longer fitted the budget."""
    reasons = [verdict.reason for verdict in verdicts if verdict.outcome is Outcome.NOT_RUN]
    if reasons:
        yield f"{len(reasons)} tests earned nothing: {reasons[-1]}"


def _refused(library: Library) -> Iterator[str]:
    """Flag sources that newer compilers refuse."""
    if library.refused:
        yield f"builds only with lenient flags (newer compilers refuse it: {library.refused})"


def _unread(listing: Answer | None) -> Iterator[str]:
    """Flag a library whose segments can't be listed."""
    if listing is not None and listing.failure:
        yield f"its library could not be read: {listing.failure}"


def _writable_code(listing: Answer | None) -> Iterator[str]:
    """Flag a library whose code can be written: it could hold a changed copy of a program."""
    if listing is not None and has_writable_code(listing.text):
        yield "its library has memory that can be both written and executed"


def _odd(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Flag what was odd in any test, each thing once."""
    yield from dict.fromkeys(oddity for verdict in verdicts for oddity in verdict.oddities)
