"""Whether the calls before the judged part are those that the test makes.

Their results and requests are not compared with the reference, so that a mistake which another test
judges does no harm. The calls themselves follow from the test's program alone. A library that plays
the program could otherwise build a state in which the judged part is easy to get right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from harness.trace.trace import NULL, Address, Call, Phase, Trace, Value

_Shape = tuple[str, tuple[int | str, ...]]
"""A function, and its arguments: sizes, and blocks by the numbers of the calls that returned
them."""


def first_departure(expected: Trace, found: Trace) -> int | None:
    """Return the number, from 1, of the first call that is not one of the test's; None if all are,
    or if one of the traces has no judged part."""
    phases = [(t.before(Phase.SET_UP), t.before(Phase.JUDGED)) for t in (expected, found)]
    (begin, end), (found_begin, found_end) = phases
    if begin is None or end is None or found_begin is None or found_end is None:
        return None
    for number, call in enumerate(found.calls[:found_begin], 1):
        if _gives_back(call):
            return number
    ours, theirs = expected.calls[begin:end], found.calls[found_begin:found_end]
    for number, (left, right) in enumerate(zip_longest(_shapes(ours), _shapes(theirs)), 1):
        if left != right:
            return found_begin + number
    return None


def _gives_back(call: Call) -> bool:
    """Return whether a call does what none does that takes up the preallocation."""
    return call.function in ("os_free", "os_realloc") and call.args[0] != NULL


def _shapes(calls: Sequence[Call]) -> Iterator[_Shape]:
    numbers: dict[Value, str] = {}
    for number, call in enumerate(calls, 1):
        yield (
            call.function,
            tuple(arg if isinstance(arg, int) else numbers.get(arg, "") for arg in call.args),
        )
        if isinstance(call.result, Address):
            numbers[call.result] = str(number)
