"""What a test program tells to have checked is held against what it should have checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.checking.attestation import first_unchecked
from harness.checking.check import check, set_up, verdict_on
from harness.execution.build import ROOT
from harness.results.verdict import Outcome, Verdict
from harness.suite import load_suite
from harness.trace.events import Checking, Entered, Event, Returned, SystemCall
from harness.tracers.ltrace import Ltrace
from submissions import attacking, plain

SUITE = load_suite(ROOT / "tests" / "suite.toml")
CHANGED = "the library changed the memory of the test, which checked"


def verdict(source: Path, test: str) -> Verdict:
    (found,) = check(set_up(SUITE.select((test,)), source, Ltrace(), 1), 1)
    return found


# Of tests/hostile; test_hostile.py grades them in sandboxes.
@pytest.mark.parametrize(
    ("attack", "test", "call", "checked", "expected"),
    [
        (
            "forge-block",
            "realloc-arrays",
            r"os_realloc\(heap\+0x[0-9a-f]+, 504\)",
            r"that 0 bytes of block (\d+) were kept",
            r"that 104 bytes of block \1 were kept",
        ),
        (
            "forge-request",
            "calloc-arrays",
            r"os_calloc\(1, 8\)",
            "that 0 bytes were cleared",
            "that 8 bytes were cleared",
        ),
        (
            "same-number",
            "malloc-split-middle",
            r"os_free\(heap\+0x[0-9a-f]+\)",
            r"(\d+) bytes of block \d+ before the call",
            r"\1 bytes of block \d+ before the call",
        ),
    ],
)
def test_a_library_that_forges_what_is_checked_fails_the_test(
    tmp_path: Path, attack: str, test: str, call: str, checked: str, expected: str
) -> None:
    found = verdict(attacking(tmp_path / "src", attack), test)
    assert (found.outcome, found.points) == (Outcome.INVALID, 0)
    reason = re.fullmatch(rf"call (\d+), {call}: {CHANGED} {checked}", found.reason)
    assert reason and int(reason[1]) == found.call, found.reason
    number = reason[reason.re.groups] if reason.re.groups > 1 else ""
    advice = f"expected the test to check {expected}".replace(r"\1", number)
    assert re.fullmatch(advice, found.advice), found.advice
    line = found.test.snippet.read_text().splitlines()[found.line - 1]
    assert call.partition("_")[2].partition(r"\(")[0] in line


SPOILS_ERRNO = """
#include <errno.h>
#include "attack.h"
#include "forge.h"

/* Spoils errno, and makes the program believe that it does not count: the last 1 in its memory. */
void *spoil(int call, void *result)
{
    struct words words = words_of_program();

    if (call < 5 || result == NULL)
        return result;
    errno = 0;
    if (call > 5)
        return result;
    while (words.end > words.first && words.end[-1] != 1)
        words.end--;
    words.end[-1] = 0;
    return result;
}
"""


def test_a_library_that_forges_whether_errno_counts_fails_the_test(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "same-number")
    (source / "attack.c").write_text(SPOILS_ERRNO)
    found = verdict(source, "extra-errno")
    assert found.outcome is Outcome.INVALID
    assert CHANGED in found.reason and "errno" not in found.reason
    assert found.advice.startswith("expected the test to check errno")


# ---- Programs that are checked in part, or not at all --------------------------------------------

RAW = (
    '#include "osmem.h"\nint main(void) { os_free(os_realloc(os_calloc(2, 8), 500)); return 0; }\n'
)
MIXED = """
#include "snippet.h"

