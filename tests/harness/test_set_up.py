"""The calls before the judged part have to be those of the test."""

from __future__ import annotations

import pytest

from harness.checking.set_up import first_departure
from harness.trace.text import read_trace
from harness.trace.trace import Trace

REFERENCE = """\
os_malloc(8) = heap+0x20
os_malloc(1000) = heap+0x48
-- set-up
os_malloc(100) = heap+0x500
os_malloc(200) = heap+0x600
os_free(heap+0x500)
os_realloc(heap+0x600, 300) = heap+0x600
-- judged part
os_malloc(100) = heap+0x500
-- clean-up
exit 0
"""


def found(text: str, by: str) -> int | None:
    assert text in REFERENCE
    return first_departure(trace(REFERENCE), trace(REFERENCE.replace(text, by, 1)))


def trace(text: str) -> Trace:
    return read_trace(text.splitlines(), "test")


def test_the_calls_of_the_test_are_right_wherever_its_blocks_are() -> None:
    assert found("", "") is None
    elsewhere = REFERENCE.replace("heap+0x5", "map1+0x5").replace("heap+0x6", "heap+0x7")
    assert first_departure(trace(REFERENCE), trace(elsewhere)) is None


def test_the_preallocation_may_take_any_calls_that_take_memory() -> None:
    more = "os_malloc(1000) = heap+0x48\n"
    assert found(more, "") is None
    assert found(more, more + "os_malloc(77) = heap+0x900\n") is None


@pytest.mark.parametrize(
    ("text", "by", "call"),
    [
        ("os_malloc(1000) = heap+0x48\n", "os_free(heap+0x20)\n", 2),
        ("os_malloc(1000) = heap+0x48\n", "os_realloc(heap+0x20, 9) = heap+0x20\n", 2),
        ("os_malloc(200)", "os_malloc(208)", 4),
        ("os_free(heap+0x500)", "os_free(heap+0x600)", 5),
        ("os_free(heap+0x500)\n", "", 5),
        ("-- judged part\n", "os_malloc(1) = heap+0x900\n-- judged part\n", 7),
        ("os_realloc(heap+0x600, 300) = heap+0x600\n", "", 6),
    ],
)
def test_other_calls_are_not_the_tests(text: str, by: str, call: int) -> None:
    assert found(text, by) == call
