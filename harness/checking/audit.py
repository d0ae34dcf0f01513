"""The audit of a run: system calls that no allocator makes.

A submission shares its process with the program that tests it. It can't change what the tracer
sees, but it can make other system calls than an allocator. None of them costs points by itself:
they are flags, for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from harness.trace.events import (
    LOADED,
    SPAWNING,
    Entered,
    Event,
    Killed,
    Replaced,
    Returned,
    Signalled,
    SystemCall,
)
from harness.trace.words import signed_int

_ORDINARY = frozenset(
    # Memory, and what the C library does at the start and at the end of a program, for messages and
    # for abort(). The player of repeated tests reads its input; nothing else is open for reading.
    "brk mmap munmap mprotect read write writev exit exit_group rt_sigaction"
    " rt_sigprocmask rt_sigreturn gettid getpid tgkill futex fstat newfstatat ioctl getrandom"
    " sysinfo prlimit64 set_tid_address set_robust_list".split()
)
_WRITE, _EXEC = 2, 4  # PROT_WRITE and PROT_EXEC of <sys/mman.h>
_CHANGEABLE = _WRITE | _EXEC
_FIXED, _ANONYMOUS = 0x10, 0x20  # MAP_FIXED and MAP_ANONYMOUS
_NO_FILE = -1
_IDLE_SIGNALS = frozenset("SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGWINCH".split())
"""Signals that a program survives without handling them."""


class _Auditor:
    """Looks at the events of a run one by one."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.outside = False
        self.protection = False
        self.changeable = False
        """Whether the dynamic linker made memory that can be written and executed, for a library
        that asks for it: that could hold a changed copy of a program."""
        self.replaced = False
        self.survived: set[str] = set()
        """Signals."""
        self._reached: set[str] = set()
        """Signals that the program may die of next."""
        self._loaded = False
        self._inside = False

    def see(self, event: Event) -> None:
        if not isinstance(event, Signalled | Killed):
            self.survived |= self._reached
            self._reached = set()
        match event:
            case Signalled(signal) if signal not in _IDLE_SIGNALS:
                self._reached.add(signal)
            case Entered():
                self._loaded = self._inside = True
            case Returned():
                self._inside = False
            case SystemCall(name) if name == LOADED:
                self._loaded = True
            case SystemCall() if self._loaded:
                self._see_call(event)
            case SystemCall("mmap" | "mprotect", (_, _, int(protection), *_)):
                self.changeable |= protection & _CHANGEABLE == _CHANGEABLE

    def _see_call(self, event: SystemCall) -> None:
        match event.name, event.args:
            case "brk", (int(wanted),) if wanted and not self._inside:
                self.outside = True
            case "mmap", (_, _, int(protection), int(flags), *rest):
                file = rest[0] if rest else _NO_FILE
                # The kernel does not look at the file of anonymous memory.
                no_file = flags & _ANONYMOUS or signed_int(file) == _NO_FILE
                self.outside |= not self._inside and bool(no_file)
                self.protection |= bool(protection & _EXEC)
                self.replaced |= bool(flags & _FIXED)
            case "mprotect", (_, _, int(protection)):
                self.protection |= bool(protection & (_WRITE | _EXEC))
        if event.name not in _ORDINARY:
            self.names.add(event.name)


@dataclass(frozen=True, slots=True)
class Audit:
    """What a run did beside its calls and requests."""

    spawned: bool
    """Whether the program tried to start another process or thread."""
    oddities: tuple[str, ...]
    """What no allocator does, each as a phrase that is the same in every run."""


def audit(events: Iterable[Event], moves_break: bool) -> Audit:
    """Audit a run, up to where the program became another one. Growth outside of calls is no oddity
    if the program itself moves the break."""
    auditor = _Auditor()
    for event in takewhile(lambda event: not isinstance(event, Replaced), events):
        auditor.see(event)
    oddities = []
    if auditor.changeable:
        oddities.append("its library has memory that can be both written and executed")
    if auditor.names:
        names = ", ".join(sorted(auditor.names))
        oddities.append(f"made system calls that an allocator has no use for: {names}")
    if auditor.outside and not moves_break:
        oddities.append("asked the system for memory outside of calls of the allocator")
    if auditor.protection:
        oddities.append("changed what may be written or executed in memory")
    if auditor.replaced:
        oddities.append("mapped memory in place of other memory")
    if auditor.survived:
        oddities.append(f"handled signals: {', '.join(sorted(auditor.survived))}")
    return Audit(bool(auditor.names & SPAWNING), tuple(oddities))
