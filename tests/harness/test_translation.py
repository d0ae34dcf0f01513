"""What students read is there in each language, with the numbers of any policy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from grades import GRADE
from harness.course.feedback import in_language
from harness.course.translation import known_locales, translations
from harness.diagnosis.table import MISTAKES
from harness.execution.build import ROOT
from harness.reports import github, student
from harness.reports.audience import Audience
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.grade import Finding, Grade, Graded, Status, Style, TestResult
from harness.results.verdict import Outcome
from harness.specification.mistakes import read_mistakes
from harness.specification.phrases import mistake_under
from harness.specification.policy import Policy
from harness.specification.rules import rules_of

pytestmark = pytest.mark.parametrize("locale", [each for each in known_locales() if each != "en"])
LOCALES = ROOT / "harness" / "course" / "locale"
HARNESS = ROOT / "harness"
PAGES = HARNESS / "reports" / "html"
ENGLISH = re.compile(r"\b(the|a|of|and|at|from|call|bytes|block|expected|found|no|not|which)\b")
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


def test_what_the_drawings_of_a_page_say_is_translated(locale: str) -> None:
    gettext = translations(locale).gettext
    scripts = (path.read_text(encoding="utf-8") for path in PAGES.glob("*.js"))
    texts = [text for script in scripts for text in re.findall(r"\bsay\(\"([^\"]+)\"", script)]
    assert len(texts) > 25
    assert [text for text in texts if gettext(text) == text] == []


FAULTS = {"Refused", "BuildError", "MakeFailed", "ToolFailed", "StyleError", "NotAllJudged"}
"""What a submission is refused or not built for, and why its style is not judged."""


def faults_of(module: str) -> Iterator[str]:
    """The messages of these faults in a module, with 7 in place of what varies."""
    loaded = import_module(module)
    for node in ast.walk(ast.parse(Path(str(loaded.__file__)).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in FAULTS and node.args:
            message = node.args[0]
            parts = message.values if isinstance(message, ast.JoinedStr) else [message]
            if isinstance(parts[0], (ast.Constant, ast.FormattedValue)):
                yield "".join(said_by(part, loaded) for part in parts)


def said_by(part: ast.expr, module: ModuleType) -> str:
    """A part of a message: a text, the value of a constant, or 7."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    name = getattr(getattr(part, "value", None), "id", "")
    return str(getattr(module, name, 7)) if name.isupper() else "7"


def test_what_a_submission_fails_for_is_translated(locale: str) -> None:
    paths = [path for name in ("grading", "execution") for path in (HARNESS / name).rglob("*.py")]
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(paths)]
    faults = {fault for module in modules for fault in faults_of(module)}
    assert len(faults) > 40
    with Audience(translations=translations(locale)).listening():
        said = {fault: in_language(replace(GRADE, reason=fault)).reason for fault in faults}
    assert [fault for fault, text in said.items() if text == fault] == []


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
    place = (
        "it crashed in insert at list.c:31, called from bsearch of the C library, called from"
        " os_free at osmem.c:12"
    )
    tests = (test, replace(test, name="all", outcome=Outcome.CRASHED, reason=crashed, advice=place))
    diagnosis = Diagnosis((cause,), explained=("malloc-arrays",), unexplained=("all",), known=181)
    findings = (
        Finding("checker", "osmem.c", 3, "keeps the compiler from warnings [silencer]"),
        Finding("gcc", "list.c", 0, "does not compile: list.c:9: expected ';' [compile]"),
    )
    note = "built from c/src, which has a Makefile; old and 2 more could be meant, too"
    style = Style(0, 10, findings, "nothing was built")
    grade = Grade(Status.GRADED, "", tests, style, (), notes=(note,))
    grade = replace(grade, diagnosis=diagnosis)
    with Audience(translations=translations(locale)).listening():
        told = in_language(grade)
        report = student.render(Graded("Ana", told))
        annotations = github.render(Graded("Ana", told))
    english = student.render(Graded("Ana", grade))
    assert set(report.splitlines()) & set(english.splitlines()) <= {"Ana", ""}
    for line in map(lambda each: each.replace("expected ';'", ""), report.splitlines()):
        assert not ENGLISH.search(line), line
    assert "error file=src/list.c,line=31," in annotations
    assert "0 von 10" in report and "what it printed" in report and "64 KiB" in report
