"""The table of a suite: which trace each known mistake, and each pair of them, leaves in each test.

A trace is kept as a digest, and a test has few different ones: so the table of a test is a list of
digests and, for each set of mistakes, a number in this list. The file is text in JSON, then for
each test the digests, the lower bytes of the numbers and the higher ones; all of it is compressed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import lzma
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.execution.build import ROOT
from harness.specification.mistakes import Mistake, is_mistake
from harness.specification.phrases import mistake_under
from harness.suite import Suite

MISTAKES = ROOT / "tests" / "mistakes.toml"
"""The mistakes that are known."""
_FILE = "mistakes.table"
_DIGEST_BYTES = 4
NO_MISTAKE = 0
"""The number of the trace that a right allocator leaves."""
UNKNOWN = -1
"""The number of a trace that no set of the table leaves."""

MistakeSet = tuple[int, ...]
"""Mistakes by their numbers, in order."""


def digest(text: str | bytes) -> int:
    """Return the digest of a trace's text."""
    content = text.encode() if isinstance(text, str) else text
    return int.from_bytes(hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest(), "little")


@cache
def sets_of(count: int) -> tuple[MistakeSet, ...]:
    """Return the sets of at most two of so many mistakes, in the order of the table."""
    sizes = (itertools.combinations(range(count), size) for size in (0, 1, 2))
    return tuple(itertools.chain.from_iterable(sizes))


@dataclass(frozen=True, slots=True)
class TestTable:
    """What each set of mistakes leaves in one test."""

    digests: array[int]
    """The different traces; the first is that of no mistake."""
    low: bytes
    high: bytes
    """The lower and the higher byte of the number of each set's trace."""
    failed_by: tuple[int, ...] = ()
    """The mistakes each of which fails the test alone, by their numbers."""

    def number(self, text: str) -> int:
        """Return the number of a trace."""
        found = digest(text)
        return self.digests.index(found) if found in self.digests else UNKNOWN

    def of(self, at: int) -> int:
        """Return the number of the trace of the set at this place."""
        return self.low[at] | self.high[at] << 8

    def matching(self, number: int) -> int:
        """Return a number whose bytes are 1 for the sets that leave this trace, and else 0."""
        if number == UNKNOWN:
            return 0
        low = self.low.translate(_one_at(number & 255))
        high = self.high.translate(_one_at(number >> 8))
        return int.from_bytes(low, "little") & int.from_bytes(high, "little")


@cache
def _one_at(byte: int) -> bytes:
    return bytes(value == byte for value in range(256))


@dataclass(frozen=True, slots=True)
class Table:
    """The known mistakes, and what they leave in the tests of a suite."""

    key: str
    """A digest of all that the table was made from."""
    mistakes: tuple[Mistake, ...]
    tests: Mapping[str, TestTable]

    @property
    def sets(self) -> tuple[MistakeSet, ...]:
        return sets_of(len(self.mistakes))

    def place(self, mistakes: MistakeSet) -> int:
        """Return the place of a set of at most two."""
        match mistakes:
            case (first, second):
                return self.place_of_pair(first, second)
            case (first,):
                return 1 + first
        return 0

    def place_of_pair(self, one: int, other: int) -> int:
        """Return the place of two mistakes, in whichever order they come."""
        first, second = (one, other) if one < other else (other, one)
        count = len(self.mistakes)
        return count + first * (2 * count - first - 1) // 2 + second - first

    def sets_with(self, mistake: int) -> int:
        """Return a number whose bytes are 1 for the sets that a mistake is in, and else 0."""
        count = len(self.mistakes)
        content = bytearray(len(self.sets))
        content[self.place((mistake,))] = 1
        for other in range(count):
            if other != mistake:
                content[self.place_of_pair(mistake, other)] = 1
        return int.from_bytes(content, "little")

    def shows(self, mistake: int, test: str) -> bool:
        """Return whether a mistake, by its number, changes the trace of a test."""
        return self.tests[test].of(1 + mistake) != NO_MISTAKE

    def failed_by(self, name: str) -> frozenset[str]:
        """Return the tests that a mistake fails alone; none if it is not in the table."""
        numbers = {at for at, mistake in enumerate(self.mistakes) if mistake.name == name}
        return frozenset(t for t, table in self.tests.items() if numbers & set(table.failed_by))

    def without(self, names: Sequence[str]) -> Table:
        """Return the table without these mistakes."""
        kept = [i for i, mistake in enumerate(self.mistakes) if mistake.name not in names]
        places = [self.place(tuple(kept[i] for i in chosen)) for chosen in sets_of(len(kept))]
        tests = {
            name: TestTable(
                test.digests,
                bytes(test.low[at] for at in places),
                bytes(test.high[at] for at in places),
                tuple(number for number, old in enumerate(kept) if old in test.failed_by),
            )
            for name, test in self.tests.items()
        }
        return Table(self.key, tuple(self.mistakes[i] for i in kept), tests)


