"""Pages for a browser: what they hold, and that no submission gets into them."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from grades import ANA, HOSTILE, hostile
from harness.reports.gradebook import write_gradebook
from harness.reports.html_grades import GradePages
from harness.reports.html_rows import runs
from harness.results.grade import Graded
from harness.trace.pairs import pairs
from harness.trace.trace import NULL, Call, End, How, Request, Trace
from two_tests import FAILED, PASSED, SUITE, page


class Parsed(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


ORDINARY = Parsed(page())


def test_the_text_is_there_without_any_script() -> None:
    for words in ("a title", "2 of 4 points", PASSED.name, FAILED.name, "differs", "a reason"):
        assert words in ORDINARY.text
    assert "judged part" in ORDINARY.text
    assert ("class", "differs") in ORDINARY.attributes


def test_nothing_is_loaded() -> None:
    assert not {"link", "img", "iframe", "object", "form"} & set(ORDINARY.tags)
    assert not {"src", "style"} & {name for name, _ in ORDINARY.attributes}
    assert all(value.startswith("#") for name, value in ORDINARY.attributes if name == "href")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_submission_says_is_text(text: str) -> None:
    shown = Parsed(page(text, text))
    assert shown.tags.count("script") == ORDINARY.tags.count("script")
    assert set(shown.tags) <= set(ORDINARY.tags) | {"p"}
    assert {name for name, _ in shown.attributes} <= {name for name, _ in ORDINARY.attributes}
    assert "\x1b" not in shown.text and "\u202e" not in shown.text


def test_endless_requests_of_a_call_are_cut() -> None:
    endless = Call("os_free", (NULL,), None, (Request("sbrk", (16,), -1),) * 100_000)
    trace = Trace((endless,), End(How.EXIT, 0))
    (run,) = runs(pairs(trace, trace))
    assert len(run.rows) < 100
    assert run.rows[-1].found.split() == [str(100_001 - len(run.rows) + 1), "more"]


# ---- Grades --------------------------------------------------------------------------------------


def test_a_class_has_an_index_with_a_link_to_each_page(tmp_path: Path) -> None:
    named = [replace(ANA, submission=name) for name in ("Ana & Co.zip", "Zoë #1?.zip")]
    write_gradebook(tmp_path, named, pages=GradePages(SUITE, "rules"))
    index = Parsed((tmp_path / "index.html").read_text())
    links = [value for name, value in index.attributes if name == "href"]
    assert len(links) == 2 and "Ana & Co.zip" in index.text and ANA.flags[0] in index.text
    for link in links:
        shown = Parsed((tmp_path / unquote(link)).read_text())
        assert f"{ANA.grade.points} of" in shown.text
        assert "unused variable" in shown.text
        assert ANA.flags[0] not in shown.text, "flags are for the teacher alone"


def test_a_page_is_written_again_only_if_it_shows_something_else(tmp_path: Path) -> None:
    def write(points: int, rules: str) -> list[int]:
        tests = (replace(ANA.grade.tests[0], points=points), *ANA.grade.tests[1:])
        others = [Graded("Ana", replace(ANA.grade, tests=tests)), Graded("Zoë", ANA.grade)]
        write_gradebook(tmp_path, others, pages=GradePages(SUITE, rules))
        paths = sorted(tmp_path.glob("submissions/*/report.html"))
        return [path.stat().st_ino for path in paths]

    ana, zoe = write(1, "rules")
    assert write(1, "rules") == [ana, zoe]
    changed, same = write(2, "rules")
    assert changed != ana and same == zoe
    other_ana, other_zoe = write(2, "other rules")
    assert other_ana != changed and other_zoe != same


@pytest.mark.parametrize("text", HOSTILE)
def test_no_grade_gets_into_a_page(tmp_path: Path, text: str) -> None:
    write_gradebook(tmp_path, [hostile(text)], pages=GradePages(SUITE, "rules"))
    (path,) = tmp_path.glob("submissions/*/report.html")
    for shown in (Parsed(path.read_text()), Parsed((tmp_path / "index.html").read_text())):
        assert shown.tags.count("script") in (0, ORDINARY.tags.count("script") - 1)
        assert "img" not in shown.tags and "\x1b" not in shown.text
