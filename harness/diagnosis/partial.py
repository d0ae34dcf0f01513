"""What is named where no set of known mistakes explains everything.

Most submissions make a mistake that nobody has seen before. Others that they make still leave their
own traces, in tests where the unknown one changes nothing. A mistake counts as made if

- in some test the trace is one that no set without this mistake leaves;
- in at least half of the tests that it changes, and in two at least, the trace is just the one that
  it leaves alone;
- and in no test that it changes the trace is that of a right allocator.

Measured on sets that nothing explains, of three to six mistakes: ``make bench-diagnosis``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.diagnosis.search import Search, failing
from harness.diagnosis.table import NO_MISTAKE, MistakeSet

_FEWEST_ALONE = 2
_ALONE = 0.5
"""In so many of the tests that a mistake changes it has to leave the trace that it leaves alone."""


@dataclass(frozen=True, slots=True)
class Part:
    """Mistakes that explain some tests."""

    mistakes: MistakeSet
    tests: dict[str, MistakeSet]
    """The tests that they explain, and which of them leave the trace found there."""


def explained_part(search: Search) -> Part:
    """Return the mistakes that were certainly made, and what they explain."""
    table, found = search.table, search.found
    leaving = [table.tests[name].matching(found[name]) for name in failing(found)]
    some_sets = [table.sets[_first(sets)] for sets in leaving if sets]
    candidates = {mistake for some_set in some_sets for mistake in some_set}
    made = tuple(
        sorted(
            mistake
            for mistake in candidates
            if _is_in_all(table.sets_with(mistake), leaving) and _holds_elsewhere(search, mistake)
        )
    )
    explanations = {name: _leaving(search, name, made) for name in failing(found)}
    return Part(made, {name: chosen for name, chosen in explanations.items() if chosen})


def _first(sets: int) -> int:
    """Return the place of the first of some sets, given as bytes of 1."""
    return (sets & -sets).bit_length() // 8


def _is_in_all(with_it: int, leaving: Sequence[int]) -> bool:
    """Whether all sets that leave some trace are among those with a mistake."""
    return any(sets and not sets & ~with_it for sets in leaving)


def _holds_elsewhere(search: Search, mistake: int) -> bool:
    """Whether the other tests that a mistake changes bear it out."""
    table, found = search.table, search.found
    changed = [name for name in found if table.shows(mistake, name)]
    alone = sum(table.tests[name].of(1 + mistake) == found[name] for name in changed)
    borne_out = alone >= max(_FEWEST_ALONE, _ALONE * len(changed))
    return borne_out and all(found[name] != NO_MISTAKE for name in changed)


def _leaving(search: Search, name: str, made: MistakeSet) -> MistakeSet:
    """Return which of the mistakes made, one or two, leave the trace of a test; none if it takes
    others."""
    test, table = search.table.tests[name], search.table
    singles: list[MistakeSet] = [(mistake,) for mistake in made]
    pairs: list[MistakeSet] = [(a, b) for a in made for b in made if a < b]
    sets = (s for s in singles + pairs if test.of(table.place(s)) == search.found[name])
    return next(sets, ())