def table_file(suite: Suite) -> Path:
    """Return the file of a suite's table, beside its references."""
    return suite.references / _FILE


def make_test_table(digests: Sequence[int], failed_by: Sequence[int]) -> TestTable:
    """Return the table of a test from the digest of each set, in the order of `sets_of`, and the
    mistakes that fail it alone."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(digests))}
    found = [numbers[value] for value in digests]
    return TestTable(
        array("I", numbers),
        bytes(n & 255 for n in found),
        bytes(n >> 8 for n in found),
        tuple(failed_by),
    )


def write_table(table: Table, path: Path) -> None:
    """Keep a table in a file."""
    head = {
        "key": table.key,
        "mistakes": [[m.name, m.what, m.rule, m.seen, m.look] for m in table.mistakes],
        "tests": {
            name: {"digests": len(test.digests), "failed_by": test.failed_by}
            for name, test in table.tests.items()
        },
    }
    content = [json.dumps(head).encode(), b"\n"]
    for test in table.tests.values():
        content += [_little_endian(test.digests).tobytes(), test.low, test.high]
    path.write_bytes(lzma.compress(b"".join(content), preset=9))


def _little_endian(words: array[int]) -> array[int]:
    if sys.byteorder == "little":
        return words
    swapped = array("I", words)
    swapped.byteswap()
    return swapped


def read_table(path: Path) -> Table:
    """Read a table. Raises `OSError`."""
    head, _, content = lzma.decompress(path.read_bytes()).partition(b"\n")
    read = json.loads(head)
    mistakes = tuple(Mistake(*row) for row in read["mistakes"])
    count = len(sets_of(len(mistakes)))
    rest = memoryview(content)
    tests = {}
    for name, about in read["tests"].items():
        size = about["digests"] * _DIGEST_BYTES
        digests = array("I")
        digests.frombytes(rest[:size])
        low, high = bytes(rest[size : size + count]), bytes(rest[size + count : size + 2 * count])
        failed_by = tuple(about["failed_by"])
        tests[name] = TestTable(_little_endian(digests), low, high, failed_by)
        rest = rest[size + 2 * count :]
    return Table(read["key"], mistakes, tests)


@cache
def table_of(suite: Suite) -> Table | None:
    """Return the table of a suite; None if it has none. It is read once, for a whole batch.

    Tests whose reference is another one than when the table was made are left out, and so are
    mistakes that are none under the policy of the suite. The others are worded for it.
    """
    path = table_file(suite)
    if not path.is_file():
        return None
    table = read_table(path)
    fitting = {
        test.name: table.tests[test.name]
        for test in suite.tests
        if test.name in table.tests
        and test.reference.is_file()
        and digest(test.reference.read_bytes()) == table.tests[test.name].digests[NO_MISTAKE]
    }
    mistakes = tuple(mistake_under(suite.policy, mistake) for mistake in table.mistakes)
    none = [mistake.name for mistake in mistakes if not is_mistake(mistake.name, suite.policy)]
    whole = Table(table.key, mistakes, fitting)
    return whole.without(none) if none else whole
