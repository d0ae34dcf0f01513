"""What untrusted programs may use, and how a command ended that was held to it."""

from __future__ import annotations

import math
import signal
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Limits:
    """The resources that a program may use; None is no limit."""

    seconds: float | None
    """Wall time in all."""
    memory_mib: int | None
    """The address space of each process; and the resident memory of all together, if `run` can
    measure it."""
    file_mib: int | None
    """The size of each file that it writes: output, traces, products of make."""
    processes: int = 0
    """The number of processes at a time; 0 is no limit. `run` ends what exceeds it, if it can
    measure that; most sandboxes let nothing exceed it."""
    scratch_mib: int = 0
    """The size of all files that it writes. Only sandboxes keep this limit and the next."""
    files: int = 0
    """The number of files that it writes."""
    processor_seconds: float = math.inf
    """Processor time of a program and all that it starts. `run` keeps this limit and the following
    one, too, if it can measure them."""
    sleep_seconds: float = math.inf
    """Time in which all of them wait for something else than a processor."""

    @property
    def process_seconds(self) -> int | None:
        """Processor time of each process. `run` keeps the limit of wall time; this one is for the
        case that it was killed."""
        return None if self.seconds is None else math.ceil(self.seconds) + 1

    @property
    def tracer_seconds(self) -> float:
        """Processor time of the tracer that watches a program, if one does."""
        return math.inf if self.seconds is None else self.seconds / 2

    @property
    def file_bytes(self) -> float:
        return math.inf if self.file_mib is None else self.file_mib * 1024 * 1024


UNLIMITED = Limits(None, None, None)


class Excess(Enum):
    """The limit that a command met, and was ended for."""

    WALL = "seconds"
    PROCESSOR = "processor_seconds"
    SLEEP = "sleep_seconds"
    TRACER = "tracer_seconds"
    MEMORY = "memory_mib"
    PROCESSES = "processes"
    OUTPUT = "file_mib"


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended."""

    status: int
    """The exit status; -N if signal N killed it."""
    excess: Excess | None
    """The limit for which it was killed; None if it ended by itself, or for another reason."""

    @property
    def timed_out(self) -> bool:
        return self.excess in (Excess.WALL, Excess.PROCESSOR, Excess.SLEEP, Excess.TRACER)

    @property
    def too_much_output(self) -> bool:
        """Whether it was killed for writing too much, to a file or to an `Output`."""
        return self.excess is Excess.OUTPUT or self.status == -signal.SIGXFSZ
