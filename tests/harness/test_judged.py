"""Judged parts are the same wherever the set-up left its blocks."""

from __future__ import annotations

from harness.trace.judged import judged_parts
from harness.trace.text import read_trace
from harness.trace.trace import Trace

IN_THE_HEAP = """\
os_malloc(8) = heap+0x20
  sbrk(131072) = heap
-- set-up
os_malloc(5000) = heap+0x48
os_malloc(200000) = map1+0x20
  mmap(NULL, 200032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map1
-- judged part
os_malloc(150000) = map2+0x20
  mmap(NULL, 150032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map2
os_free(map1+0x20)
  munmap(map1, 200032) = 0
-- clean-up
exit 0
"""
MAPPED = """\
os_malloc(8) = heap+0x20
  sbrk(131072) = heap
os_malloc(9000) = map1+0x20
  mmap(NULL, 9032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map1
-- set-up
os_malloc(5000) = map2+0x20
  mmap(NULL, 5032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map2
os_malloc(200000) = map3+0x20
  mmap(NULL, 200032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map3
-- judged part
os_malloc(150000) = map4+0x20
  mmap(NULL, 150032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map4
os_free(map3+0x20)
  munmap(map3, 200032) = 0
-- clean-up
exit 0
"""


def trace(text: str) -> Trace:
    return read_trace(text.splitlines(), "test")


def test_mappings_more_in_the_set_up_change_nothing_in_the_judged_part() -> None:
    expected, found = judged_parts(trace(IN_THE_HEAP), trace(MAPPED))
    assert expected == found
    assert "os_malloc(150000) = map1+0x20\n" in found.text()
    assert "os_free(block2)\n" in found.text()


def test_another_block_of_the_set_up_is_another_block() -> None:
    other = MAPPED.replace("os_free(map3+0x20)", "os_free(map2+0x20)")
    expected, found = judged_parts(trace(IN_THE_HEAP), trace(other))
    assert expected.calls[0] == found.calls[0]
    assert expected.calls[1] != found.calls[1]


def test_a_block_is_mapped_or_in_the_heap() -> None:
    heap = "os_malloc(150000) = heap+0x2000\n  sbrk(150032) = heap+0x20000\n"
    mapped = IN_THE_HEAP[IN_THE_HEAP.index("os_malloc(150000)") : IN_THE_HEAP.index("os_free")]
    expected, found = judged_parts(trace(IN_THE_HEAP), trace(IN_THE_HEAP.replace(mapped, heap)))
    assert expected.calls[0] != found.calls[0]
