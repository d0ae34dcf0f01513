"""The files that a teacher and the students get."""

from __future__ import annotations

import csv
import json
import os
import re
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grades import ANA, ANY_TEXT, GRADE, HOSTILE, PASSED, hostile
from two_tests import SUITE
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.grade import Grade, Graded, Status, Style
from harness.reports.diagnosis import LEGEND
from harness.reports.formats import FORMATS, Format
from harness.reports.gradebook import write_gradebook
from harness.reports.html_grades import GradePages

REFUSED = Graded(
    "ziua.zip", Grade(Status.REFUSED, "it is no archive", (), Style(0, 10, ()), ("look, here",))
)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def folders(folder: Path) -> list[str]:
    return [path.name for path in (folder / "submissions").iterdir()]


def written_names(folder: Path, *names: str) -> list[str]:
    write_gradebook(folder, (Graded(name, GRADE) for name in sorted(names)))
    return sorted(folders(folder))


def test_the_table_has_a_line_for_each_submission(tmp_path: Path) -> None:
    write_gradebook(tmp_path, [ANA, REFUSED])
    assert rows(tmp_path) == [
        {
            "submission": "Ana Popescu.zip",
            "points": "5",
            "tests": "1",
            "extra": "0",
            "style": "8",
            "total": "13",
            "status": "graded",
            "reason": "3 of 4 tests failed",
            "mistakes": "",
            "flags": "it calls sbrk() outside of the allocator",
        },
        {
            "submission": "ziua.zip",
            "points": "0",
            "tests": "0",
            "extra": "0",
            "style": "0",
            "total": "0",
            "status": "refused",
            "reason": "it is no archive",
            "mistakes": "",
            "flags": "look, here",
        },
    ]


def test_the_document_has_all_but_the_traces(tmp_path: Path) -> None:
    write_gradebook(tmp_path, [ANA, REFUSED])
    ana, refused = json.loads((tmp_path / "results.json").read_text())
    assert (ana["submission"], ana["points"], ana["max_points"]) == ("Ana Popescu.zip", 13, 27)
    assert ana["tests"][1] == {
        "name": "malloc-split-last",
        "outcome": "differs",
        "points": 0,
        "max_points": 2,
        "reason": "line 11, the result is heap+0x6f0",
        "advice": "best fit takes the smallest free block",
        "line": 0,
    }
    assert ana["style"]["findings"][0]["line"] == 12
    assert ana["flags"] == ["it calls sbrk() outside of the allocator"]
    assert (refused["status"], refused["reason"]) == ("refused", "it is no archive")


def test_the_gradebook_has_the_diagnosis(tmp_path: Path) -> None:
    cause = Cause(("a", "b"), ("A is wrong.", "B is."), ("merge", "split"), ("malloc-split-last",))
    found = Diagnosis((cause,), explained=("malloc-split-last",), known=2)
    write_gradebook(tmp_path, [Graded("x", replace(GRADE, diagnosis=found)), REFUSED])
    assert [row["mistakes"] for row in rows(tmp_path)] == ["a or b", ""]
    whole, refused = json.loads((tmp_path / "results.json").read_text())
    assert whole["diagnosis"] == [
        {
            "name": "a",
            "sentence": "A is wrong.",
            "rule": "merge",
            "points": 2,
            "tests": ["malloc-split-last"],
            "place": "test-malloc-split-last.c",
            "alternatives": [{"name": "b", "sentence": "B is.", "rule": "split"}],
        }
    ]
    assert refused["diagnosis"] == []


def test_a_student_reads_points_reasons_advice_and_style(tmp_path: Path) -> None:
    write_gradebook(tmp_path, [ANA])
    assert (
        (tmp_path / "submissions" / "Ana Popescu.zip" / "report.txt").read_text()
        == f"""\
Ana Popescu.zip
  13 of 27 points
  tests: 5 of 17
  style: 8 of 10
  3 of 4 tests failed

tests
  malloc-arrays      passed     5/5
  malloc-split-last  differs    0/2
  realloc-arrays     crashed    0/5
  all                skipped    0/5

what to look at
  malloc-split-last: differs
    line 11, the result is heap+0x6f0
    best fit takes the smallest free block
  realloc-arrays: crashed
    killed by SIGSEGV
  all: skipped
    there is no reference
    record it
  {LEGEND}

style
  osmem.c:12: unused variable 'x' [-Wunused-variable] (gcc)
  sub/heap.h: Line contains NUL byte. [readability/nul] (cpplint)

The traces of the tests are in traces/.
"""
    )


def test_a_student_sees_no_flag(tmp_path: Path) -> None:
    write_gradebook(tmp_path, [ANA])
    for path in (tmp_path / "submissions").rglob("*.*"):
        assert path.is_dir() or "sbrk() outside" not in path.read_text()


