"""Measuring what a running command uses, and holding that against its limits."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from harness.execution.limits import Excess, Limits
from harness.execution.process_tree import ProcessorTime, Usage

_SANDBOX_PROCESSES = 8
"""More than any sandbox takes for itself; they are measured with what runs in it."""
_SHORTEST_PAUSE = 0.02
_LONGEST_PAUSE = 0.3
"""The time between two measurements of what a command uses."""


class Meter:
    """Measures what a running command uses, and compares it with its limits."""

    def __init__(self, limits: Limits, measure: Callable[[], Usage]) -> None:
        self._limits = limits
        self._measure = measure
        self._usage = Usage()
        self._processor_time = ProcessorTime()
        self._tracer_seconds = 0.0
        self._slept = 0.0
        self._idle = 0.0
        self._looked = time.monotonic()

    @property
    def seconds(self) -> float:
        """The time that the command has used up to the last measurement, however busy the machine
        was: processor time, with the tracer's, and time in which nothing of it was ready to run."""
        return self._processor_time.seconds + self._tracer_seconds + self._idle

    def pause(self) -> float:
        """Return the time until the next measurement. It varies, so that no program can hide what
        it does from all of them."""
        left = min(
            self._limits.processor_seconds - self._processor_time.seconds,
            self._limits.sleep_seconds - self._slept,
            _LONGEST_PAUSE * random.uniform(0.2, 1),
        )
        return max(left, _SHORTEST_PAUSE)

    def look(self) -> Excess | None:
        """Measure once more, and return the limit that is met."""
        before, looked = self._usage, self._looked
        usage = self._usage = self._measure()
        self._looked = time.monotonic()
        passed = self._looked - looked
        # A look that comes late shows how busy the machine is, and not what was between.
        self._slept += usage.slept_since(before, min(passed, _LONGEST_PAUSE))
        self._idle += passed if before.idle and usage.idle else 0
        self._tracer_seconds = max(self._tracer_seconds, usage.tracer)
        self._processor_time.add(usage)
        if self._limits.memory_mib is not None and usage.memory_mib > self._limits.memory_mib:
            return Excess.MEMORY
        if 0 < self._limits.processes < len(usage.own) - _SANDBOX_PROCESSES:
            return Excess.PROCESSES
        if self._processor_time.seconds >= self._limits.processor_seconds:
            return Excess.PROCESSOR
        if self._tracer_seconds >= self._limits.tracer_seconds:
            return Excess.TRACER
        return Excess.SLEEP if self._slept >= self._limits.sleep_seconds else None
