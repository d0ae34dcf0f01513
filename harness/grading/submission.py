"""Grading one submission: unpack, build, test, confirm with randomized sizes, judge the style.

Whatever a submission is and does, an attempt ends with a grade. A fault of the machine may end it
with an exception, or make the grade doubtful; `harness.grading.faults` decides which grades count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.checking.backtrace import with_backtraces
from harness.checking.check import Setup, check, make_runner
from harness.diagnosis.diagnose import diagnose
from harness.execution.budget import Budget, BudgetUsedUp, charging_this_thread
from harness.execution.build import Library, build_library
from harness.execution.build_error import BuildError, ToolFailed
from harness.execution.sandbox import SandboxError, scratch_folder
from harness.execution.versions import Versions
from harness.execution.walls import Sandboxes
from harness.grading.archive.bounds import Refused
from harness.grading.archive.unpack import unpack
from harness.grading.confirmation import Confirmer, confirmed, unconfirmed_flag
from harness.grading.rules import Rules
from harness.grading.style_proof import StyleJudge
from harness.grading.toolbox import Toolbox
from harness.results.grade import Grade, Origin, Status, Style, TestResult, first_failure
from harness.results.verdict import Outcome, Verdict
from harness.suite import Suite, Test
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
class Programs:
    """What submissions are tested with."""

    tests: Mapping[str, Path]
    """By the names of tests."""
    player: Path
    """The program that plays randomized tests; see `harness.grading.script`."""


@dataclass(frozen=True, slots=True)
class Grader:
    """Grades the submissions of a batch, all with the same suite, tools and seed."""

    suite: Suite
    rules: Rules
    programs: Callable[[], Programs]
    """Builds the programs when they are first asked for. Raises `UserError`."""
    tracer: Tracer
    sandboxes: Sandboxes | None
    seed: str
    """The seed of what is randomized, together with a submission's content."""
    versions: Versions
    """The versions of the tools on this machine."""
    scratch: Path
    """A folder for temporary files that sandboxes can reach."""
    origin: Origin
    """What all its grades are made from, beside the submission."""

    def attempt(self, submission: Path, content: str, source: str = "") -> Attempt:
        """Grade the submission with this digest of its content; ``source`` is the folder in it that
        a user named. Raises `OSError` and `UserError` for faults of the machine."""
        limits = self.rules.budget
        budget = Budget(limits.seconds, limits.output_mib)
        programs = self.programs()
        with budget.applied(), scratch_folder(self.scratch) as folder:
            unpacked, choice = folder / "unpacked", ""
            try:
                with charging_this_thread():
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
            with make_runner(self.suite, self.tracer, self.sandboxes, self.scratch) as runner:
                setup = Setup(self.suite, library, programs.tests, runner)
                confirmer = Confirmer(setup, programs.player, f"{self.seed} {content}")
                return self._grade_library(library, confirmer, unpacked, choice)

    # ---- Tests --------------------------------------------------------------------------------

    def _build(self, sources: Path, cache: Path) -> Library:
        limits, flags = self.suite.build_limits, self.suite.compiler
        build_sandbox = self.sandboxes.within(limits) if self.sandboxes is not None else None
        return build_library(sources, limits, build_sandbox, cache, flags)

    def without_tests(self, status: Status, reason: str, choice: str = "", log: str = "") -> Grade:
        """Return the grade of a submission that no test was run with."""
        outcome = Outcome.SKIPPED if status is Status.SKIPPED else Outcome.NOT_BUILT
        tests = tuple(
            TestResult(test.name, outcome, 0, test.points, "", "", "") for test in self.suite.tests
        )
        style = Style(0, self.rules.style.points, (), "nothing was built")
        return Grade(status, reason, tests, style, (), log, self.versions, _notes(choice))

    def _grade_library(
        self, library: Library, confirmer: Confirmer, unpacked: Path, choice: str
    ) -> Attempt:
        setup = confirmer.setup
        first = with_backtraces(setup, list(check(setup, 1)), most=1)
        repetitions = confirmer.repetitions(self._repeatable(first))
        verdicts = [confirmed(verdict, repetitions.get(verdict.test.name)) for verdict in first]
        tests = tuple(map(TestResult.of, verdicts))
        style_judge = StyleJudge(self.rules.style, self._toolbox(), confirmer)
        judged = style_judge.judge(unpacked / "src", verdicts, self._repeatable(verdicts))
        unjudged = tuple(_unjudged(verdicts))
        flags = (
            *_refused(library),
            *_odd(verdicts),
            *_not_run(verdicts),
            *unconfirmed_flag(repetitions),
            *unjudged,
            *judged.flags,
        )
        grade = Grade(
            Status.GRADED,
            first_failure(tests),
            tests,
            judged.style,
            flags,
            versions=self.versions,
            notes=_notes(choice, library.utils),
            diagnosis=diagnose(self.suite, first),
        )
        return Attempt(grade, (*unjudged, *judged.doubts))

    def _toolbox(self) -> Toolbox:
        return Toolbox(self.suite.build_limits, self.sandboxes, self.scratch)

    def _repeatable(self, verdicts: Sequence[Verdict]) -> list[Test]:
        passed = {verdict.test for verdict in verdicts if verdict.outcome is Outcome.PASSED}
        return [test for test in self.rules.randomized if test in passed]


def _notes(*notes: str) -> tuple[str, ...]:
    return tuple(filter(None, notes))


def _log(error: BuildError | SandboxError) -> str:
    if not isinstance(error, BuildError) or error.log is None:
        return ""
    return error.log.read_bytes()[-_LOG_BYTES:].decode("utf-8", errors="replace")


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


def _odd(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Flag what was odd in any test, each thing once."""
    yield from dict.fromkeys(oddity for verdict in verdicts for oddity in verdict.oddities)
