"""A diagnosis: which mistakes explain the failed tests, as values that every report can show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
    looks: tuple[str, ...] = ()
    """Where in the code to look for each of them; empty for where their rule says to look."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What the traces of tests prove, where no known mistakes explain them."""

    sentence: str
    rule: str
    """The rule of the specification that it is about; empty if it is about none."""
    tests: tuple[str, ...]


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
    observed: tuple[Observation, ...] = ()
    """What is certain about those."""
    known: int = 0
    """The number of mistakes that the traces were held against."""
    sentences: Mapping[str, str] = field(default_factory=dict)
    """What rules say that the policy of the suite changes, by their names."""

    @property
    def complete(self) -> bool:
        """Whether the causes explain everything."""
        return not self.unexplained

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Diagnosis:
        """Return the diagnosis from its fields, as JSON has them."""
        return cls(
            tuple(Cause(**_tuples(cause)) for cause in values["causes"]),
            tuple(values["given"]),
            tuple(values["explained"]),
            tuple(values["unexplained"]),
            tuple(Observation(**_tuples(each)) for each in values["observed"]),
            values["known"],
            values.get("sentences", {}),
        )


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
