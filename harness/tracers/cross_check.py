"""Two accounts of one run, put together: the calls as uftrace saw them from inside the process, and
what the kernel was asked, as strace saw it from outside.

Both have the time of the same clock. Requests are the kernel's, so that none is missed however it
was made; but where uftrace tells of others, one of the two does not see the run as it was, and
there is no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harness.trace.events import Entered, Event, Replaced, SystemCall
from harness.trace.words import signed_int, signed_result, unsigned
from harness.tracers.tracer import TracerError
from harness.tracers.uftrace_output import Asked, Told
from harness.tracers.strace import Stamped

_Request = tuple[str | int, ...]
"""A request in a form that both accounts can be brought to."""
_SHOWN = 3


def _of_kernel(call: SystemCall) -> _Request | None:
    """None if nothing was asked for."""
    match call.name, call.args:
        case "brk", (wanted,):
            return ("brk", wanted if call.result == wanted else -1) if wanted else None
        case "mmap", (hint, length, *_):
            return ("mmap", hint, length, call.result)
        case ("munmap" | "mprotect" | "madvise" | "mremap") as name, args:
            return (name, *args[: 3 if name == "mremap" else 2], call.result)
    return None


def _of_library(asked: Asked) -> _Request | None:
    result = signed_result(asked.result)
    match asked.function, asked.args:
        case "sbrk", (increment,):
            # The increment is signed, and the sum of both is an address again.
            wanted = unsigned(asked.result + increment)
            return ("brk", -1 if result == -1 else wanted) if increment else None
        case "brk", (wanted,):
            return ("brk", -1 if result else wanted) if wanted else None
        case ("mmap" | "mmap64"), (hint, length, *_):
            return ("mmap", hint, length, result)
        case "mremap", (old, old_length, length, _):
            return ("mremap", old, old_length, length, result)
        case name, (address, length, *_):
            return (name, address, length, -1 if signed_int(asked.result) else 0)
    return None


def _shown(requests: list[_Request]) -> str:
    names = [str(request[0]) for request in requests[:_SHOWN]]
    if more := len(requests) - len(names):
        names.append(f"{more} more")
    return ", ".join(names) or "nothing"


class _Call:
    """A call of the allocator, and what was asked for in it."""

    def __init__(self, number: int, function: str) -> None:
        self._number = number
        self._function = function
        self._kernel: list[_Request] = []
        self._library: list[_Request] = []

    def see(self, event: SystemCall | Asked) -> None:
        if isinstance(event, Asked):
            if request := _of_library(event):
                self._library.append(request)
        elif request := _of_kernel(event):
            self._kernel.append(request)

    def agree(self) -> None:
        """Raises `TracerError` if the two accounts of it differ."""
        if self._kernel != self._library:
            raise TracerError(
                f"uftrace and strace disagree on call {self._number}, {self._function}(): the"
                f" kernel was asked for {_shown(self._kernel)}, but of the library uftrace saw"
                f" {_shown(self._library)}; it asks in a way of its own, or by libc's malloc():"
                " use --tracer ltrace"
            )


def put_together(told: Iterable[Told], seen: Iterator[Stamped]) -> Iterator[Event]:
    """The events of a run, in order. Raises `TracerError` where the accounts disagree."""
    number = 0
    call: _Call | None = None
    ahead = next(seen, None)
    for time, event in told:
        while ahead is not None and ahead.time < time:
            if call is not None and isinstance(ahead.event, SystemCall):
                call.see(ahead.event)
            yield ahead.event
            if isinstance(ahead.event, Replaced):
                return
            ahead = next(seen, None)
        if isinstance(event, Asked):
            if call is not None:
                call.see(event)
            continue
        if isinstance(event, Entered):
            number += 1
            call = _Call(number, event.function)
        elif call is not None:
            call.agree()
            call = None
        yield event
    if ahead is not None:
        yield ahead.event
        yield from (event for _, event in seen)
