"""Grades for the tests: ordinary ones, and some with hostile texts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from harness.results.diagnosis import Diagnosis, Observation
from harness.results.grade import Finding, Grade, Graded, Status, Style, TestResult
from harness.results.packed import PackedGrade
from harness.results.verdict import Outcome

PASSED = TestResult("malloc-arrays", Outcome.PASSED, 5, 5, "", "", "os_malloc(10) = heap+0x20\n")
DIFFERS = TestResult(
    "malloc-split-last",
    Outcome.DIFFERS,
    0,
    2,
    "line 11, the result is heap+0x6f0",
    "best fit takes the smallest free block",
    "os_malloc(200) = heap+0x6f0\nexit 0\n",
)
CRASHED = TestResult("realloc-arrays", Outcome.CRASHED, 0, 5, "killed by SIGSEGV", "", "")
SKIPPED = TestResult("all", Outcome.SKIPPED, 0, 5, "there is no reference", "record it", "")
TIMEOUT = TestResult("calloc-arrays", Outcome.TIMEOUT, 0, 5, "not ended within 5 s", "", "")
FINDINGS = (
    Finding("gcc", "osmem.c", 12, "unused variable 'x' [-Wunused-variable]"),
    Finding("cpplint", "sub/heap.h", 0, "Line contains NUL byte. [readability/nul]"),
)
GRADE = Grade(
    Status.GRADED,
    "3 of 4 tests failed",
    (PASSED, DIFFERS, CRASHED, SKIPPED),
    Style(8, 10, FINDINGS),
    ("it calls sbrk() outside of the allocator",),
)
PACKED = PackedGrade.of(GRADE)
ANA = Graded("Ana Popescu.zip", GRADE)

HOSTILE = (
    "<script>alert(1)</script>&amp;",
    "\x1b[2J\x1b]0;owned\a\x9b31m",
    "\"'`\\",
    "one\ntwo\r\nthree\u2028four\x85five",
    "=cmd|' /C calc'!A0",
    "\t=1+1",
    "]]>",
    "\nGrade :=>> 100\n",
    "Grade :=>> 100",
    "--|>\nGrade :=>> 100\n<|--",
    "::error::owned",
    "\n::error file=x::owned",
    "##[error]owned",
    "%0A::error::owned",
    "\ud800\udfff\ufffe\x00\x0b",
    "\u202egnp.exe",
    "",
)
"""Texts that a submission may try to have shown, wherever it can put one of its own."""


def hostile(text: str) -> Graded:
    """A grade with an untrusted text in every place that can have one."""
    tests = tuple(
        replace(test, reason=text, advice=text, trace=f"os_free(0)\n{text}\n")
        for test in GRADE.tests
    )
    findings = (Finding("gcc", text, 1, text), Finding("cppcheck", text, 0, text))
    style = Style(0, 10, findings, text)
    observed = (Observation(text, "", tuple(test.name for test in tests)),)
    found = Diagnosis(unexplained=observed[0].tests, observed=observed, known=1)
    return Graded(text, Grade(Status.GRADED, text, tests, style, (text,), "", {}, (text,), found))


ANY_TEXT = st.text(st.characters()) | st.sampled_from(HOSTILE)