def test_a_failed_test_has_a_file_for_its_trace_and_passed_ones_share_one(tmp_path: Path) -> None:
    tests = (*GRADE.tests, replace(PASSED, name="realloc-arrays", trace="os_free(NULL)\nexit 0\n"))
    write_gradebook(tmp_path, [Graded(ANA.submission, replace(GRADE, tests=tests))])
    traces = tmp_path / "submissions" / "Ana Popescu.zip" / "traces"
    assert contents(traces) == {
        "passed.txt": b"# test-malloc-arrays.trace\nos_malloc(10) = heap+0x20\n\n"
        b"# test-realloc-arrays.trace\nos_free(NULL)\nexit 0\n",
        "test-malloc-split-last.trace": b"os_malloc(200) = heap+0x6f0\nexit 0\n",
    }


@pytest.mark.parametrize("file", ["report.txt", "results.json", "report.html", "traces/passed.txt"])
@pytest.mark.parametrize("change", [Path.unlink, Path.touch, lambda path: path.write_text("")])
def test_what_was_changed_in_a_folder_is_written_again(
    tmp_path: Path, file: str, change: Callable[[Path], object]
) -> None:
    def write() -> dict[str, bytes]:
        write_gradebook(tmp_path, [ANA], pages=GradePages(SUITE, "rules"))
        return contents(tmp_path)

    before = write()
    change(tmp_path / "submissions" / ANA.submission / file)
    assert write() == before


def test_the_same_grades_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_gradebook(tmp_path / name, [ANA, REFUSED])
    first = contents(tmp_path / "one")
    assert contents(tmp_path / "two") == first
    worse = replace(GRADE, tests=(replace(PASSED, trace=""),))
    write_gradebook(tmp_path / "two", [Graded(ANA.submission, worse), REFUSED])
    assert contents(tmp_path / "two") != first
    other_tests = replace(GRADE, tests=(replace(PASSED, name="other"),))
    write_gradebook(tmp_path / "two", [Graded(ANA.submission, other_tests), REFUSED])
    write_gradebook(tmp_path / "two", [ANA, REFUSED])
    assert contents(tmp_path / "two") == first


@pytest.mark.parametrize("form", [{}, {"junit": FORMATS["junit"]}])
def test_what_a_killed_batch_has_not_finished_is_removed(
    tmp_path: Path, form: dict[str, Format]
) -> None:
    def write() -> dict[str, bytes]:
        write_gradebook(tmp_path, [ANA], form, pages=GradePages(SUITE, "rules"))
        return contents(tmp_path)

    before = write()
    for name in before:
        (tmp_path / name).with_name(f".{Path(name).name}.{os.getpid()}").write_text("a par")
    (tmp_path / "submissions" / ANA.submission / "report.html").unlink()  # the last file
    assert write() == before


def test_an_empty_gradebook(tmp_path: Path) -> None:
    write_gradebook(tmp_path, [])
    assert rows(tmp_path) == []
    assert json.loads((tmp_path / "results.json").read_text()) == []


def test_what_was_there_stays_whole_until_the_new_is(tmp_path: Path) -> None:
    write_gradebook(tmp_path, [ANA])
    before = contents(tmp_path)

    def broken() -> Iterator[Graded]:
        yield ANA
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_gradebook(tmp_path, broken())
    assert contents(tmp_path) == before


def test_memory_does_not_grow_with_the_number_of_submissions(tmp_path: Path) -> None:
    def many() -> Iterator[Graded]:
        for number in range(200):
            test = replace(PASSED, trace=f"os_free({number})\n" * 4000)
            yield Graded(f"{number:03}.zip", replace(GRADE, tests=(test,)))

    tracemalloc.start()
    try:
        write_gradebook(tmp_path, many())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(rows(tmp_path)) == 200
    assert peak < 4 * 1024 * 1024  # all traces together are 10 MiB


