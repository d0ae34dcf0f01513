"""Cross-checks two records of one run, and merges them: the calls that uftrace saw inside the
process, and the system calls that strace saw outside of it.

Both records have times of the same clock. The merged run has the kernel's requests, which are
complete however they were made. If uftrace saw other requests than the kernel did, one of the
records is wrong, and there is no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.trace.events import Entered, Event, Replaced, SystemCall
from harness.trace.words import signed_int, signed_result, unsigned
from harness.tracers.strace import Stamped
from harness.tracers.tracer import TracerError
from harness.tracers.uftrace_output import LibcCall, Record

_Request = tuple[str | int, ...]
"""A request in a form that both records can be brought to."""
_MAX_SHOWN = 3


def _from_kernel(call: SystemCall) -> _Request | None:
    """Return the request of a system call; None if it requests nothing."""
    match call.name, call.args:
        case "brk", (wanted,):
            return ("brk", wanted if call.result == wanted else -1) if wanted else None
        case "mmap", (hint, length, *_):
            return ("mmap", hint, length, call.result)
        case ("munmap" | "mprotect" | "madvise" | "mremap") as name, args:
            return (name, *args[: 3 if name == "mremap" else 2], call.result)
    return None


def _from_libc(call: LibcCall) -> _Request | None:
    """Return the request of a call of libc; None if it requests nothing."""
    result = signed_result(call.result)
    match call.function, call.args:
        case "sbrk", (increment,):
            # The increment is signed; the sum of both is an address again.
            wanted = unsigned(call.result + increment)
            return ("brk", -1 if result == -1 else wanted) if increment else None
        case "brk", (wanted,):
            return ("brk", -1 if result else wanted) if wanted else None
        case ("mmap" | "mmap64"), (hint, length, *_):
            return ("mmap", hint, length, result)
        case "mremap", (old, old_length, length, _):
            return ("mremap", old, old_length, length, result)
        case name, (address, length, *_):
            return (name, address, length, -1 if signed_int(call.result) else 0)
    return None


def _summary(requests: list[_Request]) -> str:
    names = [str(request[0]) for request in requests[:_MAX_SHOWN]]
    if more := len(requests) - len(names):
        names.append(f"{more} more")
    return ", ".join(names) or "nothing"


class _Call:
    """A call of the allocator, and the requests in it by both records."""

    def __init__(self, number: int, function: str) -> None:
        self._number = number
        self._function = function
        self._kernel: list[_Request] = []
        self._libc: list[_Request] = []

    def add(self, event: SystemCall | LibcCall) -> None:
        if isinstance(event, LibcCall):
            if request := _from_libc(event):
                self._libc.append(request)
        elif request := _from_kernel(event):
            self._kernel.append(request)

    def check(self) -> None:
        """Raise `TracerError` if the records differ."""
        if self._kernel != self._libc:
            raise TracerError(
                f"uftrace and strace disagree on call {self._number}, {self._function}(): the"
                f" kernel saw {_summary(self._kernel)}, uftrace {_summary(self._libc)}; the library"
                " does without libc's functions, or calls libc's malloc(): use --tracer ltrace"
            )


def merge(records: Iterable[Record], seen: Iterator[Stamped]) -> Iterator[Event]:
    """Yield the events of a run, in order, from uftrace's records and from what strace has seen.
    Raises `TracerError` if the two disagree."""
    number = 0
    call: _Call | None = None
    ahead = next(seen, None)
    for time, event in records:
        while ahead is not None and ahead.time < time:
            if call is not None and isinstance(ahead.event, SystemCall):
                call.add(ahead.event)
            yield ahead.event
            if isinstance(ahead.event, Replaced):
                return
            ahead = next(seen, None)
        if isinstance(event, LibcCall):
            if call is not None:
                call.add(event)
            continue
        if isinstance(event, Entered):
            number += 1
            call = _Call(number, event.function)
        elif call is not None:
            call.check()
            call = None
        yield event
    if ahead is not None:
        yield ahead.event
        yield from (event for _, event in seen)
