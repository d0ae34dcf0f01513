"""Making the table of a suite: a run of each test under each set of mistakes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.diagnosis.recorder import Ran, Recorder, recorders
from harness.diagnosis.table import MistakeSet, Table, TestTable, digest, make_test_table, sets_of
from harness.execution.build import ROOT
from harness.execution.build_error import BuildError
from harness.execution.kit import UTILS
from harness.execution.workers import Workers, result_of
from harness.specification.mistakes import Mistake, read_mistakes
from harness.suite import Suite

MISTAKES = ROOT / "tests" / "mistakes.toml"
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
            name: workers.submit(_make_test, recorder, mistakes)
            for name, recorder in by_test.items()
        }
        workers.begin()
        tests = {name: result_of(future) for name, future in futures.items()}
    return Table(key_of(suite), mistakes, tests)


def _make_test(recorder: Recorder, mistakes: Sequence[Mistake]) -> TestTable:
    return make_test_table(_Runs(recorder, mistakes).digests())


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
