"""The search for the smallest set of known mistakes that explains all tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nlargest

from harness.diagnosis.table import NO_MISTAKE, MistakeSet, Table, TestTable

_EXTENDED = 24
"""So many pairs, those that explain most, are tried with a third mistake."""
_UNPREDICTED = 3
"""In so many tests what three mistakes do together may be unknown."""

Found = Mapping[str, int]
"""The number of the trace found in each test, as the table of the test has it."""


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, held against a table."""

    table: Table
    found: Found

    def sets(self) -> list[MistakeSet]:
        """Return the sets that explain everything, all of the same, smallest size."""
        scores = self.scores()
        full = [i for i, score in enumerate(scores) if score == len(self.found)]
        if full:
            sets = [self.table.sets[at] for at in full]
            return [chosen for chosen in sets if len(chosen) == len(sets[0])]
        return self._triples(scores)

    def scores(self) -> bytes:
        """Return how many tests each set of the table explains."""
        total = 0
        for name in self.found:
            total += self._leaving(name)
        return total.to_bytes(len(self.table.sets), "little")

    def _triples(self, scores: bytes) -> list[MistakeSet]:
        most = nlargest(_EXTENDED, range(self._first_pair, len(scores)), key=scores.__getitem__)
        counts = {name: self._leaving(name).bit_count() for name in self.found}
        telling = sorted(self.found, key=counts.__getitem__)
        partners = cache(self._partners)
        tried: set[MistakeSet] = set()
        for at in most:
            unexplained = (
                name for name in telling if counts[name] and not self._explains(name, at)
            )
            if name := next(unexplained, None):
                pair = self.table.sets[at]
                # A third mistake explains the test only if it does so beside either of the two.
                thirds = set().union(*(partners(name, mistake) for mistake in pair))
                tried.update((*sorted((*pair, third)),) for third in thirds.difference(pair))
        return sorted(triple for triple in tried if self._explains_all(triple, telling))

    @property
    def _first_pair(self) -> int:
        """The place of the first set of two."""
        return 1 + len(self.table.mistakes)

    def _leaving(self, name: str) -> int:
        """Return a number whose bytes are 1 for the sets that leave the trace found in a test."""
        return self.table.tests[name].matching(self.found[name])

    def _partners(self, name: str, mistake: int) -> set[int]:
        """Return the mistakes beside which a mistake leaves the trace found in a test."""
        pair = self.table.place_of_pair
        others = (other for other in range(len(self.table.mistakes)) if other != mistake)
        return {other for other in others if self._explains(name, pair(mistake, other))}

    def _explains(self, name: str, at: int) -> bool:
        return self.table.tests[name].of(at) == self.found[name]

    def _explains_all(self, triple: MistakeSet, telling: Sequence[str]) -> bool:
        """Whether three mistakes explain everything, as far as it can be told, and no two of them
        explain all that the three do."""
        places = _Places.of(self.table, triple)
        pairs = [row[-1] for row in places.rows]
        unpredicted = 0
        needed = [False] * len(pairs)
        for name in telling:
            predicted = places.predict(self.table.tests[name])
            if predicted is None:
                unpredicted += 1
            elif predicted != self.found[name]:
                return False
            else:
                needed = [n or not self._explains(name, at) for n, at in zip(needed, pairs)]
        return unpredicted <= _UNPREDICTED and all(needed)


@dataclass(frozen=True, slots=True)
class _Places:
    """The places of three mistakes and of their pairs in the table."""

    rows: tuple[tuple[int, int, int, int, int], ...]
    """For each: the other two, it with each of these, and the pair of these."""

    @classmethod
    def of(cls, table: Table, triple: MistakeSet) -> _Places:
        pair = table.place_of_pair
        first, second, third = triple
        turns = ((first, second, third), (second, third, first), (first, third, second))
        return cls(tuple((1 + a, 1 + b, pair(a, c), pair(b, c), pair(a, b)) for a, b, c in turns))

    def predict(self, test: TestTable) -> int | None:
        """Return the number of the trace that all three leave; None if it can't be told."""
        for one, other, with_one, with_other, both in self.rows:
            if test.of(with_one) == test.of(one) and test.of(with_other) == test.of(other):
                return test.of(both)
        return None


def failing(found: Found) -> list[str]:
    """Return the tests whose traces are not those of a right allocator."""
    return [name for name, number in found.items() if number != NO_MISTAKE]
