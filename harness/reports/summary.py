"""The summary of a batch of submissions, on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from harness.execution.versions import Versions, show_differences
from harness.results.grade import Graded, Status
from harness.results.verdict import Outcome
from harness.specification.rules import rules_of
from harness.suite import Suite
from harness.text import printable

_BAND = 10
"""The points that a bar of the histogram stands for."""
_BAR_WIDTH = 40
_TESTS_SHOWN = 5
_MISTAKES_SHOWN = 15
_MISTAKE_BAR_WIDTH = 20
_SUBMISSIONS_SHOWN = 20


Mistakes = tuple[tuple[str, ...], tuple[str, ...]]
"""The names of mistakes, and their sentences."""


@dataclass(slots=True)
class _Counts:
    statuses: Counter[Status] = field(default_factory=Counter)
    bands: Counter[int] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    """The number of submissions that failed each test."""
    passed: set[str] = field(default_factory=set)
    """The tests that anyone passed."""
    tests: int = 0
    """The number of submissions that were tested."""
    mistakes: Counter[Mistakes] = field(default_factory=Counter)
    """The number of submissions that made each mistake, or one that no test tells from it."""
    max_points: int = 0
    looked_at: list[str] = field(default_factory=list)
    """The first submissions that a person should look at, and why, one a line."""
    more_to_look_at: int = 0
    skipped: list[str] = field(default_factory=list)
    """All submissions without a grade, and why, one a line."""
    by_versions: Counter[str] = field(default_factory=Counter)
    """The number of submissions by how the versions of tools differ from the suite's."""

    def add(self, graded: Graded) -> None:
        grade = graded.grade
        self.statuses[grade.status] += 1
        if grade.skipped:
            self.skipped.append(printable(f"{graded.submission}: {grade.reason}"))
            return
        self.bands[grade.points // _BAND] += 1
        self.max_points = max(self.max_points, grade.max_points)
        if grade.status is Status.GRADED:
            passed = {test.name for test in grade.tests if test.outcome is Outcome.PASSED}
            self.failed.update(t.name for t in grade.tests if t.name not in passed and not t.extra)
            self.passed |= passed
            self.tests += 1
            self.mistakes.update((c.names, c.sentences) for c in grade.diagnosis.causes)
        if why := _why_to_look(graded):
            if len(self.looked_at) < _SUBMISSIONS_SHOWN:
                self.looked_at.append(printable(f"{graded.submission}: {why}"))
            else:
                self.more_to_look_at += 1


def _why_to_look(graded: Graded) -> str:
    """Return why a person should look at a submission; empty if nobody has to."""
    grade = graded.grade
    reasons = list(graded.flags)
    if grade.status is not Status.GRADED:
        reasons.insert(0, f"{grade.status}: {grade.reason}")
    elif slow := sum(test.outcome is Outcome.TIMEOUT for test in grade.tests):
        reasons.append(f"{slow} {'test' if slow == 1 else 'tests'} timed out")
    return "; ".join(reasons)


def _print(console: Console, line: str, style: str = "") -> None:
    console.print(Text(line, style), no_wrap=True, overflow="ellipsis")


def _show_bands(console: Console, counts: _Counts) -> None:
    _print(console, "\npoints", "dim")
    longest = max(counts.bands.values())
    for band in range(max(*counts.bands, counts.max_points // _BAND) + 1):
        low, number = band * _BAND, counts.bands[band]
        high = min(low + _BAND - 1, counts.max_points)
        label = f"{low}-{high}" if high > low else f"{low}"
        # Rounded up: a band with a submission is never empty.
        bar = "#" * -(-number * _BAR_WIDTH // longest)
        _print(console, f"  {label:>7}  {number:5d}  {bar}".rstrip())


def _show_failed(console: Console, counts: _Counts) -> None:
    _print(console, "\ntests failed most", "dim")
    order = sorted(counts.failed.items(), key=lambda item: (-item[1], item[0]))
    for name, number in order[:_TESTS_SHOWN]:
        _print(console, f"  {number:5d}  {printable(name)}")


def _show_mistakes(console: Console, counts: _Counts) -> None:
    _print(console, "\nmistakes made most", "dim")
    order = sorted(counts.mistakes.items(), key=lambda item: (-item[1], item[0]))
    longest = order[0][1]
    for (names, sentences), number in order[:_MISTAKES_SHOWN]:
        bar = "#" * -(-number * _MISTAKE_BAR_WIDTH // longest)
        _print(console, f"  {number:5d}  {bar:{_MISTAKE_BAR_WIDTH}}  {_mistake(names, sentences)}")
    if more := len(order) - _MISTAKES_SHOWN:
        if more > 0:
            _print(console, f"  and {more} more, see gradebook.csv")


def _mistake(names: tuple[str, ...], sentences: tuple[str, ...]) -> str:
    return printable(f"{' or '.join(names)}: {' Or: '.join(sentences)}")


def _show_unreached(console: Console, counts: _Counts, suite: Suite) -> None:
    """Print the rules none of whose tests anyone passed."""
    judged = {rule for test in suite.tests if not test.extra for rule in test.rules}
    reached = {rule for test in suite.tests if test.name in counts.passed for rule in test.rules}
    rules = rules_of(suite.policy)
    unreached = [name for name in rules if name in judged - reached]
    if unreached:
        _print(console, "\nrules that nobody's tests reached", "dim")
        for name in unreached:
            _print(console, f"  {name}: {rules[name].sentence}")


def _show_looked_at(console: Console, counts: _Counts) -> None:
    _print(console, "\nto be looked at", "dim")
    for line in counts.looked_at:
        _print(console, f"  {line}")
    if counts.more_to_look_at:
        _print(console, f"  and {counts.more_to_look_at} more, see gradebook.csv")


def _show_skipped(console: Console, counts: _Counts) -> None:
    _print(console, "\nskipped, to be graded by the same command", "dim")
    for line in counts.skipped:
        _print(console, f"  {line}", "red")


def show_summary(
    console: Console, graded: Iterable[Graded], suite: Suite, made_with: Versions, total: int
) -> None:
    """Print the number of submissions with each status, of ``total`` ones; the histogram of their
    points, the tests that failed most, the mistakes made most, the rules that nobody's tests reach,
    the submissions that a person should look at and those that were skipped, and the versions of
    tools that differ from the suite's."""
    counts = _Counts()
    for each in graded:
        counts.add(each)
        counts.by_versions[show_differences(each.grade.versions, made_with)] += 1
    kinds = [f"{counts.statuses[s]} {s}" for s in Status if counts.statuses[s]]
    if rest := total - counts.statuses.total():
        kinds.append(f"{rest} not graded yet")
    noun = "submission" if total == 1 else "submissions"
    _print(console, f"{total} {noun}" + (f": {', '.join(kinds)}" if total else ""), "bold")
    if counts.bands:
        _show_bands(console, counts)
    if counts.failed:
        _show_failed(console, counts)
    if counts.mistakes:
        _show_mistakes(console, counts)
    if counts.tests:
        _show_unreached(console, counts, suite)
    if counts.looked_at:
        _show_looked_at(console, counts)
    if counts.skipped:
        _show_skipped(console, counts)
    for differences, number in sorted(counts.by_versions.items()):
        if differences:
            _print(console, f"{number} graded with {printable(differences)}")
