"""Pages in a browser: they are drawn, follow their controls, and suit everybody."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from browsers import Page, browser
from command import checker
from grades import ANA, GRADE, HOSTILE
from harness.course.feedback import in_language
from harness.course.translation import known_locales, translations
from harness.heap.exact import exact
from harness.heap.observed import observed
from harness.reports.audience import Audience
from harness.reports.diagnosis import Told
from harness.reports.html_grades import GradePages
from harness.reports.html_page import Shown, render_check, render_pairs, render_traces
from harness.results.diagnosis import Diagnosis
from harness.results.grade import Finding, Graded, Status, Style, TestResult, grade_from_json
from harness.results.verdict import Outcome
from harness.specification.model import Model
from harness.specification.policy import Policy
from harness.specification.rules import judged_rules
from harness.trace.file import read_trace_file
from harness.trace.judged import View
from harness.trace.trace import NULL, Address, Call, End, How, Request, Trace, Value
from submissions import mistaken
from two_tests import FAILED, PASSED, SUITE, failed, page

pytestmark = pytest.mark.xdist_group("html")


@pytest.fixture(scope="module")
def opened() -> Iterator[Page]:
    with browser() as it:
        yield it


def show(opened: Page, folder: Path, text: str) -> None:
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    opened.open(path)


def test_a_page_opens_at_the_first_difference(opened: Page, tmp_path: Path) -> None:
    show(opened, tmp_path, page())
    assert "call 1 of the judged part" in opened.text("where") and "differs" in opened.text("where")
    assert "expected" in opened.text("calls") and "observed" in opened.text("calls")
    for drawing in (
        '[data-part="strips"] canvas',
        '[data-part="maps"] canvas',
        '[data-part="sizes"]',
        '[data-part="fragmentation"]',
    ):
        assert opened.is_drawn(drawing)
    assert opened.complaints() == []


def test_a_page_of_a_grade_knows_the_lines_of_the_calls(opened: Page, tmp_path: Path) -> None:
    found = failed(read_trace_file(FAILED.reference), 0)
    lines = tuple(range(101, 101 + len(found.calls)))
    test = TestResult(FAILED.name, Outcome.INVALID, 0, 2, "", "", found.text(), 0, lines)
    grade = grade_from_json(replace(ANA.grade, tests=(test,)).to_json())
    show(opened, tmp_path, GradePages(SUITE, "").render(Graded("Ana", grade)))
    opened.press("Home")
    opened.press("ArrowRight")
    assert "line 101" in opened.text("where")


def test_a_difference_before_the_judged_part_is_passed_over(opened: Page, tmp_path: Path) -> None:
    expected = read_trace_file(FAILED.reference)
    found = failed(failed(expected, 0), View(expected).start)
    result = TestResult(FAILED.name, Outcome.DIFFERS, 0, 2, "a reason", "", "")
    heap = exact(expected.calls, Policy())
    told = Told(Diagnosis(), [result])
    tests = [Shown(result, judged_rules(FAILED.rules, Policy()), expected, heap, found)]
    show(opened, tmp_path, render_check("a title", [], told, tests))
    assert "call 1 of the judged part" in opened.text("where")
    opened.press("Home")
    opened.press("ArrowRight")
    assert "Call 1 of" in opened.text("where") and "not judged" in opened.text("where")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_legible_in_both_schemes(opened: Page, tmp_path: Path, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    opened.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    show(opened, tmp_path, page())
    assert opened.complaints() == []


@pytest.fixture
def phone(opened: Page) -> Iterator[Page]:
    size = {"width": 360, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    opened.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield opened
    opened.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def index_page() -> str:
    """The page of a class, with long names and reasons."""
    pages = GradePages(SUITE, "")
    for graded in (ANA, replace(ANA, submission="Ada_Lovelace_4711_assignsubmission_file_x.zip")):
        pages.enter(replace(graded, twins=("another submission",)), "submissions/a")
    return pages.index()


def similar_page() -> str:
    """The page of a pair with long names."""
    who = [f"{name} {name}_501_assignsubmission_file_malloc.zip" for name in ("Ada", "Łukasz")]
    pair = {
        **{"percent": 100, "rank": 100, "flagged": True, "mistakes": {"free-merged-twice": 2}},
        "submissions": [{"name": name, "students": [name]} for name in who],
        "rows": [{"places": who, "lines": [("struct block_meta *block = NULL;" * 3, "x")]}],
    }
    return render_pairs("a title", ["30 submissions"], [pair])


@pytest.mark.parametrize(
    "text", [page(), index_page(), similar_page()], ids=["check", "index", "similar"]
)
def test_a_page_fits_a_phone(phone: Page, tmp_path: Path, text: str) -> None:
    show(phone, tmp_path, text)
    assert phone.run("return document.documentElement.scrollWidth") <= 360
    scrolls = "(each) => each.scrollWidth > each.clientWidth"
    assert phone.run(f"return [...document.querySelectorAll('.scroll')].filter({scrolls})") == []
    assert phone.run("return document.querySelector('tbody td').offsetWidth") > 0
    assert phone.complaints() == []


def test_all_drawings_are_there_for_print(opened: Page, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(tests=12), encoding="utf-8")
    opened.driver.get(path.as_uri())
    opened.wait_until("document.querySelectorAll('[data-part=\"most\"]:not(:empty)').length === 12")
    assert opened.is_drawn("section:last-of-type [data-part='strips'] canvas")
    assert opened.run("return scrollY") == 0


def test_keys_and_buttons_step_through_the_calls(opened: Page, tmp_path: Path) -> None:
    show(opened, tmp_path, page())
    for press, where in (
        ("Home", "Call 0 of"),
        ("ArrowRight", "Call 1 of"),
        ("ArrowRight", "Call 2 of"),
        ("ArrowLeft", "Call 1 of"),
    ):
        opened.press(press)
        assert opened.text("where").startswith(where)
    opened.click("forward")
    assert opened.text("where").startswith("Call 2 of")
    opened.click("difference")
    assert "call 1 of the judged part" in opened.text("where")
    opened.press("End")
    calls = len(read_trace_file(FAILED.reference).calls)
    assert opened.text("where").startswith(f"Call {calls} of {calls}")


def test_heaps_are_drawn_from_their_first_blocks_on(opened: Page, tmp_path: Path) -> None:
    call, end = Call("os_malloc", (100,), Address(32)), End(How.EXIT, 0)
    before = Trace((replace(call, requests=(grown(0, 132),)),), end)
    after = Trace((replace(call, result=Address(5032), requests=(grown(0, 5132),)),), end)
    show(opened, tmp_path, render_traces("two", [], {"before": before, "after": after}))
    above, below = opened.text("range").split(" above, ")
    assert int(below.split()[0].removeprefix("heap+"), 16) > 4096 > int(above.split("+")[2], 16)


def grown(offset: int, size: int) -> Request:
    return Request("sbrk", (size,), Address(offset))


def test_a_page_knows_the_same_heaps_as_the_checker(opened: Page, tmp_path: Path) -> None:
    choice, model = random.Random(1), Model()
    calls: list[Call] = []
    live: list[Value] = []
    while len(calls) < 2500:
        if live and choice.random() < 0.45:
            step = model.os_free(live.pop(choice.randrange(len(live))))
        elif live and choice.random() < 0.2:
            at, size = choice.randrange(len(live)), choice.randrange(1, 200_000)
            step = model.os_realloc(live[at], size)
            live[at] = step.call.result or NULL
        else:
            step = model.os_calloc(1, choice.randrange(1, 6000))
            live.append(step.call.result or NULL)
        calls.append(step.call)
    heap = observed(calls)
    show(opened, tmp_path, render_traces("one", [], {"one": Trace(tuple(calls), End(How.EXIT, 0))}))
    for number in (0, 1, 999, 1000, 1001, 1700, 2000, 2500):
        state = heap.at(number)
        known = [[b.mapping, b.offset, b.size, b.call] for b in state.blocks]
        assert opened.run_async(STATE, number) == [state.end, known]


STATE = """
const [number, done] = arguments;
unpack(document.querySelector("[data-heap] script").textContent).then((data) => {
  const { end, blocks } = new Heap(data.sides[0]).stateAfter(number);
  const known = blocks.map(({ mapping, offset, size, call }) => [mapping, offset, size, call]);
  done([end, known.sort((one, other) => one[0] - other[0] || one[1] - other[1])]);
});
"""


def test_playing_goes_on_by_itself(opened: Page, tmp_path: Path) -> None:
    show(opened, tmp_path, page())
    opened.press("Home")
    opened.click("play")
    opened.run_async(
        """
        const done = arguments[0];
        const where = document.querySelector('[data-part="where"]');
        const wait = () => where.textContent.startsWith("Call 2 ") ? done() : setTimeout(wait, 20);
        wait();
        """
    )
    opened.click("play")
    assert opened.text("play") == "Play"


def test_a_block_is_named_by_the_keyboard_and_in_a_list(opened: Page, tmp_path: Path) -> None:
    calls = (
        Call("os_malloc", (100,), Address(32), line=7),
        Call("os_malloc", (50,), Address(200), line=8),
        Call("os_free", (Address(32),), line=9),
    )
    traces = {"before": Trace(calls, End(How.EXIT, 0)), "after": Trace(calls, End(How.EXIT, 0))}
    show(opened, tmp_path, render_traces("two", [], traces))
    strip = '[data-part="strips"] canvas'
    opened.press("ArrowDown", strip)
    assert (
        "heap+0x20: 100 bytes, free (inferred), left by call 3 of the program, line 9"
        in opened.text("block")
    )
    opened.press("ArrowDown", strip)
    assert "heap+0xc8: 50 bytes, in use, allocated by call 2 of the program, line 8" in opened.text(
        "block"
    )
    opened.run("document.querySelector('[data-part=\"list\"]').open = true")
    opened.click("back")
    assert (
        "heap+0x20: 100 bytes, in use, allocated by call 1 of the program, line 7"
        in opened.text("blocks")
    )


@pytest.mark.parametrize("text", HOSTILE[:4])
def test_a_hostile_text_does_nothing(opened: Page, tmp_path: Path, text: str) -> None:
    hostile = f'{text}"><img src=x onerror="window.owned=1"><script>window.owned=1</script>'
    show(opened, tmp_path, page(hostile, hostile))
    assert opened.run("return window.owned === undefined")
    assert opened.complaints() == []


def test_the_page_of_a_check_shows_the_heap(opened: Page, tmp_path: Path) -> None:
    source = mistaken(tmp_path / "src", "fit-worst")
    path = tmp_path / "page.html"
    ended = checker("check", "--src", source, "--html", path, "malloc-split-last")
    assert ended.returncode == 1, ended.stderr
    opened.open(path)
    assert "line" in opened.text("where")
    assert opened.complaints() == []


def test_two_recorded_traces_share_a_page(opened: Page, tmp_path: Path) -> None:
    reference = tmp_path / "one.trace"
    reference.write_text(read_trace_file(PASSED.reference).text())
    other = tmp_path / "other.trace"
    calls = (Call("os_malloc", (0,), NULL), *read_trace_file(PASSED.reference).calls)
    other.write_text(Trace(calls, End(How.EXIT, 0)).text())
    assert checker("diff", reference, other, "--html", tmp_path / "diff.html").returncode == 1
    opened.open(tmp_path / "diff.html")
    assert "Call 1 of" in opened.text("where") and "differs" in opened.text("where")
    assert checker("show", reference, "--html", tmp_path / "show.html").returncode == 0
    opened.open(tmp_path / "show.html")
    assert opened.complaints() == []


# ---- Another language ----------------------------------------------------------------------------

ENGLISH = re.compile(
    r"\b(the|a|of|and|at|by|from|call|calls|bytes|blocks?|free|line|expected|observed|found|no|not"
    r"|heap has|up to|passed|failed|crashed|skipped|style|points)\b"
)
SAID = """
const labels = ["aria-label", "aria-valuetext"].flatMap((name) =>
  [...document.querySelectorAll(`[${name}]`)].map((each) => each.getAttribute(name)));
