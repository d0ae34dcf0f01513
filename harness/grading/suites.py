"""Which suite a submission is graded with: the same for all, or each with one of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.suite import Suite


@dataclass(frozen=True, slots=True)
class Suites:
    """The suites of a batch."""

    usual: Suite
    """The suite of all submissions; with own ones, what they have in common: tests and limits."""
    own: Callable[[str], Suite | None] | None = None
    """Returns the suite of a submission by its name; None if it has none."""

    def suite_of(self, submission: str) -> Suite | None:
        """Return what a submission is graded with; None if it is left out."""
        return self.usual if self.own is None else self.own(submission)

    def without(self, names: Sequence[str]) -> list[str]:
        """Return those of these submissions that have no suite."""
        return [name for name in names if self.suite_of(name) is None]
