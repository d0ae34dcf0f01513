"""The diagnosis of a submission, from the traces of its tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from harness.diagnosis.observe import observe
from harness.diagnosis.partial import explained_part
from harness.diagnosis.search import Search, failing
from harness.diagnosis.table import MistakeSet, Table, table_of
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.verdict import Outcome, Verdict
from harness.specification.rules import changed_sentences
from harness.suite import Suite

_MOST_ALTERNATIVES = 3
"""More than these are no help."""


def diagnose(suite: Suite, verdicts: Sequence[Verdict]) -> Diagnosis:
    """Return the mistakes that explain these verdicts, as far as the suite's table knows them, and
    what is certain about the rest. A right allocator needs no table, which takes long to read."""
    if all(verdict.as_specified for verdict in verdicts):
        return Diagnosis()
    sentences = changed_sentences(suite.policy)
    table = table_of(suite)
    if table is None:
        observed = observe(_failed(verdicts), suite.policy)
        return Diagnosis(observed=observed, sentences=sentences)
    known = find_causes(table, traces_of(verdicts))
    # What a mistake that is named has changed as well would be taken for another mistake.
    changed = _changed(table, known.causes).union(known.explained)
    rest = [verdict for verdict in _failed(verdicts) if verdict.test.name not in changed]
    return replace(known, observed=observe(rest, suite.policy), sentences=sentences)


def _failed(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.outcome is not Outcome.PASSED]


def _changed(table: Table, causes: Iterable[Cause]) -> set[str]:
    """Return the tests in which these mistakes change the trace."""
    names = {name for cause in causes for name in cause.names}
    numbers = [number for number, mistake in enumerate(table.mistakes) if mistake.name in names]
    return {test for test in table.tests for number in numbers if table.shows(number, test)}


def traces_of(verdicts: Iterable[Verdict]) -> dict[str, str]:
    """Return the text of the trace that was found in each test that was run."""
    return {v.test.name: v.found.text() for v in verdicts if v.found is not None}


def find_causes(table: Table, traces: Mapping[str, str]) -> Diagnosis:
    """Return the mistakes that explain these traces: the text of each, by the name of its test.

    Tests that the table does not have are left out.
    """
    found = {
        name: table.tests[name].number(text) for name, text in traces.items() if name in table.tests
    }
    failed = failing(found)
    if not failed:
        return Diagnosis()
    search = Search(table, found)
    groups = _alternatives(search.sets())
    causes = [
        _cause(table, (name for name in failed if _shows(table, name, group)), group)
        for group in groups
        if len(group) <= _MOST_ALTERNATIVES
    ]
    if not causes:
        return _partial_diagnosis(search)
    if len(causes) == len(groups):
        explained = set(failed)
    else:
        explained = {test for cause in causes for test in cause.tests}
    causes.sort(key=lambda cause: len(cause.tests), reverse=True)
    return Diagnosis(
        tuple(causes),
        tuple(
            name
            for cause in causes
            if len(causes) > 1 and len(cause.tests) == len(found)
            for name in cause.names
        ),
        tuple(name for name in failed if name in explained),
        tuple(name for name in failed if name not in explained),
        known=len(table.mistakes),
    )


def _partial_diagnosis(search: Search) -> Diagnosis:
    """Return the mistakes that were made beside others, which are unknown."""
    table, part = search.table, explained_part(search)
    causes = [
        _cause(table, (name for name, leaving in part.tests.items() if made in leaving), (made,))
        for made in part.mistakes
    ]
    failed = failing(search.found)
    return Diagnosis(
        tuple(sorted(causes, key=lambda cause: len(cause.tests), reverse=True)),
        explained=tuple(name for name in failed if name in part.tests),
        unexplained=tuple(name for name in failed if name not in part.tests),
        known=len(table.mistakes),
    )


def _alternatives(sets: Sequence[MistakeSet]) -> list[tuple[int, ...]]:
    """Return what all sets have in common, as groups of mistakes one of each of which was made.

    Sets that are no product of such groups only have single mistakes in common.
    """
    if not sets:
        return []
    known = set(sets)
    groups = [_in_place_of(mistake, sets[0], known) for mistake in sets[0]]
    if {tuple(sorted(chosen)) for chosen in product(*groups)} == known:
        return groups
    return [(mistake,) for mistake in sets[0] if all(mistake in chosen for chosen in sets)]


def _in_place_of(mistake: int, chosen: MistakeSet, known: set[MistakeSet]) -> tuple[int, ...]:
    """Return the mistakes that can take the place of one in a set."""
    others = tuple(other for other in chosen if other != mistake)
    instead = {m for other in known for m in other if m not in others}
    return tuple(sorted(m for m in instead if tuple(sorted((*others, m))) in known))


def _cause(table: Table, tests: Iterable[str], group: tuple[int, ...]) -> Cause:
    mistakes = [table.mistakes[number] for number in group]
    return Cause(
        tuple(mistake.name for mistake in mistakes),
        tuple(mistake.what for mistake in mistakes),
        tuple(mistake.rule for mistake in mistakes),
        tuple(tests),
        tuple(mistake.look for mistake in mistakes),
    )


def _shows(table: Table, name: str, group: tuple[int, ...]) -> bool:
    """Whether a mistake fails a test."""
    return any(table.shows(number, name) for number in group)
