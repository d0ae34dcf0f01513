"""What became of a test, as a value that every report can show."""

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
    """Its trace is not the reference."""
    CRASHED = "crashed"
    """A signal, an exit inside of a call, or an exec ended it."""
    TIMEOUT = "timeout"
    """It used up its time, or the room for its trace."""
    LEAKED = "leaked"
    """Memory was handed out, or mapped, and never given back."""
    INVALID = "invalid"
    """An address it was given can't be right, or the program found its memory to be wrong."""
    NOT_BUILT = "not-built"
    """The library, or the program, could not be built."""
    SKIPPED = "skipped"
    """It could not be judged, for want of a reference or of a tracer that works."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One test's outcome, and what is known of how it came about."""

    test: Test
    outcome: Outcome
    reason: str = ""
    """What was seen, in one line; empty if it passed."""
    advice: str = ""
    """Why it is not right, or what to try; may be empty."""
    expected: Trace | None = None
    found: Trace | None = None
    oddities: tuple[str, ...] = ()
    """What a person should look at, whatever the outcome."""

    @property
    def points(self) -> int:
        return self.test.points if self.outcome is Outcome.PASSED else 0


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """0 if all passed, 1 if something failed, 2 if all that is missing could not be judged."""
    outcomes = {verdict.outcome for verdict in verdicts} - {Outcome.PASSED}
    if not outcomes:
        return 0
    return 2 if outcomes == {Outcome.SKIPPED} else 1


class Reference(StrEnum):
    """What recording did to a test's reference."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NEW = "new"
    REFUSED = "refused"
    """The run was no good: the old reference, if there is one, stays."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A test whose reference was recorded, or not."""

    test: Test
    reference: Reference
    reason: str = ""
    """Why it was refused."""