# ---- Folders' names ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("ana.zip", "ana.zip"),
        ("Ștefan Țuțu (1).zip", "Ștefan Țuțu (1).zip"),
        ("..", "submission"),
        ("", "submission"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("-rf", "rf"),
        (".bashrc", "bashrc"),
        ("a/b\\c\0d\ne:f", "a_b_c_d_e_f"),
        ("\x1b[2J", "__2J"),
        ("a. ", "a"),
        ("a" * 1000, "a" * 200),
        ("ă" * 1000, "ă" * 100),
    ],
)
def test_names_are_made_safe(tmp_path: Path, name: str, folder: str) -> None:
    assert written_names(tmp_path, name) == [folder]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Ana.zip", "ana.zip"), ["Ana.zip", "ana.zip-2"]),
        (("a/b", "a:b", "a_b"), ["a_b", "a_b-2", "a_b-3"]),
        (("A", "a", "a-2"), ["A", "a-2", "a-2-2"]),
        (("ș.zip", "s\u0326.zip"), ["ș.zip", "ș.zip-2"]),
        (("a" * 300, "a" * 301), ["a" * 200, "a" * 200 + "-2"]),
    ],
)
def test_no_two_submissions_get_the_same_folder(
    tmp_path: Path, names: tuple[str, ...], expected: list[str]
) -> None:
    assert written_names(tmp_path, *names) == sorted(expected)


@given(names=st.lists(ANY_TEXT, min_size=1, max_size=5, unique=True))
def test_any_names(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("out")
    made = written_names(folder, *names)
    assert len({name.casefold() for name in made}) == len(names) == len(rows(folder))
    assert all(name.isprintable() and name[0] not in ".-" and "/" not in name for name in made)
    inside = {path.relative_to(folder).parts[0] for path in folder.rglob("*")}
    assert inside <= {"gradebook.csv", "results.json", "submissions"}


# ---- Texts ---------------------------------------------------------------------------------------


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from strings(item)
        case dict():
            yield from strings(list(value.values()))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_text(tmp_path: Path, text: str) -> None:
    write_gradebook(tmp_path, [hostile(text)])
    (row,) = rows(tmp_path)
    assert None not in row and None not in row.values()
    for cell in row.values():
        assert cell.isprintable()
        assert not cell.startswith(("=", "+", "-", "@"))
    (result,) = json.loads((tmp_path / "results.json").read_text())
    assert all(string.replace("\n", "").isprintable() for string in strings(result))
    for path in (tmp_path / "submissions").rglob("*.*"):
        if path.is_file():
            assert path.read_bytes().decode("utf-8").replace("\n", "").isprintable()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    write_gradebook(tmp_path, [Graded(text, replace(GRADE, reason=text, flags=(text,)))])
    (row,) = rows(tmp_path)
    for column in ("submission", "reason", "flags"):
        assert row[column].startswith("'")


def test_one_line_of_the_table_is_one_submission(tmp_path: Path) -> None:
    write_gradebook(tmp_path, [hostile('"\r\n"x",5,90,10,100,graded\n')])
    assert len(rows(tmp_path)) == 1
    assert len((tmp_path / "gradebook.csv").read_text().splitlines()) == 2


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", *"\uff1d\uff0b\uff0d\uff20\ufe66\u2212"])
@pytest.mark.parametrize("blank", ["", " ", "\xa0", "\t", "\r", "\u200b"])
def test_no_cell_begins_with_a_formula_even_after_blanks(
    tmp_path: Path, sign: str, blank: str
) -> None:
    text = f"{blank}{sign}1+1"
    write_gradebook(tmp_path, [Graded(text, replace(GRADE, reason=text, flags=(text,)))])
    (row,) = rows(tmp_path)
    assert [row[column][0] for column in ("submission", "reason", "flags")] == ["'"] * 3


@pytest.mark.parametrize("text", ["look;=1+1", "look; @SUM(A1)", "look;\u3000\uff1d1"])
def test_no_formula_begins_after_a_semicolon(tmp_path: Path, text: str) -> None:
    write_gradebook(tmp_path, [Graded(text, replace(GRADE, reason=text, flags=(text, "=1+1")))])
    (row,) = rows(tmp_path)
    for cell in row.values():
        assert all(piece[:1] not in ("=", "+", "-", "@") for piece in cell.split(";"))
        assert not re.search(r";\s*[=@\uff1d]", cell)


def test_a_skipped_submission_has_no_points_and_no_grade_for_other_programs(
    tmp_path: Path,
) -> None:
    vpl = {"vpl": FORMATS["vpl"]}
    write_gradebook(tmp_path, [ANA], vpl)
    assert (tmp_path / "submissions" / ANA.submission / "vpl" / "vpl.txt").exists()
    skipped = Grade(Status.SKIPPED, "the disk is full", GRADE.tests, Style(0, 10, ()), ())
    write_gradebook(tmp_path, [Graded(ANA.submission, skipped)], vpl)
    (row,) = rows(tmp_path)
    assert {row[name] for name in ("points", "tests", "extra", "style", "total")} == {""}
    assert (row["status"], row["reason"]) == ("skipped", "the disk is full")
    report = tmp_path / "submissions" / ANA.submission
    assert "no grade yet: the disk is full" in (report / "report.txt").read_text()
    assert not (report / "vpl" / "vpl.txt").exists()
