"""A crash is told with the functions that were running, their files and lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from command import checker
from harness.checking.backtrace import frames_of
from harness.execution.build import ROOT

SOURCE = """\
#include <string.h>
#include "osmem.h"
struct node { struct node *next; size_t size; };
static struct node *head;
static __attribute__((noinline)) struct node *find(size_t size)
{
    struct node *at = head;
    while (at->size < size)
        at = at->next;
    return at;
}
void *os_malloc(size_t size) { return (char *)find(size) + 1; }
void *os_calloc(size_t n, size_t size) { return memset((char *)1, 0, n * size); }
void *os_realloc(void *ptr, size_t size) { return (char *)find(size) + 1 + !ptr; }
void os_free(void *ptr) { (void)ptr; }
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "heap.c").write_text(SOURCE)
    shutil.copy(ROOT / "harness" / "execution" / "default.mk", folder / "Makefile")
    return folder


SANDBOXES = [[], ["--sandbox-kind", "bubblewrap"], ["--sandbox-kind", "landlock"]]


@pytest.mark.parametrize("sandbox", SANDBOXES, ids=["none", "bubblewrap", "landlock"])
def test_a_crash_is_told_with_its_place(source: Path, sandbox: list[str]) -> None:
    shown = checker("check", "--src", source, *sandbox, "malloc-arrays", "calloc-arrays").stdout
    assert "  it crashed in find at heap.c:8, called from os_malloc at heap.c:12\n" in shown
    assert "  it crashed in memset of the C library, called from os_calloc at heap.c:13\n" in shown


def test_frames_are_read_up_to_the_function_that_was_called() -> None:
    output = """
Program received signal SIGSEGV, Segmentation fault.
#0  __memset_avx512_unaligned_erms () at ../sysdeps/x86_64/memset.S:224
#1  0x00007ffff7dce147 in clear (at=...) at sub/heap.c:14
#2  os_calloc (n=..., size=...) at ./heap.c:20
#3  0x0000555555555df2 in calloc_at (place=...) at snippet.c:279
"""
    told = [str(frame) for frame in frames_of(output)]
    assert told == ["memset of the C library", "clear at sub/heap.c:14", "os_calloc at heap.c:20"]
    assert [str(f) for f in frames_of("#0  0x01 in os_free () from ./libosmem.so\n")] == ["os_free"]


def test_a_line_of_the_c_library_is_no_line_of_the_submission() -> None:
    output = """
#0  0x00007ffff7fbc109 in compare (a=..., b=...) at /work/src/sort.c:3
#1  0x00007ffff7e0cbf4 in msort_with_tmp (p=..., b=..., n=...) at ./stdlib/msort.c:64
#2  0x00007ffff7e0cfd8 in __GI_qsort (b=..., n=..., s=..., cmp=...) at ./stdlib/msort.c:307
#3  0x00007ffff7fbc15b in os_free (ptr=...) at osmem.c:5
#4  0x0000555555555163 in main () at snippet.c:1
From                To                  Syms Read   Shared Object Library
0x00007ffff7fcb060  0x00007ffff7ff0111  Yes         /lib64/ld-linux-x86-64.so.2
0x00007ffff7fbc050  0x00007ffff7fbc160  Yes (*)     /a folder/libosmem.so
0x00007ffff7df3380  0x00007ffff7f4722d  Yes         /lib/x86_64-linux-gnu/libc.so.6
"""
    told = [str(frame) for frame in frames_of(output)]
    assert told == ["compare at sort.c:3", "qsort of the C library", "os_free at osmem.c:5"]


def test_what_does_not_reach_the_call_is_no_backtrace() -> None:
    assert not frames_of("#0  0x0000000000000001 in ?? ()\n#1  0x0 in ?? ()\n")
    assert not frames_of("No stack.\n")


def test_a_frame_that_fills_pages_is_none() -> None:
    assert not frames_of(f"#0  os_free ({'a) at a:1' * 1000}) at a.c:2\n")


def test_names_of_functions_are_printable() -> None:
    frames = frames_of("#0  \x1b[31m () at \x1b]0;x.c:1\n#1  os_free () at a.c:2\n")
    assert [str(f) for f in frames] == ["\ufffd[31m at \ufffd]0;x.c:1", "os_free at a.c:2"]
