"""Explaining a difference in a sentence that a student can act on."""

from __future__ import annotations

from harness.trace.compare import Difference
from harness.specification.answers import follow
from harness.specification.policy import Policy
from harness.trace.judged import View
from harness.trace.trace import Call, Request, Trace


_SHOWN_REQUESTS = 3
_LIBC_GROWTH = 132 * 1024


def _short(request: Request) -> str:
    """Return a request without the arguments that never vary."""
    refused = ", refused" if request.result == -1 else ""
    if request.name == "mmap":
        return f"mmap of {request.args[1]} bytes{refused}"
    return f"{request.name}({', '.join(map(str, request.args))}){refused}"


def _requests(call: Call) -> str:
    shown = [_short(request) for request in call.requests[:_SHOWN_REQUESTS]]
    if more := len(call.requests) - len(shown):
        shown.append(f"{more} more")
    return " and ".join(shown) or "no request"


def what_differs(difference: Difference) -> str:
    """Return in one line what was expected at the first difference, and what was found."""
    expected, found = difference.expected, difference.found
    if found is None:
        return (
            f"the program ended before call {difference.call}, {expected.head}"
            if expected
            else "the end of the program differs from the expected one"
        )
    if expected is None:
        return f"call {difference.call}, {found.head}: expected the end of the program"
    where = f"call {difference.call}, {found.head}"
    if expected.head != found.head:
        return f"call {difference.call}: expected {expected.head}, found {found.head}"
    if expected.requests != found.requests:
        return f"{where}: expected {_requests(expected)}, found {_requests(found)}"
    if not found.finished:
        return f"{where}: did not return"
    return f"{where}: expected {expected.result}, found {found.result}"


def _uses_libc_heap(difference: Difference) -> bool:
    """Return whether the call shows the first growth of libc's malloc(): its top_pad of 128 KiB
    and one page (glibc 2.36, for a first request below a page)."""
    found = difference.found
    return found is not None and any(
        request.name == "sbrk" and request.args == (_LIBC_GROWTH,) for request in found.requests
    )


def why(difference: Difference, expected: Trace, policy: Policy) -> str:
    """Return the rules of the specification that decide the call that differs; empty if there are
    none. ``expected`` is the whole trace; the difference is one of its judged part."""
    if difference.expected is None:
        return ""
    view = View(expected)
    if _uses_libc_heap(difference):
        return (
            f"sbrk({_LIBC_GROWTH}) is the first request of the C library's malloc(): does your"
            " allocator call malloc(), or the C library's printf(), which calls malloc()? Use the"
            " printf() of utils/printf.h"
        )
    number = view.start + difference.call
    followed = follow(expected.calls, policy)[:number]
    if len(followed) < number:
        return ""
    step, _ = followed[-1]
    return view.text(step.why) if step.call == expected.calls[number - 1] else ""
