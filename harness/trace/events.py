"""The events of one run, in order, in the machine's own addresses, as tracers report them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Checking:
    """How a test program checks a call, as it tells itself when it makes the call."""

    cleared: bool
    """Whether it will check that the block is cleared."""
    number: int = 0
    """The number of the block whose contents it has just checked; 0 for none."""
    size: int = 0
    """How many bytes of it."""
    digest: int = 0
    """Of those that os_realloc() has to keep."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The program called a function of the allocator."""

    function: str
    args: tuple[int, ...]
    line: int = 0
    """The line of the test program that the call is in; 0 if the program does not tell."""
    checking: Checking | None = None
    """None if the call is not checked, or the program or the tracer does not tell."""
    place: int = 0
    """The address that the call returns to; 0 if the tracer does not tell."""
    callers: tuple[int, ...] = ()
    """Where the program will go on after the call, as it states; see `harness.checking.callers`."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The function entered last returned; ``value`` is None if it returns nothing."""

    value: int | None
    callers: tuple[int, ...] = ()
    """What has become of that statement."""


SPAWNING = frozenset(("clone", "clone3", "fork", "vfork"))
"""The system calls that start a thread or a process."""

LOADED = "set_tid_address"
"""The system call by which the dynamic linker sets up the first thread. By then it has mapped all
libraries; afterwards it only takes rights away."""


@dataclass(frozen=True, slots=True)
class SystemCall:
    """The program made a system call.

    Calls that concern memory, and writes, have their arguments. They, and calls that start a thread
    or process, have their result: an address, a number, or -errno.
    """

    name: str
    args: tuple[int, ...]
    result: int
    place: int = 0
    """The address after the instruction that made it; 0 if the tracer does not tell."""

    @property
    def spawned(self) -> bool:
        """Whether the call started a thread or a process."""
        return self.name in SPAWNING and self.result > 0


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal reached the program; ``signal`` is its name."""

    signal: str


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


Event = Entered | Returned | SystemCall | Signalled | Exited | Killed | Replaced