document.querySelectorAll("details").forEach((each) => { each.open = true; });
document.querySelectorAll(".trace, pre").forEach((each) => { each.textContent = ""; });
return [...labels, ...document.body.innerText.split("\\n")];
"""
"""Whatever a page says, but for its traces."""


def english_on(opened: Page) -> list[str]:
    return [line for line in opened.run(SAID) if ENGLISH.search(line)]


@pytest.mark.parametrize("locale", [each for each in known_locales() if each != "en"])
def test_a_page_is_in_the_language_of_its_reader(opened: Page, tmp_path: Path, locale: str) -> None:
    expected = read_trace_file(FAILED.reference)
    found = failed(expected, View(expected).start)
    reason = "killed by SIGSEGV inside os_free, call 12 of the program"
    place = "it crashed in insert at list.c:31, called from os_free at osmem.c:12"
    crashed = TestResult(FAILED.name, Outcome.CRASHED, 0, 2, reason, place, found.text())
    silencer = Finding("checker", "osmem.c", 3, "keeps the compiler from warnings [silencer]")
    grade = replace(GRADE, reason="", tests=(crashed,), style=Style(8, 10, (silencer,)))
    refused = replace(
        GRADE,
        status=Status.REFUSED,
        reason="../osmem.c: a name that leads out of the submission",
        tests=(replace(crashed, outcome=Outcome.NOT_BUILT, reason="", advice="", trace=""),),
        style=Style(0, 10, (), "nothing was built"),
    )
    with Audience(translations=translations(locale)).listening():
        pages = GradePages(SUITE, "")
        show(opened, tmp_path, pages.render(Graded("Ana", in_language(grade))))
        assert opened.complaints() == []
        assert not ENGLISH.search(opened.text("where"))
        opened.press("ArrowDown", '[data-part="strips"] canvas')
        opened.run("document.querySelector('[data-part=\"list\"]').open = true")
        opened.click("play")
        assert english_on(opened) == []
        assert opened.text("blocks") and opened.text("block") and opened.text("worst")
        show(opened, tmp_path, pages.render(Graded("Ben", in_language(refused))))
        assert english_on(opened) == []
