"""The output of every version of ltrace becomes the same canonical trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.trace.canonical import canonicalise
from harness.trace.trace import gather
from harness.tracers.ltrace import Ltrace
from harness.tracers.tracer import TracerError

FIXTURES = Path(__file__).parent / "ltrace"
ORDINARY = """\
os_malloc(1000) = heap+0x20
  sbrk(131072) = heap+0x0
os_calloc(3, 8) = heap+0x428
os_realloc(heap+0x20, 200000) = map1+0x20
  mmap(NULL, 200032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map1
os_free(map1+0x20)
  munmap(map1, 200032) = 0
os_free(NULL)
os_malloc(9223372036854775807) = NULL
  mmap(NULL, 9223372036854775840, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1
os_free(heap+0x428)
exit 0
"""


def canonical(fixture: str) -> str:
    return gather(canonicalise(Ltrace().events(FIXTURES / f"{fixture}.txt"))).text()


@pytest.mark.parametrize("version", ["0.7.3", "0.7.3-bare", "0.7.91", "0.7.91-bare"])
def test_every_version_is_read_alike(version: str) -> None:
    assert canonical(version) == ORDINARY


def test_a_crash_inside_a_call_names_it() -> None:
    assert canonical("segfault").splitlines()[2:] == [
        "os_realloc(heap+0x20, 200000) <unfinished>",
        "  mmap(NULL, 200032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map1",
        "killed by SIGSEGV in os_realloc(heap+0x20, 200000)",
    ]


def test_a_crash_outside_of_calls_names_none_and_other_addresses_are_not_shown() -> None:
    assert canonical("outside").splitlines() == [
        "os_malloc(10) = ? /* ?: not in the heap, not in a mapping */",
        "killed by SIGSEGV",
    ]


def test_a_program_killed_in_a_loop_names_the_call() -> None:
    assert canonical("killed").splitlines()[-1] == "killed by SIGKILL in os_malloc(15)"


def test_a_trace_ends_at_exec() -> None:
    assert canonical("exec").splitlines() == ["os_malloc(16) <unfinished>", "exec in os_malloc(16)"]


def test_a_thread_whose_number_is_left_out_counts() -> None:
    assert canonical("threads").splitlines()[-1] == "exit 0, 2 threads or processes not traced"


def test_a_line_that_is_cut_short_is_skipped() -> None:
    assert canonical("cut").splitlines()[-1] == "cut short"


def test_a_checked_call_without_its_statement_is_no_trace() -> None:
    with pytest.raises(TracerError, match="how line 12 is checked"):
        canonical("untold")
