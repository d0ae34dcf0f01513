"""The canonical trace of a tracer's events."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator

from harness.trace.events import Entered, Event, Exited, Killed, Replaced, Returned, SystemCall
from harness.trace.signatures import ALLOCATOR, POINTER
from harness.trace.trace import (
    NULL,
    UNKNOWN,
    Address,
    Call,
    End,
    How,
    Mark,
    Part,
    Phase,
    Request,
    Symbol,
    Value,
)
from harness.trace.words import is_error

# From <asm-generic/mman-common.h>.
_PROTECTION = {1: "PROT_READ", 2: "PROT_WRITE", 4: "PROT_EXEC"}
_MAPPING = {
    0x01: "MAP_SHARED",
    0x02: "MAP_PRIVATE",
    0x10: "MAP_FIXED",
    0x20: "MAP_ANONYMOUS",
    0x4000: "MAP_NORESERVE",
    0x8000: "MAP_POPULATE",
}


_MARKS = {0x5E7B0000: Phase.SET_UP, 0x5E7B1000: Phase.JUDGED, 0x5E7B2000: Phase.CLEAN_UP}
"""A test program marks the beginning of a phase by unmapping nothing at one of these addresses; see
tests/snippets/phases.c."""


def _flags(bits: int, names: dict[int, str], none: str) -> Symbol:
    known = [name for bit, name in names.items() if bits & bit]
    rest = bits & ~sum(names)
    if rest:
        known.append(f"BITS_{rest:x}")
    return Symbol("|".join(known) or none)


class AddressSpace:
    """The heap and the mappings that were requested so far, which make addresses relative."""

    def __init__(self) -> None:
        self.brk: int | None = None
        self._heap: int | None = None
        self._mappings: dict[int, tuple[int, int]] = {}
        """By start address: the number and the length."""
        self._starts: list[int] = []
        self._count = 0

    def grow_heap(self, old_break: int) -> None:
        """Note that the heap grew inside a call, from ``old_break`` on."""
        if self._heap is None:
            self._heap = old_break

    def add_mapping(self, start: int, length: int) -> None:
        """Note a mapping that was made inside a call.

        Mappings that it overlaps are forgotten. Others stay known when they are unmapped: a program
        may still use a pointer into them.
        """
        self._count += 1
        first = bisect_left(self._starts, start)
        if first > 0 and self._end(self._starts[first - 1]) > start:
            first -= 1
        next_one = bisect_left(self._starts, start + length)
        for old in self._starts[first:next_one]:
            del self._mappings[old]
        self._starts[first:next_one] = [start]
        self._mappings[start] = (self._count, length)

    def _end(self, start: int) -> int:
        return start + self._mappings[start][1]

    def relative(self, address: int) -> Value:
        """Return an address as a trace shows it."""
        if address == 0:
            return NULL
        at = bisect_right(self._starts, address)
        if at > 0:
            start = self._starts[at - 1]
            number, length = self._mappings[start]
            if address < start + length:
                return Address(address - start, number)
        if self._heap is not None and self.brk is not None:
            if self._heap <= address <= self.brk:
                return Address(address - self._heap)
        return UNKNOWN


class _Canonicaliser:
    """The state of one run. Growth outside of calls moves the break, but is no request."""

    def __init__(self) -> None:
        self.space = AddressSpace()
        self._entered: Entered | None = None
        self._args: tuple[Value, ...] = ()
        self._requests: list[Request] = []
        self._spawned = 0

    def enter(self, event: Entered) -> Iterator[Call]:
        if self._entered is not None:
            yield self._finish_call(None, finished=False)
        self._entered = event
        self._args = event.args
        if ALLOCATOR[event.function].parameters[0] is POINTER:
            self._args = (self.space.relative(event.args[0]), *event.args[1:])

    def _finish_call(self, result: Value | None, finished: bool) -> Call:
        assert self._entered is not None
        entered, requests = self._entered, tuple(self._requests)
        call = Call(entered.function, self._args, result, requests, finished, entered.line)
        self._entered = None
        self._requests.clear()
        return call

    def leave(self, event: Returned) -> Iterator[Call]:
        if self._entered is not None:
            value = event.value
            result = None if value is None else self.space.relative(value)
            yield self._finish_call(result, finished=True)

    def finish(self, how: How, detail: int | str = "") -> Iterator[Part]:
        inside = ""
        if self._entered is not None:
            call = self._finish_call(None, finished=False)
            inside = call.head
            yield call
        yield End(how, detail, inside, self._spawned)

    def request(self, event: SystemCall) -> Iterator[Mark]:
        self._spawned += event.spawned
        if event.name not in _REQUESTS:
            return
        if self._entered is None and event.name == "munmap" and event.args[1] == 0:
            if phase := _MARKS.get(event.args[0]):
                yield Mark(phase)
            return
        request = _REQUESTS[event.name](event, self.space, self._entered is not None)
        if self._entered is not None and request is not None:
            self._requests.append(request)


def _brk(event: SystemCall, space: AddressSpace, inside: bool) -> Request | None:
    """The kernel's brk() takes the wanted break and returns the one in force."""
    wanted, old = event.args[0], space.brk
    if wanted == 0 or old is None or wanted == old:
        space.brk = event.result
        return None
    if event.result != wanted:
        return Request("sbrk", (wanted - old,), -1)
    if inside:
        space.grow_heap(old)
    start = space.relative(old)
    space.brk = wanted
    return Request("sbrk", (wanted - old,), start)


