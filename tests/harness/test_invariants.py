"""The invariants of traces, whatever the reference is."""

from __future__ import annotations

import pytest

from harness.specification.invariants import Findings, find_problems
from harness.trace.text import read_trace

PAGE_MAP = "mmap(NULL, 200032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map1"
FIRST = "os_malloc(100) = heap+0x20\n  sbrk(131072) = heap+0x0\n"


def findings(text: str, end: str = "exit 0") -> Findings:
    return find_problems(read_trace(f"{text}{end}\n".splitlines(), "text"), 8)


def test_a_sound_trace_has_no_problems() -> None:
    found = findings(
        FIRST
        + "os_realloc(heap+0x20, 200000) = map1+0x20\n"
        + f"  {PAGE_MAP}\n"
        + "os_calloc(4, 25) = heap+0x20\n"
        + "os_realloc(heap+0x20, 108) = heap+0x20\n"
        + "os_malloc(0) = NULL\n"
        + "os_free(map1+0x20)\n  munmap(map1, 200032) = 0\n"
        + "os_realloc(heap+0x20, 0) = NULL\n"
        + "os_free(NULL)\n"
    )
    assert found == Findings((), ())


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("os_malloc(8) = heap+0x24", "heap+0x24 is not aligned"),
        (
            "os_malloc(8) = heap+0x20",
            "overlap the block at heap+0x20, in use since call 1 of the program",
        ),
        ("os_malloc(8) = heap+0x80", "overlap the block at heap+0x20"),
        ("os_malloc(40) = heap+0x0", "overlap the block at heap+0x20"),
        ("os_malloc(9) = heap+0x1fff8", "end outside of the memory requested"),
        ("os_malloc(8) = map1+0x20", "end outside of the memory requested"),
        (f"os_malloc(200001) = map1+0x20\n  {PAGE_MAP}", "end outside of the memory requested"),
        ("os_malloc(8) = ?", "neither in the heap nor in a mapping"),
        ("os_realloc(NULL, 8) = ?", "neither in the heap nor in a mapping"),
        ("os_calloc(50, 4) = heap+0x88", ""),
    ],
)
def test_a_wrong_address(second: str, said: str) -> None:
    found = findings(f"{FIRST}{second}\n")
    if said:
        assert [problem.call for problem in found.invalid][0] == 2
        assert said in found.invalid[0].text
    else:
        assert found.invalid == ()


def test_a_block_can_span_two_growths() -> None:
    assert (
        findings(
            "os_malloc(100) = heap+0x20\n  sbrk(64) = heap+0x0\n  sbrk(100) = heap+0x40\n"
        ).invalid
        == ()
    )


def test_a_block_that_was_not_freed_is_leaked() -> None:
    leaked = findings(FIRST).leaked
    assert [problem.text for problem in leaked] == [
        "the block at heap+0x20 from os_malloc(100) was never freed"
    ]


def test_a_resize_that_failed_keeps_the_old_block() -> None:
    leaked = findings(FIRST + "os_realloc(heap+0x20, 9999999999999) = NULL\n").leaked
    assert len(leaked) == 1


@pytest.mark.parametrize(
    "unmapped", ["", "  munmap(map1, 100) = 0\n", "  munmap(map1, 200032) = -1\n"]
)
def test_a_mapping_that_is_not_unmapped_whole_is_leaked(unmapped: str) -> None:
    text = f"os_malloc(200000) = map1+0x20\n  {PAGE_MAP}\nos_free(map1+0x20)\n{unmapped}"
    assert ["map1" in problem.text for problem in findings(text).leaked] == [True]


def test_a_program_that_did_not_exit_by_itself_leaks_nothing() -> None:
    assert findings(FIRST, "killed by SIGSEGV").leaked == ()
    assert findings(FIRST, "exit 1 in os_malloc(8)").leaked == ()
