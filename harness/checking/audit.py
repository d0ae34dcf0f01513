"""The audit of a run: system calls that no allocator makes.

A submission shares its process with the program that tests it. It can't change what the tracer
sees, but it can make other system calls than an allocator. None of them costs points by itself:
they are flags, for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from harness.trace.events import SPAWNING, Entered, Event, Replaced, Returned, SystemCall
from harness.trace.words import signed_int

_LOADED = "set_tid_address"
"""The system call by which the dynamic linker sets up the first thread. By then it has mapped all
libraries; afterwards it only takes rights away."""

_ORDINARY = frozenset(
    # Memory, and what the C library does at the start and at the end of a program, for messages and
    # for abort(). The player of repeated tests reads its input; nothing else is open for reading.
    "brk mmap munmap mprotect read write writev exit exit_group rt_sigaction"
    " rt_sigprocmask rt_sigreturn gettid getpid tgkill futex fstat newfstatat ioctl getrandom"
    " sysinfo prlimit64 set_tid_address set_robust_list rseq arch_prctl".split()
)
_WRITE, _EXEC = 2, 4  # PROT_WRITE and PROT_EXEC of <sys/mman.h>
_FIXED = 0x10  # MAP_FIXED
_NO_FILE = -1


class _Auditor:
    """Looks at the events of a run one by one."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.outside = False
        self.protection = False
        self.replaced = False
        self._loaded = False
        self._inside = False

    def see(self, event: Event) -> None:
        match event:
            case Entered():
                self._loaded = self._inside = True
            case Returned():
                self._inside = False
            case SystemCall(name) if name == _LOADED:
                self._loaded = True
            case SystemCall() if self._loaded:
                self._see_call(event)

    def _see_call(self, event: SystemCall) -> None:
        match event.name, event.args:
            case "brk", (int(wanted),) if wanted and not self._inside:
                self.outside = True
            case "mmap", (_, _, int(protection), int(flags), *rest):
                file = rest[0] if rest else _NO_FILE
                self.outside |= not self._inside and signed_int(file) == _NO_FILE
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
    if auditor.names:
        names = ", ".join(sorted(auditor.names))
        oddities.append(f"made system calls that an allocator has no use for: {names}")
    if auditor.outside and not moves_break:
        oddities.append("asked the system for memory outside of calls of the allocator")
    if auditor.protection:
        oddities.append("changed what may be written or executed in memory")
    if auditor.replaced:
        oddities.append("mapped memory in place of other memory")
    return Audit(bool(auditor.names & SPAWNING), tuple(oddities))