def _mmap(event: SystemCall, space: AddressSpace, inside: bool) -> Request | None:
    address, length, protection, flags, descriptor, offset = (*event.args, -1, 0)[:6]
    hint = space.relative(address)
    refused = is_error(event.result)
    if inside and not refused:
        space.add_mapping(event.result, length)
    return Request(
        "mmap",
        (
            hint,
            length,
            _flags(protection, _PROTECTION, "PROT_NONE"),
            _flags(flags, _MAPPING, "MAP_FILE"),
            descriptor,
            offset,
        ),
        -1 if refused else space.relative(event.result),
    )


def _munmap(event: SystemCall, space: AddressSpace, inside: bool) -> Request | None:
    address, length = event.args[:2]
    return Request("munmap", (space.relative(address), length), -1 if event.result else 0)


def _mremap(event: SystemCall, space: AddressSpace, inside: bool) -> Request | None:
    address, old_length, length, flags = event.args[:4]
    old = space.relative(address)
    refused = is_error(event.result)
    if inside and not refused:
        space.add_mapping(event.result, length)
    result = -1 if refused else space.relative(event.result)
    return Request("mremap", (old, old_length, length, flags), result)


def _other(event: SystemCall, space: AddressSpace, inside: bool) -> Request | None:
    address, length, *rest = event.args
    args = (space.relative(address), length, *rest)
    return Request(event.name, args, -1 if is_error(event.result) else event.result)


_REQUESTS: dict[str, Callable[[SystemCall, AddressSpace, bool], Request | None]] = {
    "brk": _brk,
    "mmap": _mmap,
    "munmap": _munmap,
    "mremap": _mremap,
    "mprotect": _other,
    "madvise": _other,
}


def canonicalise(events: Iterable[Event]) -> Iterator[Part]:
    """Yield the canonical trace of one run. Events after the end of the program are ignored."""
    reader = _Canonicaliser()
    for event in events:
        match event:
            case Entered():
                yield from reader.enter(event)
            case Returned():
                yield from reader.leave(event)
            case SystemCall():
                yield from reader.request(event)
            case Exited(status):
                yield from reader.finish(How.EXIT, status)
                return
            case Killed(signal):
                yield from reader.finish(How.KILLED, signal)
                return
            case Replaced():
                yield from reader.finish(How.EXEC)
                return
    yield from reader.finish(How.CUT_SHORT)
