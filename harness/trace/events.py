"""The events of one run, in order, in the machine's own addresses, as tracers report them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entered:
    """The program called a function of the allocator."""

    function: str
    args: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """The function entered last returned; ``value`` is None if it returns nothing."""

    value: int | None


SPAWNING = frozenset(("clone", "clone3", "fork", "vfork"))
"""The system calls that start a thread or a process."""


@dataclass(frozen=True, slots=True)
class SystemCall:
    """The program made a system call.

    Calls that concern memory have their arguments. They, and calls that start a thread or process,
    have their result: an address, a number, or -errno.
    """

    name: str
    args: tuple[int, ...]
    result: int

    @property
    def spawned(self) -> bool:
        """Whether the call started a thread or a process."""
        return self.name in SPAWNING and self.result > 0


@dataclass(frozen=True, slots=True)
class Exited:
    """The program exited."""

    status: int


@dataclass(frozen=True, slots=True)
class Killed:
    """A signal ended the program; ``signal`` is its name."""

    signal: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """The program became another one by exec()."""


Event = Entered | Returned | SystemCall | Exited | Killed | Replaced
