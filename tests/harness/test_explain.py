"""The pages that explain rules, mistakes and tests, and the drawings of heaps in them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command import assert_could_not_run, checker
from harness.execution.build import ROOT
from harness.reports.explanation import write_mistake, write_rule, write_test
from harness.reports.heap_text import Block, draw_heap, draw_mapping
from harness.reports.page import Page
from harness.specification.examples import example_of, examples_of
from harness.specification.mistakes import read_mistakes
from harness.specification.passages import read_passages
from harness.specification.phrases import mistake_under
from harness.specification.policy import Policy
from harness.specification.program import ProgramPlayer
from harness.specification.steps import Statement
from harness.specification.rules import RULES
from harness.suite import Suite, load_suite

SUITES = {name: load_suite(ROOT / "tests" / f"{name}.toml") for name in ("suite", "classic")}
MISTAKES = read_mistakes(ROOT / "tests" / "mistakes.toml")
PASSAGES = read_passages((ROOT / "docs" / "specification.md").read_text(encoding="utf-8"))
HEADER = 32

SHOWN = {
    "header": "os_malloc.* = heap[+]0x48$",
    "alignment": "best fit takes the smallest free block of 16 bytes",
    "zero-size": "a request for 0 bytes returns NULL",
    "malloc-threshold": "131040 [+] 32 bytes, reaches the threshold of 131072",
    "calloc-threshold": "4064 [+] 32 bytes, reaches the threshold of 4096",
    "realloc-threshold": "its total reaches the threshold: it moves to a mapping",
    "mapping": r"munmap\(map1, 200032\)",
    "heap-list": "it counts as one with the free blocks that it touches",
    "preallocation": "the heap is empty: it first grows by 131072 bytes",
    "growth": "the last block is free: it grows by the 992 bytes it lacks",
    "best-fit": "best fit .* 200 bytes at heap[+]0x1f8",
    "lowest-of-equals": "the lowest among equals: 200 bytes at heap[+]0x20",
    "split": "the block is split: the 296 bytes left over are a free block",
    "smallest-rest": "the 32 bytes left over can't be a block: the block stays whole",
    "merge": "it counts as one with the free blocks that it touches",
    "free": "a heap block becomes free, and the break stays where it is",
    "zeroing": "os_calloc.*104 bytes at heap[+]0x20",
    "contents": "it has no room to grow in place: it moves",
    "realloc-mapping": "a mapping always moves to a new block.*munmap",
    "realloc-shrink": "it keeps its address; the block is split",
    "realloc-extend": "it is the last block of the heap: it grows by 4096 bytes",
    "realloc-neighbours": "it takes in the free memory that follows; the block is split",
    "realloc-move": "it moves; best fit .* 304 bytes at heap[+]0x20",
    "overflow": r"nmemb \* size overflows: the call returns NULL",
    "refusal": r"the system refuses sbrk\(\): the call returns NULL.*= -1",
    "errno": "the size overflows: the call returns NULL",
    "moved-break": r"none ends at the break: a new block.*sbrk\(136\) = heap[+]0x20040",
    "double-free": "freeing NULL, or a block that is free, does nothing",
    "freed-realloc": "a free block can't be resized: NULL",
    "neighbours-while-moving": "it takes in the free memory that follows; it has no room",
    "neighbours-as-one": "the block is split: the 48 bytes left over are a free block",
    "mapping-of-same-size": "a mapping always moves to a new block.*munmap",
    "shrink-rest": "the block is split: the 496 bytes left over are a free block",
}
"""What has to be found in the last call of the example of each rule: in its first line, the reasons
of the model, or its requests."""
POLICIES = {
    "usual": Policy(),
    "small": Policy(mmap_threshold=40960, prealloc_malloc=32768, calloc_threshold=8192),
    "large": Policy(mmap_threshold=262144, prealloc_malloc=262144, prealloc_calloc=8192),
    "coarse": Policy(alignment=32, smallest_rest=100, header_magic=0xFEEDFACE),
    "aligned": Policy(alignment=16),
    "first": Policy(fit="first"),
    "first, lifo": Policy(fit="first", order="lifo"),
    "next": Policy(fit="next"),
    "next, small": Policy(fit="next", mmap_threshold=40960, prealloc_malloc=32768),
    "worst": Policy(fit="worst"),
    "worst, coarse": Policy(fit="worst", alignment=32, smallest_rest=100, header_magic=7),
    "worst, lifo": Policy(fit="worst", order="lifo"),
    "lifo": Policy(order="lifo"),
    "at need": Policy(merge="need"),
    "next, at need": Policy(fit="next", merge="need"),
    "trimmed": Policy(trim=4096),
    "nothing preallocated": Policy(prealloc_malloc=0, prealloc_calloc=0),
    "preallocated by os_calloc": Policy(prealloc_malloc=0),
    "next, nothing preallocated": Policy(fit="next", prealloc_malloc=0, prealloc_calloc=0),
    "worst, at need, nothing preallocated": Policy(
        fit="worst", merge="need", prealloc_malloc=0, prealloc_calloc=0
    ),
    "preallocates what it maps": Policy(mmap_threshold=65536, prealloc_malloc=262144),
    "worst, preallocates what it maps": Policy(
        fit="worst", mmap_threshold=40960, prealloc_malloc=500_000, alignment=32
    ),
}
OTHER_FITS = {
    "alignment": "{} fit takes the .*free block .*of 16 bytes",
    "best-fit": "{} fit takes the .* block .* bytes at heap",
    "lowest-of-equals": "{} fit takes the .* 200 bytes at heap[+]0x20",
    "realloc-move": "it moves; {} fit .* 304 bytes at heap[+]0x20",
}
"""What is shown under another fit than the best."""
AT_NEED = {
    "heap-list": "all that touch are merged; .* 240 bytes at heap[+]0x20",
    "merge": "all that touch are merged; .* 376 bytes at heap[+]0x20",
}
"""What is shown where free blocks merge at need."""
NOT_PREALLOCATED = {
    "alignment": r"a new block.*sbrk\(48\)",
    "preallocation": r"none ends at the break: a new block.*sbrk\(1032\) = heap[+]0x0",
}
"""What is shown where nothing is preallocated."""
UNCHANGED = {"zero-size", "overflow", "refusal", "errno", "double-free", "freed-realloc"}
"""The rules whose last call has to leave all memory as it was."""


def test_each_rule_has_a_passage_of_the_specification_and_an_example() -> None:
    assert set(PASSAGES) == set(examples_of(Policy())) == set(SHOWN) == set(RULES)
    assert all(passage.text for passages in PASSAGES.values() for passage in passages)


def test_no_two_things_to_explain_have_the_same_name() -> None:
    tests = {test.name for test in SUITES["suite"].tests}
    names = [*RULES, *(mistake.name for mistake in MISTAKES), *tests]
    assert len(names) == len(set(names))


def what_is_shown(rule: str, policy: Policy) -> str:
    """Return what has to be found in the last call of an example, as a pattern."""
    own: dict[str, str] = {} if policy.fit == "best" else OTHER_FITS
    if policy.merge == "need":
        own = own | AT_NEED
    if not policy.prealloc_malloc:
        own = own | NOT_PREALLOCATED
    if policy.prealloc_calloc and rule == "preallocation":
        own = {}
    if policy.order == "lifo":
        own = own | {"lowest-of-equals": "freed last.* 200 bytes at heap[+]0x130"}
    return own.get(rule, SHOWN[rule]).format(policy.fit)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))
@pytest.mark.parametrize("rule", RULES)
def test_the_last_call_of_an_example_shows_its_rule(rule: str, policy: Policy) -> None:
    player = ProgramPlayer(example_of(rule, policy), policy)
    states = [player.model.state()]
    last: Statement | None = None
    for last in player.play():
        states.append(player.model.state())
    assert last is not None and last.step is not None
    call = last.step.call
    head, *requests = call.lines()
    shown = (head, last.step.why, " ".join((head, last.step.why, *requests)))
    expected = what_is_shown(rule, policy)
    if policy != Policy(fit=policy.fit):
        expected = re.sub(r"[0-9][0-9a-fx]*", r"\\w+", expected)
    assert any(re.search(expected, text) for text in shown), shown
    assert (states[-1] == states[-2]) == (rule in UNCHANGED)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))
def test_the_block_that_an_example_takes_is_another_under_another_choice(policy: Policy) -> None:
    def taken(rule: str, **choice: str) -> object:
        *_, last = ProgramPlayer(example_of(rule, policy), replace(policy, **choice)).play()
        assert last.step is not None
        return last.step.call.result

    for fit in {"best", "first", "worst"} - {policy.fit}:
        assert taken("best-fit") != taken("best-fit", fit=fit)
    if policy.fit != "next":
        order = {"address": "lifo", "lifo": "address"}[policy.order]
        assert taken("lowest-of-equals") != taken("lowest-of-equals", order=order)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=list(POLICIES))
@pytest.mark.parametrize("rule", RULES)
def test_the_page_of_a_rule_shows_what_the_model_does(rule: str, policy: Policy) -> None:
    page = Page()
    write_rule(page, rule, PASSAGES[rule], [], [], policy)
    player = ProgramPlayer(example_of(rule, policy), policy)
    *_, last = player.play()
    assert last.step is not None
    assert f"  Why: {last.step.why}." in page.lines
    after = page.lines[page.lines.index(f"After {last.text}") :]
    drawn = " ".join(after[: after.index(f"  Why: {last.step.why}.")])
    for block in player.model.state().blocks:
        if block.free:
            assert f"free {block.size} " in drawn
        assert str(block.pointer) in drawn


def test_mistakes_are_told_with_the_numbers_of_the_policy() -> None:
    own = replace(POLICIES["small"], alignment=16, smallest_rest=32, header_magic=7, fit="first")
    planted = {mistake.name: mistake for mistake in MISTAKES}
    told = {mistake.name: mistake_under(own, mistake).what for mistake in MISTAKES}
    assert (
        told["threshold-one-step-early"] == "os_malloc maps a total that is 16 bytes below 40 KiB."
    )
    assert "from 40 KiB on, as os_malloc does: its threshold is 8192" in " ".join(told.values())
    assert told["header-24-bytes"].endswith("a header takes 40 bytes, not 48.")
    assert "only if the rest is 80 bytes or more: a header and 32 bytes, 80, are enough" in (
        told["split-from-two-steps"]
    )
    assert told["fit-worst"].endswith("not the first that is large enough.")
    lifo = mistake_under(Policy(fit="first", order="lifo"), planted["fit-first"])
    assert lifo.what.endswith(
        "takes the lowest free block that is large enough, not the one freed last."
    )
    assert "smaller" in planted["fit-first"].look and not lifo.look
    assert [mistake_under(Policy(), mistake) for mistake in MISTAKES] == MISTAKES


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_each_mistake_has_a_page_with_the_place_to_look_at(suite: Suite) -> None:
    for mistake in MISTAKES:
        page = Page()
        write_mistake(page, mistake, None, suite.policy)
        assert page.lines[0] == f"{mistake.name}: {mistake.what}"
        assert f"  {mistake.look or RULES[mistake.rule].look}" in page.lines
        assert [line for line in page.lines if line.startswith("After ")], mistake.name


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_each_test_has_a_page_with_its_rules_and_calls(suite: Suite) -> None:
    for test in suite.tests:
        page = Page()
        write_test(page, test, suite.policy)
        assert f"  {test.snippet}" in page.lines
        assert len(page.lines[1]) > 20, "the first comment of the program"
        begin = page.lines.index("The heap when the judged part begins")
        end = page.lines.index("The heap when it ends")
        assert any(line.startswith("  os_") for line in page.lines[begin:end]), test.name


def test_a_page_says_so_if_nothing_is_known() -> None:
    ended = checker("explain", "shrink-rest")
    assert "Mistakes that break it\n  None.\n" in ended.stdout
    assert "extra-shrink-rest  an extra test, without points" in ended.stdout


@pytest.mark.parametrize("width", [40, 80, 132])
def test_prose_is_wrapped_on_a_terminal(width: int) -> None:
    page = Page(width)
    suite = SUITES["suite"]
    write_rule(page, "merge", PASSAGES["merge"], MISTAKES[:0], suite.tests[:0], suite.policy)
    prose = [line for line in page.lines if "│" not in line and "heap+" not in line]
    assert max(map(len, prose)) <= width
    assert "merge: Free blocks that touch count as one." in " ".join(page.lines)


# ---- The command ---------------------------------------------------------------------------------


def test_the_page_of_a_rule_quotes_the_specification_and_draws_the_heap() -> None:
    ended = checker("explain", "best-fit")
    assert ended.returncode == 0
    assert "Of the free blocks that are large enough, the smallest is taken" in ended.stdout
    before, after = re.findall(r"^  │.*$", ended.stdout, re.MULTILINE)
    assert before.count("│▒ free 200 │") == 1 and "▒ e 200" not in before
    assert after.count("│▒ e 200 ") == 1 and "free 200" not in after
    assert "fit-first " in ended.stdout
    assert re.search(r"^  malloc-split-last +2 points$", ended.stdout, re.MULTILINE)


def test_the_page_of_a_mistake_names_its_tests_and_their_points() -> None:
    ended = checker("explain", "coalesce-never")
    assert ended.returncode == 0
    assert "The rule that it breaks: merge" in ended.stdout
    assert re.search(r"^  malloc-coalesce +3 points$", ended.stdout, re.MULTILINE)
    assert "They have 15 points in all." in ended.stdout


def test_the_page_of_a_test_has_the_addresses_of_a_report() -> None:
    ended = checker("explain", "malloc-split-last", "--suite", "tests/classic.toml")
    assert ended.returncode == 0
    assert "tests/snippets/test-malloc-split-last.c" in ended.stdout
    assert "  os_malloc(504) = block7\n" in ended.stdout
    assert re.search(r"^  │.*free 504.*│", ended.stdout, re.MULTILINE)


def test_a_stream_that_is_not_utf_8_gets_ascii() -> None:
    ended = checker("explain", "merge", env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert ended.returncode == 0
    assert ended.stdout.isascii() and "|# free 376 |" in ended.stdout
    assert "\\" not in ended.stdout


def test_a_suite_of_another_policy_is_explained_by_its_own(tmp_path: Path) -> None:
    suite = tmp_path / "suite.toml"
    suite.write_text(f'extends = "{ROOT}/tests/suite.toml"\n[policy]\nfit = "first"\n')
    ended = checker("explain", "best-fit", "--suite", suite)
    assert ended.returncode == 0
    assert "2. First fit. Of the free blocks that are large enough, the one at the" in ended.stdout
    assert not re.search("best fit|smallest", ended.stdout, re.IGNORECASE)
    assert "fit-worst " in ended.stdout and "fit-first " not in ended.stdout
    assert_could_not_run(checker("explain", "fit-first", "--suite", suite), "no mistake in")
    (tmp_path / "specification.md").write_text("# Ours\n\n## Heap\n\nFirst fit.\n")
    ended = checker("explain", "best-fit", "--suite", suite)
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert "No passage of its text is marked with this rule." in ended.stdout


def test_an_unknown_name_is_answered_with_near_ones() -> None:
    ended = checker("explain", "coalesce-nevr")
    assert_could_not_run(ended, "'coalesce-nevr'; did you mean 'coalesce-never'")
    assert ended.stdout == "" and ended.stderr.count("\n") == 1
    assert_could_not_run(checker("explain", "qqqq"), "'qqqq'; see ./checker.py list")


# ---- Drawings ------------------------------------------------------------------------------------


def heap(*sizes: int) -> list[Block]:
    """Blocks side by side, every other one free."""
    blocks, address = [], HEADER
    for number, size in enumerate(sizes):
        blocks.append(Block(address, size, number % 2 == 1, f"n{number}"))
        address += size + HEADER
    return blocks


@given(st.lists(st.integers(8, 200_000), min_size=1, max_size=30), st.integers(40, 200))
def test_every_block_is_drawn_with_its_size_and_address(sizes: list[int], width: int) -> None:
    blocks = heap(*sizes)
    end = blocks[-1].address + blocks[-1].size
    lines = draw_heap(blocks, end, HEADER, width)
    assert max(map(len, lines)) <= width
    strips, places = " ".join(lines[::2]), " ".join(lines[1::2]).split()
    drawn = [text.strip(" █·") for text in strips.split("▒")[1:]]
    labels = [f"{'free' if b.free else b.name} {b.size}" for b in blocks]
    assert [text.split(" █")[0].split(" ·")[0].split(" │")[0] for text in drawn] == labels
    assert places == [f"heap{b.address:+#x}" for b in blocks] + [f"heap{end:+#x}"]


def test_widths_go_with_sizes_where_there_is_room() -> None:
    strip, places = draw_heap(heap(2016, 1008 - HEADER // 2, 1008), 4128, HEADER, 115)
    first, second, third = (len(cell) for cell in strip.split("│")[1:4])
    assert 1.9 < first / second < 2.1 and abs(second - third) <= 2
    assert places.index("heap+0x820") == strip.index("▒ free")


def test_memory_of_others_is_drawn_between_blocks_and_at_the_end() -> None:
    blocks = [Block(32, 64, False, "a"), Block(192, 64, True)]
    strip, places = draw_heap(blocks, 300, HEADER, 100)
    assert [cell.strip("╱ ") for cell in strip.split("│")[2:5:2]] == ["other 64", "other 44"]
    assert places.split() == ["heap+0x20", "heap+0x60", "heap+0xc0", "heap+0x100", "heap+0x12c"]


def test_an_empty_heap_and_a_mapping_have_drawings_too() -> None:
    assert draw_heap([], 0, HEADER, 80) == ["(the heap is empty)"]
    mapping = draw_mapping("map1", Block(HEADER, 200_000, False, "a"), HEADER, ascii_only=True)
    assert mapping == "map1 |# a 200000 | 200032 bytes"


def test_a_row_of_blocks_left_out_has_no_sizes_to_draw_by() -> None:
    left_out = Block(HEADER, 968, False, place="heap+0x20", several=3)
    strip, places = draw_heap([left_out], HEADER + 968, HEADER, 60)
    assert "3 blocks" in strip and places.split() == ["heap+0x20", f"heap+{HEADER + 968:#x}"]
