"""A budget: the time and the output that all commands of a piece of work may use together.

Each command has its own limits, but a submission runs more than a hundred. What one uses is charged
to the budget when it ends, and none starts when the budget is used up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from harness.errors import UserError


class BudgetUsedUp(UserError):
    """A command was not run; the message says why, as the end of a sentence."""


class Budget:
    """What commands may use together. It counts what the load of the machine does not change: the
    processor time of commands and of the checker itself, and the time in which no process of a
    command is ready to run."""

    def __init__(self, seconds: float, output_mib: float) -> None:
        self._seconds = seconds
        self._output_mib = output_mib
        self.used_seconds = 0.0
        self.used_bytes = 0

    def require_rest(self) -> None:
        """Raise `BudgetUsedUp` if nothing is left."""
        for used, allowed, unit in (
            (self.used_seconds, self._seconds, "s"),
            (self.used_bytes / (1 << 20), self._output_mib, "MiB of output"),
        ):
            if used >= allowed:
                raise BudgetUsedUp(f"the submission had used its {allowed:g} {unit}")

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Charge what this thread does, and the `Workers` that it starts."""
        before = _budget.set(self)
        try:
            yield
        finally:
            _budget.reset(before)


_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


def require_rest() -> None:
    """Raise `BudgetUsedUp` if there is a budget, and nothing is left of it."""
    if (budget := _budget.get()) is not None:
        budget.require_rest()


def charge(seconds: float = 0, output_bytes: int = 0) -> None:
    """Charge the budget, if there is one."""
    if (budget := _budget.get()) is not None:
        budget.used_seconds += seconds
        budget.used_bytes += output_bytes


@contextmanager
def charging_this_thread() -> Iterator[None]:
    """Charge the processor time that this thread uses, without that of its commands."""
    before = time.thread_time()
    try:
        yield
    finally:
        charge(time.thread_time() - before)
