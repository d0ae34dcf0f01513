"""What a call that differs left unused: a free block, or free blocks that touch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.results.diagnosis import Observation
from harness.results.verdict import Outcome, Verdict
from harness.specification.policy import Policy
from harness.trace.blocks import exchange
from harness.trace.judged import View
from harness.trace.trace import NULL, Address, Call, Trace


@dataclass(frozen=True, slots=True)
class _Freed:
    """A block that was freed, and that nothing has taken since."""

    offset: int
    """Where it lies in the heap."""
    size: int
    """What the program had asked for; the block may be larger."""
    line: int
    """The line of the test program that freed it; 0 if it is not known."""


def _freed_before(trace: Trace, stop: int, header: int) -> dict[int, _Freed]:
    """Return the free blocks of the heap before a call, by address, as far as the trace shows."""
    live: dict[int, int] = {}
    freed: dict[int, _Freed] = {}
    for call in trace.calls[:stop]:
        released, allocated, size = exchange(call)
        if isinstance(released, Address) and released.offset in live and released != allocated:
            freed[released.offset] = _Freed(released.offset, live.pop(released.offset), call.line)
        if isinstance(allocated, Address) and allocated.mapping is None:
            start, end = allocated.offset, allocated.offset + size
            freed = {a: f for a, f in freed.items() if a + f.size <= start or a - header >= end}
            live[start] = size
    return freed


def unused_space(verdict: Verdict, policy: Policy, header: int) -> Observation | None:
    """Return what the first call that differs should have taken, and did not, although the trace
    proves that it was free; None if it proves nothing. ``header`` is the size of a header there."""
    expected, found = verdict.expected, verdict.found
    if verdict.outcome is not Outcome.DIFFERS or expected is None or found is None:
        return None
    if not verdict.call:
        return None
    here, there = View(found), View(expected)
    at = verdict.call - 1
    call = found.calls[at]
    wanted = expected.calls[at - here.start + there.start]
    place = here.address(there.value(wanted.result)) if wanted.result is not None else None
    if place is None or place == call.result or call.function != wanted.function:
        return None
    freed = _freed_before(found, at, header)
    parts, room = _touching(
        freed, place, exchange(replace(call, finished=True)).size, policy.alignment, header
    )
    if not parts:
        return None
    return _observation(verdict.test.name, call, [freed[part] for part in parts], here, room)


def _touching(
    freed: dict[int, _Freed], place: Address, needed: int, alignment: int, header: int
) -> tuple[list[int], int]:
    """Return the free blocks that touch, from a place on, and their room: as many as hold what is
    needed, or none if all of them do not."""
    parts: list[int] = []
    room, at = 0, place.offset
    while at in freed and room < needed:
        payload = freed[at].size + -freed[at].size % alignment
        room += payload + (header if parts else 0)
        parts.append(at)
        at += payload + header
    return (parts, room) if room >= needed else ([], 0)


def _observation(test: str, call: Call, parts: list[_Freed], view: View, room: int) -> Observation:
    names = [str(view.value(Address(part.offset))) for part in parts]
    lines = [str(line) for line in sorted({part.line for part in parts if part.line})]
    if len(parts) == 1:
        rule, what = "free", f"The free block at {names[0]} holds {room} bytes"
    else:
        rule, what = "merge", f"The free blocks at {_listed(names)} touch and hold {room} bytes"
    if lines:
        what += f" (freed in {'line' if len(lines) == 1 else 'lines'} {_listed(lines)})"
    if isinstance(call.result, Address) and not call.requests:
        rule, missed = "best-fit", "did not take"
    else:
        missed = "did not find"
    head, instead = _relative(call, view), _instead(call, view)
    return Observation(f"{what}. {head} {missed} that place: {instead}.", rule, (test,))


def _relative(call: Call, view: View) -> str:
    return f"{call.function}({', '.join(str(view.value(arg)) for arg in call.args)})"


def _listed(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _instead(call: Call, view: View) -> str:
    if not call.finished:
        return "it did not return"
    grown = next((r.args[0] for r in call.requests if r.name == "sbrk"), None)
    if grown is not None:
        return f"the heap grew by {grown} bytes instead"
    if call.result == NULL or call.result is None:
        return "it returned NULL instead"
    return f"it took {view.value(call.result)} instead"
