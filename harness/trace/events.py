"""What a tracer reports of one run, in the machine's own addresses and in order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entered:
    """The program called a function of the allocator."""

    function: str
    args: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """The function entered last came back; ``value`` is None where it returns nothing."""

    value: int | None


SPAWNING = frozenset(("clone", "clone3", "fork", "vfork"))
"""The system calls that start a thread or a process."""


@dataclass(frozen=True, slots=True)
class SystemCall:
    """The kernel was asked for something. Calls that concern memory have their arguments; they, and
    those that start a thread or a process, have a result: an address, a number, or -errno."""

    name: str
    args: tuple[int, ...]
    result: int

    @property
    def spawned(self) -> bool:
        """Whether the call started a thread or a process."""
        return self.name in SPAWNING and self.result > 0


@dataclass(frozen=True, slots=True)
class Exited:
    """The program ended by itself."""

    status: int


@dataclass(frozen=True, slots=True)
class Killed:
    """The program was ended by a signal, given by its name."""

    signal: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """The program became another one, by exec."""


Event = Entered | Returned | SystemCall | Exited | Killed | Replaced
