"""The diagnosis of a submission, from the traces of its tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from harness.diagnosis.search import Found, Search, failing
from harness.diagnosis.table import NO_MISTAKE, MistakeSet, Table
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.verdict import Verdict

_MOST_ALTERNATIVES = 3
"""More than these are no help."""


def traces_of(verdicts: Iterable[Verdict]) -> dict[str, str]:
    """Return the text of the trace that was found in each test that was run."""
    return {v.test.name: v.found.text() for v in verdicts if v.found is not None}


def diagnose(table: Table, traces: Mapping[str, str]) -> Diagnosis:
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
    causes = [_cause(table, found, group) for group in groups if len(group) <= _MOST_ALTERNATIVES]
    if not causes:
        return Diagnosis(unexplained=tuple(failed))
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


def _cause(table: Table, found: Found, group: tuple[int, ...]) -> Cause:
    mistakes = [table.mistakes[number] for number in group]
    return Cause(
        tuple(mistake.name for mistake in mistakes),
        tuple(mistake.what for mistake in mistakes),
        tuple(mistake.rule for mistake in mistakes),
        tuple(name for name in failing(found) if _shows(table, name, group)),
    )


def _shows(table: Table, name: str, group: tuple[int, ...]) -> bool:
    """Whether a mistake fails a test."""
    return any(table.tests[name].of(1 + number) != NO_MISTAKE for number in group)
