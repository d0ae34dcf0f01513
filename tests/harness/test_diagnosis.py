"""The diagnosis names the mistakes that were made, and no others."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from harness.checking.check import check, set_up
from harness.checking.programs import build_programs
from harness.diagnosis.diagnose import find_causes, traces_of
from harness.diagnosis.making import key_of
from harness.diagnosis.recorder import recorders
from harness.diagnosis.table import Table, read_table, table_file, table_of
from harness.execution.build import ROOT
from harness.results.diagnosis import Diagnosis
from harness.suite import Suite, load_suite
from harness.tracers.ltrace import Ltrace

SUITES = [load_suite(ROOT / "tests" / name) for name in ("suite.toml", "classic.toml")]
DEFAULT = SUITES[0]
PLAIN = ROOT / "tests" / "plain"


class Recorded:
    """The tests of a suite, run with any mistakes of the plain implementation."""

    def __init__(self, suite: Suite, stack: ExitStack) -> None:
        found = table_of(suite)
        assert found is not None
        self.table: Table = found
        self.names = [mistake.name for mistake in self.table.mistakes]
        self._recorders = stack.enter_context(
            recorders(suite, build_programs(suite, 2), len(self.names))
        )

    def traces(self, mistakes: Sequence[str]) -> dict[str, str]:
        return {name: recorder.trace(mistakes).text() for name, recorder in self._recorders.items()}

    def diagnose(self, *mistakes: str) -> Diagnosis:
        return find_causes(self.table, self.traces(mistakes))


@pytest.fixture(scope="module")
def recorded() -> Iterator[Recorded]:
    with ExitStack() as stack:
        yield Recorded(DEFAULT, stack)


def names(diagnosis: Diagnosis) -> list[tuple[str, ...]]:
    return sorted(cause.names for cause in diagnosis.causes)


@pytest.mark.parametrize("suite", SUITES, ids=["default", "classic"])
def test_the_table_fits_the_suite(suite: Suite) -> None:
    table = read_table(table_file(suite))
    assert table.key == key_of(suite), "run 'make diagnosis'"
    fitting = table_of(suite)
    assert fitting is not None and list(fitting.tests) == [test.name for test in suite.tests]


def test_what_the_recorder_sees_is_what_ltrace_sees(recorded: Recorded) -> None:
    for mistakes in (["split-never"], ["header-24-bytes", "fit-worst"], ["munmap-payload-only"]):
        setup = set_up(DEFAULT, PLAIN, Ltrace(), 2)
        runner = replace(setup.runner, variables={"OSMEM_MISTAKES": ",".join(mistakes)})
        verdicts = check(replace(setup, runner=runner), 2)
        assert traces_of(verdicts) == recorded.traces(mistakes)


def test_each_mistake_is_named(recorded: Recorded) -> None:
    for mistake in recorded.names:
        found = recorded.diagnose(mistake)
        if mistake == "preallocate-unsplit-near-page":
            assert found == Diagnosis()
        else:
            [cause] = found.causes
            assert mistake in cause.names
            assert found.complete and found.explained


def test_two_mistakes_are_both_named(recorded: Recorded) -> None:
    found = recorded.diagnose("fit-worst", "munmap-payload-only")
    assert names(found) == [("fit-worst",), ("munmap-payload-only",)]
    assert found.complete


def test_what_hides_everything_is_taken_as_given(recorded: Recorded) -> None:
    found = recorded.diagnose("header-24-bytes", "coalesce-never")
    assert names(found) == [("coalesce-never",), ("header-24-bytes",)]
    assert found.given == ("header-24-bytes",)


def test_three_mistakes_are_named(recorded: Recorded) -> None:
    made = ("fit-worst", "munmap-payload-only", "realloc-never-shrinks")
    assert names(recorded.diagnose(*made)) == sorted((name,) for name in made)


def test_no_mistake_is_named_that_was_not_made(recorded: Recorded) -> None:
    chosen = random.Random(1)
    for size in (2, 2, 3):
        for _ in range(8):
            made = chosen.sample(recorded.names, size)
            for cause in recorded.diagnose(*made).causes:
                assert set(cause.names) & set(made), made


def test_a_mistake_outside_of_the_table_is_not_taken_for_another(recorded: Recorded) -> None:
    for mistake in ("fit-first", "munmap-never", "realloc-never-shrinks"):
        found = find_causes(recorded.table.without([mistake]), recorded.traces([mistake]))
        assert found.causes == ()
        assert found.unexplained


def test_beside_unknown_mistakes_those_are_named_that_explain_tests(recorded: Recorded) -> None:
    made = ("mapped-in-heap-list", "unmapped-head-dangles", "fit-with-header", "fit-worst")
    found = recorded.diagnose(*made)
    assert names(found) == [("fit-with-header",), ("fit-worst",)]
    changed = {test for test, text in recorded.traces(made).items() if text not in right_texts()}
    assert {*found.explained, *found.unexplained} == changed
    for cause in found.causes:
        assert cause.tests and {*cause.tests} <= {*found.explained}
    smaller = recorded.table.without(["coalesce-pairs"])
    found = find_causes(smaller, recorded.traces(["coalesce-pairs", "munmap-payload-only"]))
    assert names(found) == [("munmap-payload-only",)]
    assert found.unexplained


def right_texts() -> set[str]:
    return {test.reference.read_text() for test in DEFAULT.tests}


@pytest.mark.parametrize("source", [ROOT / "src", PLAIN], ids=["reference", "plain"])
def test_where_nothing_is_wrong_there_is_no_diagnosis(source: Path) -> None:
    verdicts = check(set_up(DEFAULT, source, Ltrace(), 2), 2)
    table = table_of(DEFAULT)
    assert table is not None
    assert find_causes(table, traces_of(verdicts)) == Diagnosis()


def test_tests_that_were_not_run_are_no_evidence(recorded: Recorded) -> None:
    traces = recorded.traces(["coalesce-never"])
    some: Mapping[str, str] = {name: traces[name] for name in ("malloc-coalesce", "all")}
    assert names(find_causes(recorded.table, some)) == [("coalesce-never",)]
    assert find_causes(recorded.table, {}) == Diagnosis()
