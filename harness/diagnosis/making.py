"""Making the table of a suite: a run of each test under each set of mistakes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.checking.audit import Audit
from harness.checking.judge import judge
from harness.checking.matrix import Cost, cost_of
from harness.checking.run import Run
from harness.diagnosis.recorder import Ran, Recorder, recorders
from harness.diagnosis.table import (
    MISTAKES,
    MistakeSet,
    Table,
    TestTable,
    digest,
    make_test_table,
    sets_of,
)
from harness.execution.build import ROOT
from harness.execution.build_error import BuildError
from harness.execution.kit import UTILS
from harness.execution.limits import Finished
from harness.execution.workers import Workers, result_of
from harness.specification.mistakes import Mistake, is_mistake, read_mistakes
from harness.specification.policy import Policy
from harness.results.verdict import Outcome, Verdict
from harness.suite import Suite, Test
from harness.trace.file import read_trace_file
from harness.trace.trace import Trace

_SOURCES = (ROOT / "tests" / "plain", ROOT / "tests" / "recorder", UTILS)


def key_of(suite: Suite) -> str:
    """Return a digest of all that the table of a suite depends on."""
    folders = (*_SOURCES, suite.snippets)
    sources = [path for folder in folders for path in sorted(folder.glob("*.[ch]"))]
    content = hashlib.sha256(repr((suite.policy, [t.name for t in suite.tests])).encode())
    for path in (MISTAKES, *sources):
        content.update(path.read_bytes())
    return content.hexdigest()


def make_table(suite: Suite, programs: Mapping[str, Path | BuildError], jobs: int) -> Table:
    """Return the table of a suite. Raises `UserError`."""
    mistakes = tuple(read_mistakes(MISTAKES))
    recorded = recorders(suite, programs, len(mistakes))
    with recorded as by_test, Workers(jobs) as workers:
        futures = {
            test.name: workers.submit(_make_test, suite, test, by_test[test.name], mistakes)
            for test in suite.tests
        }
        workers.begin()
        tests = {name: result_of(future) for name, future in futures.items()}
    return Table(key_of(suite), mistakes, tests)


def _make_test(
    suite: Suite, test: Test, recorder: Recorder, mistakes: Sequence[Mistake]
) -> TestTable:
    failed_by = list(failures(suite, test, recorder, mistakes))
    return make_test_table(_Runs(recorder, mistakes).digests(), failed_by)


def recorded_costs(
    suite: Suite, programs: Mapping[str, Path | BuildError], jobs: int
) -> list[Cost]:
    """Return what each mistake costs, as `harness.checking.matrix.costs` does, but without a
    tracer: it takes seconds. What is no mistake in this suite is left out. Raises `UserError`."""
    mistakes = tuple(read_mistakes(MISTAKES))
    failed: dict[int, list[Verdict]] = {number: [] for number in range(len(mistakes))}
    with recorders(suite, programs, len(mistakes)) as by_test, Workers(jobs) as workers:
        futures = [
            workers.submit(failures, suite, test, by_test[test.name], mistakes)
            for test in suite.tests
        ]
        workers.begin()
        for future in futures:
            for number, verdict in result_of(future).items():
                failed[number].append(verdict)
    return [
        cost_of(mistake, failed[number])
        for number, mistake in enumerate(mistakes)
        if is_mistake(mistake.name, suite.policy)
    ]


def recorded_points(suite: Suite, programs: Mapping[str, Path | BuildError], policy: Policy) -> int:
    """Return the points of a right solution that follows another policy. Raises `UserError`."""
    other = replace(suite, policy=policy)
    with recorders(other, programs, len(read_mistakes(MISTAKES))) as by_test:
        verdicts = (
            _verdict(suite, test, read_trace_file(test.reference), by_test[test.name], [])
            for test in suite.tests
        )
        return sum(verdict.points for verdict in verdicts)


def _verdict(
    suite: Suite, test: Test, expected: Trace, recorder: Recorder, names: Sequence[str]
) -> Verdict:
    """Return the verdict on a run with these mistakes."""
    run = Run(recorder.trace(names), Finished(0, None), (), (), Audit(False, ()))
    return judge(test, expected, run, suite.policy, suite.run_limits)


def failures(
    suite: Suite, test: Test, recorder: Recorder, mistakes: Sequence[Mistake]
) -> dict[int, Verdict]:
    """Return the verdict for each mistake that fails a test alone, by its number."""
    expected = read_trace_file(test.reference)
    named = [[mistake.name] for mistake in mistakes]
    hashes = [ran.hash for ran in recorder.run_all([[], *named])]
    verdicts: dict[int, Verdict] = {hashes.pop(0): Verdict(test, Outcome.PASSED, "")}
    for hashed, names in zip(hashes, named):
        if hashed not in verdicts:
            verdicts[hashed] = _verdict(suite, test, expected, recorder, names)
    found = {number: verdicts[hashed] for number, hashed in enumerate(hashes)}
    return {n: verdict for n, verdict in found.items() if verdict.outcome is not Outcome.PASSED}


class _Runs:
    """The runs of one test."""

    def __init__(self, recorder: Recorder, mistakes: Sequence[Mistake]) -> None:
        self._recorder = recorder
        self._names = [mistake.name for mistake in mistakes]
        self._digests: dict[int, int] = {}
        """By the hash of the run."""
        self._ran: dict[MistakeSet, Ran] = {}

    def digests(self) -> list[int]:
        """Return the digest that each set leaves, in the order of the table."""
        sets = sets_of(len(self._names))
        self._run(chosen for chosen in sets if len(chosen) < 2)
        alike = {pair: self._same_as(pair) for pair in sets if len(pair) == 2}
        self._run(pair for pair, same in alike.items() if same is None)
        return [self._digest(alike.get(chosen) or chosen) for chosen in sets]

    def _run(self, sets: Iterable[MistakeSet]) -> None:
        wanted = list(sets)
        named = [[self._names[number] for number in chosen] for chosen in wanted]
        self._ran.update(zip(wanted, self._recorder.run_all(named)))

    def _same_as(self, pair: MistakeSet) -> MistakeSet | None:
        """Return the mistake that a pair is alike to, because with it the implementation never asks
        about the other; None if it has to be tried."""
        for one, other in itertools.permutations(pair):
            if not self._ran[(one,)].asked[other]:
                return (one,)
        return None

    def _digest(self, chosen: MistakeSet) -> int:
        hashed = self._ran[chosen].hash
        if hashed not in self._digests:
            trace = self._recorder.trace([self._names[number] for number in chosen])
            self._digests[hashed] = digest(trace.text())
        return self._digests[hashed]
