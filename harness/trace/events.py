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


@dataclass(frozen=True, slots=True)
class SystemCall:
    """The kernel was asked for something. Of calls that concern memory there are the arguments, and
    ``result`` is what it answered: an address, 0, or -errno."""

    name: str
    args: tuple[int, ...]
    result: int


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
