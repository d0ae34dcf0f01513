"""The results of tests and of recording, as values that every report can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from harness.suite import Test
from harness.trace.trace import Trace


class Outcome(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    DIFFERS = "differs"
    """The trace differs from the reference."""
    CRASHED = "crashed"
    """A signal, an exit inside a call or an exec() ended the program, or it started another."""
    TIMEOUT = "timeout"
    """The program used up its time, or the space for its trace."""
    NOT_RUN = "not-run"
    """The submission had used up its budget before."""
    LEAKED = "leaked"
    """Memory was allocated or mapped, and never given back."""
    INVALID = "invalid"
    """An address breaks an invariant, or the program found its memory changed."""
    NOT_BUILT = "not-built"
    """The library could not be built, or lacks a function that the program calls."""
    SKIPPED = "skipped"
    """The test could not be judged: no reference, no program, or no tracer that works."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What a program printed on its standard streams, in one go."""

    call: int
    """The number of the call that it was printed in, from 1; 0 outside of calls."""
    text: str
    """As it is: it may hold anything."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a test, and the reason for it."""

    test: Test
    outcome: Outcome
    reason: str = ""
    """What was found, in one line; empty if the test passed."""
    advice: str = ""
    """The rule that decides, or what to try; may be empty."""
    expected: Trace | None = None
    """The reference; None if there is none."""
    found: Trace | None = None
    """None if nothing was run."""
    oddities: tuple[str, ...] = ()
    """What the audit found, whatever the outcome, for a person to look at."""
    printed: tuple[Printed, ...] = ()
    """What the program printed, up to a bound."""
    call: int = 0
    """The number of the call that went wrong, from 1; 0 if none did, or it is not known."""

    @property
    def line(self) -> int:
        """The line of the test program that makes the call; 0 if it is not known."""
        return self.found.calls[self.call - 1].line if self.found is not None and self.call else 0

    @property
    def points(self) -> int:
        return self.test.points if self.outcome is Outcome.PASSED else 0

    @property
    def as_specified(self) -> bool:
        """Whether the test passed, and not even what it does not judge was otherwise."""
        return self.outcome is Outcome.PASSED and self.found == self.expected


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """Return 0 if all tests passed, 2 if the others could not be judged, and 1 if any failed. Extra
    tests do not count."""
    outcomes = {verdict.outcome for verdict in verdicts if not verdict.test.extra}
    outcomes -= {Outcome.PASSED}
    if not outcomes:
        return 0
    return 2 if outcomes == {Outcome.SKIPPED} else 1


class Reference(StrEnum):
    """What recording did to the reference of a test."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NEW = "new"
    REFUSED = "refused"
    """The run can't be a reference: the old one, if there is one, stays."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A test, and what recording did to its reference."""

    test: Test
    reference: Reference
    reason: str = ""
    """Why it was refused."""
