"""The model follows the rules of the specification, in examples made by hand."""

from __future__ import annotations

import pytest

from harness.specification.machine import Machine
from harness.specification.model import Model, expect
from harness.specification.policy import Policy
from harness.trace.text import read_trace

MAPPED = "mmap(NULL, {}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map{}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            f"""\
os_malloc(131032) = heap+0x20
  sbrk(131072) = heap+0x0
os_malloc(131033) = map1+0x20
  {MAPPED.format(131072, 1)}
os_calloc(1, 4056) = heap+0x20020
  sbrk(4088) = heap+0x20000
os_calloc(2, 2029) = map2+0x20
  {MAPPED.format(4096, 2)}
os_realloc(NULL, 131040) = map3+0x20
  {MAPPED.format(131072, 3)}
exit 0""",
            id="thresholds are of the total",
        ),
        pytest.param(
            """\
os_calloc(10, 10) = heap+0x20
  sbrk(4096) = heap+0x0
os_malloc(5000) = heap+0xa8
  sbrk(1072) = heap+0x1000
os_malloc(8) = heap+0x1450
  sbrk(40) = heap+0x1430
exit 0""",
            id="growth by the bytes that the last block lacks, then by a whole block",
        ),
        pytest.param(
            """\
os_malloc(104) = heap+0x20
  sbrk(131072) = heap+0x0
os_malloc(8) = heap+0xa8
os_malloc(96) = heap+0xd0
os_malloc(8) = heap+0x150
os_malloc(96) = heap+0x178
os_malloc(8) = heap+0x1f8
os_free(heap+0x20)
os_free(heap+0xd0)
os_free(heap+0x178)
os_malloc(90) = heap+0xd0
os_malloc(64) = heap+0x178
os_malloc(64) = heap+0x20
os_malloc(8) = heap+0x80
exit 0""",
            id="best fit, the lowest among equals; 40 bytes left over are a block, 32 are not",
        ),
        pytest.param(
            """\
os_malloc(100) = heap+0x20
  sbrk(131072) = heap+0x0
os_malloc(100) = heap+0xa8
os_malloc(130736) = heap+0x130
os_realloc(heap+0x130, 130800) = heap+0x130
  sbrk(32) = heap+0x20000
os_free(heap+0xa8)
os_realloc(heap+0x20, 150) = heap+0x20
os_realloc(heap+0x20, 50) = heap+0x20
os_realloc(heap+0x20, 300) = heap+0x20040
  sbrk(336) = heap+0x20020
exit 0""",
            id="resizing at the end, into a free neighbour, down, and away",
        ),
        pytest.param(
            f"""\
os_malloc(200000) = map1+0x20
  {MAPPED.format(200032, 1)}
os_realloc(map1+0x20, 200000) = map2+0x20
  {MAPPED.format(200032, 2)}
  munmap(map1, 200032) = 0
os_realloc(map2+0x20, 10) = heap+0x20
  sbrk(131072) = heap+0x0
  munmap(map2, 200032) = 0
os_realloc(heap+0x20, 0) = NULL
os_realloc(heap+0x20, 10) = NULL
os_free(heap+0x20)
os_free(NULL)
os_malloc(0) = NULL
os_calloc(0, 5) = NULL
os_calloc(9223372036854775808, 2) = NULL
os_malloc(18446744073709551615) = NULL
exit 0""",
            id="mappings always move; 0 bytes, double frees and sizes that are too large",
        ),
    ],
)
def test_the_trace_of_the_specification(text: str) -> None:
    trace = read_trace(text.splitlines(), "text")
    assert [step.call for step in expect(trace.calls, Policy())] == list(trace.calls)


def test_sizes_depend_on_the_machine() -> None:
    model = Model(machine=Machine(word_bits=32, header=16))
    assert str(model.os_malloc(100).call.result) == "heap+0x10"
    (refused,) = model.os_malloc(2**31 - 16).call.requests
    assert (refused.name, refused.args[1], refused.result) == ("mmap", 2**31, -1)
    assert model.os_malloc(2**32 - 8).call.requests == ()


def test_blocks_do_not_merge_across_a_gap() -> None:
    model = Model(Policy(prealloc_malloc=0))
    first = model.os_malloc(100).call.result
    assert first is not None
    model.move_break(4003)
    second = model.os_malloc(100).call
    assert [str(request) for request in second.requests] == ["sbrk(141) = heap+0x102b"]
    assert second.result is not None
    model.os_free(first)
    model.os_free(second.result)
    assert str(model.os_malloc(104).call.result) == "heap+0x20"
    assert str(model.os_malloc(104).call.result) == str(second.result)


def test_each_step_names_the_rules_that_decided_it() -> None:
    model = Model()
    taken = model.os_malloc(100)
    assert "it first grows by 131072 bytes" in taken.why
    assert "best fit takes the smallest free block" in taken.why
    assert taken.call.result is not None
    assert "becomes free" in model.os_free(taken.call.result).why
    assert "reaches the threshold of 131072" in model.os_malloc(131040).why
    assert "overflows" in model.os_calloc(2**63, 2).why
