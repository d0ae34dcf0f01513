"""What decides a verdict other than passed."""

from __future__ import annotations

from dataclasses import dataclass

from harness.results.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome other than passed, with its reason and advice."""

    outcome: Outcome
    reason: str
    advice: str = ""
    call: int = 0
    """The number of the call that went wrong, from 1; 0 if the last one did."""
