"""Grades in other programs' formats: what those would read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from rich.console import Console

from grades import ANA, ANY_TEXT, CRASHED, DIFFERS, GRADE, HOSTILE, PASSED, TIMEOUT, hostile
from harness.results.grade import Grade, Graded, Status, Style
from harness.reports import github, gradescope, junit, student, vpl
from harness.course.translation import translations
from harness.reports.audience import Audience
from harness.reports.formats import FORMATS
from harness.execution.build import ROOT
from harness.reports.summary import show_summary
from harness.results.diagnosis import Cause, Diagnosis
from harness.suite import load_suite

DEFAULT = load_suite(ROOT / "tests" / "suite.toml")
NOT_BUILT = Graded(
    "dan.zip", Grade(Status.NOT_BUILT, "make failed: error: x", (), Style(0, 10, ()), ())
)


@pytest.mark.parametrize("name", FORMATS)
@given(text=ANY_TEXT)
def test_every_format_takes_any_text(name: str, text: str) -> None:
    shown = FORMATS[name].render(hostile(text))
    assert shown.endswith("\n")
    assert shown.encode("utf-8").decode().replace("\n", "").isprintable()
    assert FORMATS[name].render(hostile(text)) == shown


def test_formats_have_the_names_that_are_expected_elsewhere() -> None:
    assert FORMATS["gradescope"].file_name == "results.json"
    assert FORMATS["junit"].file_name == "junit.xml"


def test_a_student_reads_why_nothing_was_graded() -> None:
    assert "  not-built: make failed: error: x\n" in student.render(NOT_BUILT)


def test_a_student_reads_why_good_style_earned_nothing() -> None:
    graded = Graded("x", replace(GRADE, style=Style(0, 10, (), "needs 45 points for tests")))
    assert "\nstyle\n  needs 45 points for tests\n" in student.render(graded)


# ---- JUnit ---------------------------------------------------------------------------------------


def test_junit_counts_and_names_what_failed() -> None:
    root = ElementTree.fromstring(junit.render([ANA, NOT_BUILT]))
    counts = {"tests": "5", "failures": "1", "errors": "2", "skipped": "1"}
    assert (root.tag, root.attrib) == ("testsuites", {"name": "osmem", **counts})
    ana, dan = root.findall("testsuite")
    assert (ana.get("name"), ana.get("tests"), dan.get("errors")) == ("Ana Popescu.zip", "4", "1")
    kinds = {c.get("name"): [e.tag for e in c] for c in ana.findall("testcase")}
    assert kinds == {
        "malloc-arrays": [],
        "malloc-split-last": ["failure"],
        "realloc-arrays": ["error"],
        "all": ["skipped"],
    }
    failure = ana.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "line 11, the result is heap+0x6f0"
    assert failure.text == "best fit takes the smallest free block"
    error = dan.find("testcase/error")
    assert error is not None
    assert (error.get("type"), error.get("message")) == ("not-built", "make failed: error: x")


@given(text=ANY_TEXT)
def test_junit_is_well_formed_whatever_is_in_it(text: str) -> None:
    root = ElementTree.fromstring(junit.render([hostile(text)]).encode())
    assert {e.tag for e in root.iter()} == {
        *("testsuites", "testsuite", "properties", "property", "testcase"),
        *("failure", "error", "skipped"),
    }
    assert len(root.findall("testsuite/testcase")) == 4


@pytest.mark.parametrize("text", ["<b>&amp;</b>", "]]>", "\"'", "a = 'b' & c"])
def test_junit_shows_printable_text_as_it_is(text: str) -> None:
    root = ElementTree.fromstring(junit.render([hostile(text)]))
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == (text, text)


# ---- Gradescope ----------------------------------------------------------------------------------


def test_gradescope_has_scores_and_outputs() -> None:
    result = json.loads(gradescope.render(ANA))
    assert result["score"] == 13
    assert "3 of 4 tests failed" in result["output"]
    assert result["tests"][1] == {
        "name": "malloc-split-last",
        "score": 0,
        "max_score": 2,
        "status": "failed",
        "output": "line 11, the result is heap+0x6f0\nbest fit takes the smallest free block",
        "visibility": "visible",
    }
    assert [(t["name"], t["status"]) for t in result["tests"]] == [
        ("malloc-arrays", "passed"),
        ("malloc-split-last", "failed"),
        ("realloc-arrays", "failed"),
        ("all", "failed"),
        ("style", "failed"),
    ]
    assert "osmem.c:12: unused variable" in result["tests"][-1]["output"]
    assert result["score"] == sum(test["score"] for test in result["tests"])


def test_gradescope_shows_no_text_as_html() -> None:
    result = json.loads(gradescope.render(hostile("<script>alert(1)</script>")))
    formats = {result[key] for key in result if key.endswith("_format")}
    assert formats == {"text"} and "output_format" in result


# ---- VPL -----------------------------------------------------------------------------------------


def test_vpl_shows_the_report_and_ends_with_the_grade() -> None:
    lines = vpl.render(ANA).splitlines()
    assert lines[:2] == ["Comment :=>>-13 of 27 points", "<|--"]
    assert lines[-2:] == ["--|>", "Grade :=>> 13.00"]
    assert ">    line 11, the result is heap+0x6f0" in lines


@given(text=ANY_TEXT)
def test_vpl_has_one_grade_and_one_block(text: str) -> None:
    shown = vpl.render(hostile(text))
    # VPL looks for its marks anywhere in a line.
    assert re.findall("Grade :=>>.*", shown) == ["Grade :=>> 5.00"]
    assert shown.endswith("\n--|>\nGrade :=>> 5.00\n")
    assert [shown.count(mark) for mark in (":=>>", "<|--", "--|>")] == [2, 1, 1]


# ---- GitHub Actions ------------------------------------------------------------------------------

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def test_github_annotates_findings_where_they_are_and_tests_without_a_file() -> None:
    assert github.render(ANA).splitlines() == [
        "::error title=malloc-split-last%3A differs::line 11, the result is heap+0x6f0%0A"
        "best fit takes the smallest free block",
        "::error title=realloc-arrays%3A crashed::killed by SIGSEGV",
        "::error title=all%3A skipped::there is no reference%0Arecord it",
        "::warning file=src/osmem.c,line=12,title=gcc::unused variable 'x' [-Wunused-variable]",
        "::warning file=src/sub/heap.h,title=cpplint::Line contains NUL byte. [readability/nul]",
        "::notice title=Ana Popescu.zip::13 of 27 points",
    ]
    assert github.render(NOT_BUILT).splitlines()[0] == (
        "::error title=not-built::make failed: error: x"
    )


@pytest.mark.parametrize(
    ("place", "marked"),
    [
        ("it crashed in find at sub/heap.c:8, called from os_malloc at heap.c:12", "sub/heap.c:8"),
        ("it crashed in memset of the C library, called from os_calloc at heap.c:13", "heap.c:13"),
        ("abgestürzt in memset der C-Bibliothek, aufgerufen von clear bei heap.c:7", "heap.c:7"),
        ("it crashed in os_free", "tests/snippets/test-realloc-arrays.c:30"),
    ],
)
def test_github_marks_the_innermost_line_of_the_submission_that_crashed(
    place: str, marked: str
) -> None:
    crashed = replace(CRASHED, advice=f"{place}\nthe rules", line=30)
    with Audience(translations=translations("de" if "stürzt" in place else "en")).listening():
        shown = github.render(Graded("a.zip", replace(GRADE, tests=(crashed,))))
    file, _, line = marked.partition(":")
    folder = "" if file.startswith("tests/") else "src/"
    assert shown.startswith(f"::error file={folder}{file},line={line},title=realloc-arrays%3A")


def unescaped(text: str) -> str:
    for escape, character in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r")):
        text = text.replace(escape, character)
    return text.replace("%25", "%")


@given(text=ANY_TEXT)
def test_github_finds_our_commands_only(text: str) -> None:
    shown = github.render(hostile(text)).splitlines()
    commands = [match for line in shown if (match := COMMAND.fullmatch(line))]
    assert [match[1] for match in commands] == ["error"] * 3 + ["warning"] * 2 + ["notice"] * 2
    assert len(commands) == len(shown)
    assert not any("##[" in line or "##[" in unescaped(line) for line in shown)


@pytest.mark.parametrize("text", ["100% sure: a, b", "%0A", "a::b", "%25"])
def test_github_shows_printable_text_as_it_is(text: str) -> None:
    warning = github.render(hostile(text)).splitlines()[3]
    match = COMMAND.fullmatch(warning)
    assert match is not None
    assert unescaped(match[3]) == text
    assert unescaped(match[2].split(",")[0]) == f"file=src/{text}"


# ---- The summary ---------------------------------------------------------------------------------


def summary(graded: Sequence[Graded], width: int = 160, more: int = 0) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    made_with = {"gcc": "12.2.0", "ltrace": "0.7.3", "cpplint": "1.6.1"}
    show_summary(console, graded, DEFAULT, made_with, len(graded) + more)
    return out.getvalue().splitlines()


def earning(name: str, points: int, *flags: str) -> Graded:
    test = replace(PASSED, points=points, max_points=90)
    return Graded(name, Grade(Status.GRADED, "", (test, DIFFERS), Style(8, 8, ()), flags))


def test_summary_counts_statuses_totals_and_failed_tests() -> None:
    graded = [earning(f"{n}.zip", n) for n in (0, 20, 25, 90)]
    lines = summary([*graded, NOT_BUILT, Graded("e", replace(GRADE, tests=(DIFFERS, TIMEOUT)))])
    assert lines[0] == "6 submissions: 5 graded, 1 not-built"
    assert [line.split() for line in lines[2:14]] == [
        ["points"],
        ["0-9", "3", "#" * 40],
        ["10-19", "0"],
        ["20-29", "1", "#" * 14],
        ["30-39", "1", "#" * 14],
        *([f"{low}-{low + 9}", "0"] for low in range(40, 90, 10)),
        ["90-99", "1", "#" * 14],
        ["100", "0"],
    ]
    assert [line.split() for line in lines[15:18]] == [
        ["tests", "failed", "most"],
        ["5", "malloc-split-last"],
        ["1", "calloc-arrays"],
    ]
    assert lines[19] == "rules that nobody's tests reached"
    assert "  merge: Free blocks that touch count as one." in lines
    assert not any(line.startswith("  alignment: ") for line in lines)
    assert lines[-3:] == [
        "to be looked at",
        "  dan.zip: not-built: make failed: error: x",
        "  e: it calls sbrk() outside of the allocator; 1 test timed out",
    ]


def diagnosed(name: str, *mistakes: str) -> Graded:
    """A grade of someone who failed a test by these mistakes."""
    causes = tuple(
        Cause((m,), (f"{m} is wrong.",), ("best-fit",), (DIFFERS.name,)) for m in mistakes
    )
    found = Diagnosis(causes, explained=(DIFFERS.name,), known=181)
    return Graded(name, replace(GRADE, tests=(PASSED, DIFFERS), diagnosis=found))


def test_summary_shows_which_mistakes_the_class_made() -> None:
    graded = [diagnosed("a", "fit-first"), diagnosed("b", "fit-first", "merge-late")]
    lines = summary([*graded, earning("c", 90)])
    at = lines.index("mistakes made most")
    assert lines[at + 1 : at + 3] == [
        f"      2  {'#' * 20}  fit-first: fit-first is wrong.",
        f"      1  {'#' * 10}            merge-late: merge-late is wrong.",
    ]


@pytest.mark.parametrize("name", ["text", "gradescope", "vpl", "github"])
def test_reports_say_what_is_wrong(name: str) -> None:
    report = FORMATS[name].render(diagnosed("a", "fit-first"))
    assert "What is wrong: 1 mistake explains the failed test" in report
    assert "1. fit-first is wrong." in report
    assert "Costs 1 test, 2 points. First seen in test-malloc-split-last.c: line 11" in report


def test_summary_names_some_and_says_where_the_others_are() -> None:
    lines = summary([earning(f"{n:02}.zip", 0, "look") for n in range(25)])
    assert lines[-1] == "  and 5 more, see gradebook.csv"
    assert lines[-2] == "  19.zip: look"


def test_summary_names_versions_that_the_suite_was_not_made_with() -> None:
    own = {"gcc": "12.2.0", "ltrace": "0.7.3"}
    newer = own | {"gcc": "14.2.0"}
    by_versions = [(own, "a"), (newer, "b"), (newer, "c")]
    lines = summary(
        [
            Graded(name, replace(earning(name, 90).grade, versions=versions))
            for versions, name in by_versions
        ]
    )
    assert lines[-1] == "2 graded with gcc 14.2.0 (not 12.2.0)"


def test_summary_of_no_submissions() -> None:
    assert summary([]) == ["0 submissions"]


def test_summary_accounts_for_submissions_without_a_grade() -> None:
    skipped = Graded("late.zip", Grade(Status.SKIPPED, "the disk is full", (), Style(0, 8, ()), ()))
    lines = summary([NOT_BUILT, skipped, earning("good.zip", 90)], more=2)
    assert lines[0] == "5 submissions: 1 graded, 1 not-built, 1 skipped, 2 not graded yet"
    assert lines[-2:] == [
        "skipped, to be graded by the same command",
        "  late.zip: the disk is full",
    ]
    assert sum(int(line.split()[1]) for line in lines if re.match(r" +\d+-\d+ ", line)) == 2
    assert summary([skipped])[0] == "1 submission: 1 skipped"


@pytest.mark.parametrize("text", [*filter(None, HOSTILE), "[bold]x[/bold] :smile:"])
def test_summary_prints_text_as_it_is_in_one_line(text: str) -> None:
    lines = summary([hostile(text)])
    assert all(line.isprintable() for line in lines)
    assert len(lines) == len(summary([hostile("x")]))
    assert len(summary([hostile(text * 100)], width=60)) == len(lines)
    if text.isprintable():
        assert lines[-1] == f"  {text}: {text}; {text}"
