"""A diagnosis: which mistakes explain the failed tests, as values that every report can show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """A mistake that was made; or one of several, where no test can tell them apart."""

    names: tuple[str, ...]
    """Their names, as in tests/mistakes.toml."""
    sentences: tuple[str, ...]
    """What each of them is, as one tells it to a student."""
    rules: tuple[str, ...]
    """The rule of the specification that each of them breaks."""
    tests: tuple[str, ...]
    """The tests that it explains, alone or together with the other causes."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The mistakes that explain what was found; none where there is nothing to explain."""

    causes: tuple[Cause, ...] = ()
    """Those that explain most tests come first."""
    given: tuple[str, ...] = ()
    """The names of those that show in all tests: the others were found with these as given."""
    explained: tuple[str, ...] = ()
    """The tests whose traces are just those that the causes leave."""
    unexplained: tuple[str, ...] = ()
    """The other tests whose traces are not as they should be."""

    @property
    def complete(self) -> bool:
        """Whether the causes explain everything."""
        return not self.unexplained
