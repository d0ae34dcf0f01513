"""`debug` stops where a test goes wrong, and shows the heap there."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from command import assert_could_not_run, checker
from harness.execution.build import ROOT
from submissions import mistaken, plain
from terminals import Terminal


@pytest.fixture(name="worst", scope="module")
def fixture_worst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An allocator that takes the largest free block."""
    return mistaken(tmp_path_factory.mktemp("worst") / "src", "fit-worst")


def test_gdb_stops_at_the_line_that_makes_the_call(worst: Path) -> None:
    shown = checker("debug", "malloc-split-last", "--src", worst, "--batch").stdout
    assert "call 1, os_malloc(504): expected block7, found block11" in shown
    assert "test_malloc_split_last () at test-malloc-split-last.c:23\n" in shown
    assert "blocks[3] = checked_malloc(504);" in shown


def test_the_blocks_of_the_heap_are_shown_as_the_headers_have_them(worst: Path) -> None:
    shown = checker("debug", "malloc-split-last", "--src", worst, "--batch").stdout
    rows = re.findall(r"^0x[0-9a-f]{16}  heap\+0x[0-9a-f]+ +(\d+)  (\w+)$", shown, re.MULTILINE)
    free = [int(size) for size, status in rows if status == "free"]
    assert free == [3000, 1000, 2000, 504, 2504, 100000, 80000]
    assert sum(int(size) == 8 and status == "used" for size, status in rows) == 8


def test_blocks_are_found_with_another_alignment(tmp_path: Path) -> None:
    suite = tmp_path / "suite.toml"
    suite.write_text(f'extends = "{ROOT}/tests/suite.toml"\n[policy]\nalignment = 32\n')
    source = mistaken(tmp_path / "src", "sizes-stored-unrounded")
    policy = source / "policy.c"
    text = policy.read_text()
    policy.write_text(text.replace(".alignment = 8,", ".alignment = 32,"))
    assert policy.read_text() != text
    args = ("malloc-split-last", "--src", source, "--suite", suite, "--batch")
    shown = checker("debug", *args).stdout
    assert "no header" not in shown
    assert re.search(r" 504  \w+$", shown, re.MULTILINE)


def test_gdb_stays_open_and_goes_on_into_the_call_that_went_wrong(worst: Path) -> None:
    with Terminal("debug", "calloc-arrays", "--src", worst, env={"TERM": "dumb"}) as gdb:
        told = gdb.read_to("(gdb) ")
        call = re.search(r"call \d+, os_calloc\((\d+), (\d+)\)", told)
        assert call is not None, told
        gdb.write("continue\n")
        gdb.read_to("os_calloc (")
        assert re.search(rf"={call[1]}\b.*={call[2]}\b", gdb.read_to("(gdb) "))
        gdb.write("osmem blocks\n")
        assert "the heap ends at" in gdb.read_to("(gdb) ")
        gdb.write("set confirm off\nquit\n")
        assert gdb.ends() == 0


def test_a_test_that_passes_stops_at_its_judged_part() -> None:
    shown = checker("debug", "malloc-split-last", "--batch").stdout
    assert "malloc-split-last: passed" in shown
    assert "test_malloc_split_last () at test-malloc-split-last.c:23\n" in shown


def test_without_debug_information_one_line_says_why_there_are_no_blocks(tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    makefile = source / "Makefile"
    makefile.write_text(makefile.read_text().replace("-shared", "-shared -Wl,--strip-debug"))
    shown = checker("debug", "malloc-arrays", "--src", source, "--batch").stdout
    assert "osmem blocks: libosmem.so has no debug information; build it with -g\n" in shown


CRASH = """\
#include <stddef.h>
void *os_malloc(size_t size) { *(volatile int *)(size * 0) = 1; return NULL; }
void *os_calloc(size_t n, size_t size) { return os_malloc(n * size); }
void *os_realloc(void *ptr, size_t size) { (void)ptr; return os_malloc(size); }
void os_free(void *ptr) { (void)ptr; }
"""


@pytest.fixture(name="crashing")
def fixture_crashing(tmp_path: Path) -> Path:
    (tmp_path / "heap.c").write_text(CRASH)
    shutil.copy(ROOT / "harness" / "execution" / "default.mk", tmp_path / "Makefile")
    return tmp_path


def test_asan_tells_where_a_library_crashes(crashing: Path) -> None:
    ended = checker("debug", "malloc-arrays", "--src", crashing, "--asan")
    assert ended.returncode != 0
    assert re.search(
        r"ERROR: AddressSanitizer: SEGV(?s:.*) in os_malloc .*heap\.c:2\n", ended.stderr
    )


@pytest.mark.needs("valgrind")
def test_valgrind_tells_where_a_library_crashes(crashing: Path) -> None:
    ended = checker("debug", "malloc-arrays", "--src", crashing, "--valgrind")
    assert ended.returncode == -signal.SIGSEGV
    assert re.search(r"Invalid write of size 4\n==\d+== .*os_malloc \(heap\.c:2\)", ended.stderr)


@pytest.mark.needs("valgrind")
@pytest.mark.parametrize("tool", ["--asan", "--valgrind"])
def test_a_right_allocator_runs_to_the_end(tool: str) -> None:
    assert checker("debug", "malloc-arrays", tool).returncode == os.EX_OK


def test_debug_wants_one_test() -> None:
    assert_could_not_run(checker("debug", "malloc-*"), "malloc-*: expected the name of one test")
    assert_could_not_run(checker("debug", "malloc-aray"), "did you mean 'malloc-arrays'?")
