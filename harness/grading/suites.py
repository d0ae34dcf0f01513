"""Which suite a submission is graded with: the same for all, or each with one of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.suite import Suite


@dataclass(frozen=True, slots=True)
class Suites:
    """The suites of a batch."""

    usual: Suite
    """The suite of all submissions; with own ones, what they have in common: tests and limits."""
    own: Mapping[str, Suite] | None = None
    """By the names of submissions."""

    def parts(self, names: Sequence[str]) -> Iterator[tuple[Suite, Sequence[str]]]:
        """Yield each suite, and which of these submissions are graded with it."""
        if self.own is None:
            yield self.usual, names
            return
        by_path: dict[str, list[str]] = {}
        for name in names:
            if name in self.own:
                by_path.setdefault(str(self.own[name].path), []).append(name)
        for sharing in by_path.values():
            yield self.own[sharing[0]], sharing

    def without(self, names: Sequence[str]) -> list[str]:
        """Return those of these submissions that have no suite."""
        return [] if self.own is None else [name for name in names if name not in self.own]