int main(void)
{
    char *raw = os_malloc(50);
    void *block = checked_malloc(100);
    void *array = uncleared_calloc(10, 10);

    CHECK_NULL(os_realloc(block, SIZE_MAX));
    raw = os_realloc(raw, 5000);
    raw[0] = 1;
    block = checked_realloc(block, 3000);
    block = checked_realloc(block, 10);
    os_free(raw);
    array = checked_realloc(array, 200000);
    checked_realloc(array, 0);
    checked_free(block);
    block = checked_calloc(100, 50);
    block = checked_realloc(block, 20);
    os_free(NULL);
    checked_free(block);
}
"""


@pytest.mark.parametrize("program", [RAW, MIXED], ids=["raw", "mixed"])
def test_calls_that_are_not_checked_do_no_harm(tmp_path: Path, program: str) -> None:
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "test-mine.c").write_text(program)
    path = tmp_path / "own.toml"
    path.write_text(
        f'extends = "{ROOT}/tests/suite.toml"\nsnippets = "snippets"\nreferences = "ref"\n'
        'only = ["mine"]\n[[test]]\nname = "mine"\npoints = 1\n'
    )
    suite = load_suite(path)
    setup = set_up(suite, plain(tmp_path / "src"), Ltrace(), 1)
    found = verdict_on(setup, suite.tests[0], lambda run: run.trace)
    assert (found.outcome, found.reason) == (Outcome.PASSED, "")


# ---- What has to be told -------------------------------------------------------------------------

FIRST, SECOND = 0x1000, 0x2000
FAILED, KEPT, ZEROED = 1, 2, 3


def called(function: str, *args: int, result: int = 0, **checking: int) -> list[Event]:
    """A call that a test program checks."""
    how = Checking(bool(checking.pop("cleared", False)), **checking)
    return [Entered(function, args, 0, how), Returned(result)]


def told(check: int, number: int = 0, size: int = 0) -> SystemCall:
    return SystemCall("munmap", (0x5E7C << 48 | check << 44 | number, size), -22)


def kept(block: int, size: int, digest: int = 0) -> SystemCall:
    return told(KEPT, block << 32 | size, digest)


def test_a_program_that_checks_everything_is_believed() -> None:
    events: list[Event] = [
        *called("os_malloc", 10, result=FIRST),
        *called("os_calloc", 2, 8, result=SECOND, cleared=True),
        told(ZEROED, size=16),
        *called("os_realloc", FIRST, 30, result=FIRST, number=1, size=10),
        kept(1, 10),
        *called("os_free", SECOND, number=2, size=16),
        *called("os_realloc", FIRST, 0, number=3, size=30),
    ]
    assert first_unchecked(events) is None
    for at, event in enumerate(events):
        if isinstance(event, SystemCall):
            assert first_unchecked(events[:at] + events[at + 1 :]) is not None


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (called("os_free", FIRST, number=1, size=9), "9 bytes of block 1 before the call"),
        (called("os_free", FIRST, number=2, size=10), "10 bytes of block 2 before the call"),
        (called("os_free", FIRST), "nothing"),
        (called("os_free", SECOND, number=1, size=10), "10 bytes of block 1 before the call"),
        ([*called("os_free", FIRST, number=1, size=10), told(FAILED)], "something that failed"),
        (called("os_malloc", 10), "nothing"),
        (called("os_malloc", 10)[:1] + called("os_malloc", 20, result=SECOND), "nothing"),
    ],
)
def test_a_check_that_is_not_as_it_should_be_is_found(more: Sequence[Event], found: str) -> None:
    unchecked = first_unchecked([*called("os_malloc", 10, result=FIRST), *more])
    assert unchecked is not None and unchecked.call == 2
    assert unchecked.found.startswith(found)


def test_contents_are_kept_if_their_digest_is_the_same() -> None:
    first = called("os_malloc", 10, result=FIRST)
    moved = called("os_realloc", FIRST, 30, result=SECOND, number=1, size=10, digest=7)
    assert first_unchecked([*first, *moved, kept(1, 10, digest=7)]) is None
    assert first_unchecked([*first, *moved, kept(1, 10, digest=8)]) is not None


def test_what_a_library_tells_inside_of_its_calls_counts_for_nothing() -> None:
    entered, returned = called("os_calloc", 2, 8, result=FIRST, cleared=True)
    assert first_unchecked([entered, told(ZEROED, size=16), returned]) is not None
    assert first_unchecked([entered, returned, told(ZEROED, size=16)]) is None


def test_a_run_whose_calls_tell_nothing_is_not_judged_by_them() -> None:
    events: list[Event] = [
        *called("os_malloc", 10, result=FIRST),
        *called("os_realloc", FIRST, 20, result=SECOND, number=1, size=10),
        kept(1, 9),
    ]
    silent = [replace(e, checking=None) if isinstance(e, Entered) else e for e in events]
    assert first_unchecked(events) is not None
    assert first_unchecked(silent) is None
