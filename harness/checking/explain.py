"""From a difference and the model to a sentence a student can act on."""

from __future__ import annotations

from harness.trace.compare import Difference
from harness.specification.model import Step, expect
from harness.specification.policy import Policy
from harness.trace.trace import Call, Request, Trace


_SHOWN_REQUESTS = 3
_LIBC_GROWTH = 132 * 1024


def _short(request: Request) -> str:
    """The request without what never varies."""
    refused = ", refused" if request.result == -1 else ""
    if request.name == "mmap":
        return f"mmap of {request.args[1]} bytes{refused}"
    return f"{request.name}({', '.join(map(str, request.args))}){refused}"


def _asked(call: Call) -> str:
    shown = [_short(request) for request in call.requests[:_SHOWN_REQUESTS]]
    if more := len(call.requests) - len(shown):
        shown.append(f"{more} more")
    return " and ".join(shown) or "no request"


def what_differs(difference: Difference) -> str:
    """What was found at the first difference, and what was expected, in one line."""
    expected, found = difference.expected, difference.found
    if found is None:
        return (
            f"the program ended before call {difference.call}, {expected.head}"
            if expected
            else "the program ended in another way than expected"
        )
    if expected is None:
        return f"call {difference.call}, {found.head}, comes after the expected end"
    where = f"call {difference.call}, {found.head}"
    if expected.head != found.head:
        return f"{where}: expected {expected.head}"
    if expected.requests != found.requests:
        return f"{where}: expected {_asked(expected)}, found {_asked(found)}"
    if not found.finished:
        return f"{where}: did not return"
    return f"{where}: expected {expected.result}, found {found.result}"


def _uses_libc_heap(difference: Difference) -> bool:
    """Whether the call shows the growth that libc's malloc() begins with: its top_pad of 128 KiB
    and one page (glibc 2.36, for a first request below a page)."""
    found = difference.found
    return found is not None and any(
        request.name == "sbrk" and request.args == (_LIBC_GROWTH,) for request in found.requests
    )


def why(difference: Difference, expected: Trace, policy: Policy) -> str:
    """The rule of the specification that decides the call that differs; empty where none does."""
    if difference.expected is None:
        return ""
    if _uses_libc_heap(difference):
        return (
            f"sbrk({_LIBC_GROWTH}) is how libc's malloc() begins: does the allocator call malloc(),"
            " or printf(), which does? utils/printf.h has one that does not"
        )
    steps: list[Step] = expect(expected.calls[: difference.call], policy)
    step = steps[-1]
    return step.why if step.call == difference.expected else ""
