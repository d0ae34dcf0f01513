"""What students read is there in each language, with the numbers of any policy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.course.feedback import in_language
from harness.course.translation import known_locales, translations
from harness.diagnosis.table import MISTAKES
from harness.execution.build import ROOT
from harness.reports import student
from harness.reports.audience import Audience
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.grade import Grade, Graded, Status, Style, TestResult
from harness.results.verdict import Outcome
from harness.specification.mistakes import read_mistakes
from harness.specification.phrases import mistake_under
from harness.specification.policy import Policy
from harness.specification.rules import rules_of

pytestmark = pytest.mark.parametrize("locale", [each for each in known_locales() if each != "en"])
LOCALES = ROOT / "harness" / "course" / "locale"
PAGES = ROOT / "harness" / "reports" / "html"
POLICIES = {
    "usual": Policy(),
    "numbers": Policy(
        alignment=16,
        mmap_threshold=65536,
        calloc_threshold=20480,
        prealloc_malloc=49152,
        smallest_rest=32,
        header_magic=0xFEEDFACE,
    ),
    "first": Policy(fit="first"),
    "next": Policy(fit="next", prealloc_malloc=0, prealloc_calloc=0),
    "worst": Policy(fit="worst", order="lifo", merge="need", trim=5000),
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))
def test_all_rules_and_mistakes_are_translated(locale: str, policy: Policy) -> None:
    gettext = translations(locale).gettext
    rules = [text for rule in rules_of(policy).values() for text in (rule.sentence, rule.look)]
    mistakes = [mistake_under(policy, mistake) for mistake in read_mistakes(MISTAKES)]
    texts = [*rules, *(text for each in mistakes for text in (each.what, each.look) if text)]
    assert [text for text in texts if gettext(text) == text] == []


def test_what_a_page_says_by_itself_is_translated(locale: str) -> None:
    gettext = translations(locale).gettext
    pages = (path.read_text(encoding="utf-8") for path in PAGES.glob("*.html"))
    texts = [text for page in pages for text in re.findall(r"_\(\"([^\"]+)\"\)", page)]
    assert len(texts) > 30
    assert {text for text in texts if gettext(text) == text} <= {"Test", "Tests"}


def test_a_translation_has_the_names_and_the_numbers_of_its_text(locale: str) -> None:
    for path in (LOCALES / locale).glob("*.po"):
        entries = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', path.read_text(), re.MULTILINE)
        assert entries
        for text, translated in entries:
            for part in (r"{\w+}", r"\b\d+\b"):
                assert set(re.findall(part, text)) >= set(re.findall(part, translated)), text


def test_a_report_is_in_the_language_of_its_reader(locale: str, tmp_path: Path) -> None:
    sentence = "os_malloc maps a total that is 16 bytes below 64 KiB."
    cause = Cause(("threshold",), (sentence,), ("malloc-threshold",), ("malloc-arrays",))
    reason = "call 3, os_malloc(100): expected sbrk(136) and 2 more, found no request"
    advice = (
        "best fit takes the smallest free block of 104 bytes or more, the lowest among equals: 400"
        " bytes at block1+0x0; the block is split: the 264 bytes left over are a free block"
    )
    test = TestResult("malloc-arrays", Outcome.DIFFERS, 0, 5, reason, advice, "")
    crashed = "killed by SIGSEGV inside os_free, call 12 of the program: what it printed"
    tests = (test, replace(test, name="all", outcome=Outcome.CRASHED, reason=crashed, advice=""))
    diagnosis = Diagnosis((cause,), explained=("malloc-arrays",), unexplained=("all",), known=181)
    grade = Grade(Status.GRADED, "", tests, Style(0, 10, (), "nothing was built"), ())
    grade = replace(grade, diagnosis=diagnosis)
    with Audience(translations=translations(locale)).listening():
        report = student.render(Graded("Ana", in_language(grade)))
    english = student.render(Graded("Ana", grade))
    assert set(report.splitlines()) & set(english.splitlines()) <= {"Ana", ""}
    assert not re.search(r"\b(the|a|of|and|call|bytes|block|expected|found|no)\b", report)
    assert "0 von 10" in report and "what it printed" in report and "64 KiB" in report
