"""`show` draws the heap of a test, as expected and as found, call by call."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command import assert_could_not_run, checker
from harness.execution.build import ROOT
from submissions import mistaken
from terminals import Terminal

TEST = "malloc-split-last"
PROMPT = "q: end"
LEFT, RIGHT, HOME, END = "\x1b[D", "\x1b[C", "\x1b[H", "\x1b[F"


@pytest.fixture(name="worst", scope="module")
def fixture_worst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An allocator that takes the largest free block."""
    return mistaken(tmp_path_factory.mktemp("worst") / "src", "fit-worst")


def sides(shown: str) -> tuple[str, str]:
    """The drawings of the expected and of the found heap."""
    expected, found = shown.split("found:\n")
    return expected.split("expected:\n")[1], found


def test_the_heap_is_drawn_as_expected_and_as_found(worst: Path) -> None:
    shown = checker("show", TEST, "--src", worst, env={"PYTHONUTF8": "1"}).stdout
    expected, found = sides(shown)
    assert (
        "The heap after call 1, os_malloc(504), tests/snippets/test-malloc-split-last.c:23" in shown
    )
    assert "> os_malloc(504) = block7\n" in expected
    assert "│▒ used 504" in expected and "│▒ free 100000" in expected
    assert "> os_malloc(504) = block11\n" in found
    assert "│▒ free? 504" in found and "│▒ free? 99496" in found


def test_sizes_are_rounded_to_the_alignment_of_the_suite(tmp_path: Path) -> None:
    suite = tmp_path / "suite.toml"
    suite.write_text(f'extends = "{ROOT}/tests/suite.toml"\n[policy]\nalignment = 32\n')
    found = checker("show", TEST, "--suite", suite, env={"PYTHONUTF8": "1"}).stdout
    assert "│▒ used 512 " in found and "│▒ used 504 " not in found


def test_any_call_can_be_shown(worst: Path) -> None:
    shown = checker("show", TEST, "--src", worst, "--at", "2").stdout
    assert "The heap after call 2, os_malloc(2000)" in shown
    shown = checker("show", TEST, "--src", worst, "--at", "0").stdout
    assert "The heap after call 0, os_free(" in shown and ", before the judged part" in shown
    expected, found = sides(shown)
    assert ">" not in expected and ">" not in found


def test_what_a_mapping_holds_is_shown() -> None:
    shown = checker("show", "realloc-preallocate", env={"PYTHONUTF8": "1"}).stdout
    for side in sides(shown):
        assert "    map1 │▒ used 131072 │ 131104 bytes\n" in side


def test_without_unicode_the_drawing_is_plain(worst: Path) -> None:
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    shown = checker("show", TEST, "--src", worst, env=plain).stdout
    assert shown.isascii()
    assert "|# used 504" in shown and "|~ 7 blocks" in shown


def test_keys_step_through_the_calls(worst: Path) -> None:
    with Terminal("show", TEST, "--src", worst) as show:
        assert f"{TEST}: call 1 of 24" in show.read_to(PROMPT)
        show.write(RIGHT)
        assert f"{TEST}: call 2 of 24" in show.read_to(PROMPT)
        show.write(LEFT + LEFT)
        assert f"{TEST}: call 1 of 24" in show.read_to(PROMPT)
        assert f"{TEST}: call 0 of 24" in show.read_to(PROMPT)
        show.write("n")
        assert f"{TEST}: call 1 of 24" in show.read_to(PROMPT)
        show.write(END)
        assert f"{TEST}: call 24 of 24" in show.read_to(PROMPT)
        show.write("p")
        assert f"{TEST}: call 7 of 24" in show.read_to(PROMPT)
        show.write(HOME + "q")
        assert f"{TEST}: call -23 of 24" in show.read_to(PROMPT)
        assert show.ends() == os.EX_OK


def test_ctrl_c_leaves_the_steps(worst: Path) -> None:
    with Terminal("show", TEST, "--src", worst) as show:
        show.read_to(PROMPT)
        show.write("\x03")
        assert show.ends() == 130


def test_check_draws_the_heap_of_tests_that_are_named(worst: Path) -> None:
    environment = {"PYTHONUTF8": "1"}
    named = checker("check", TEST, "--src", worst, env=environment).stdout
    _, found = sides(named)
    assert "│▒ free? 504" in found
    several = checker("check", "malloc-arrays", TEST, "--src", worst, "-v", env=environment).stdout
    assert "│▒ free? 504" in several


def test_a_call_that_there_is_not_is_told() -> None:
    ended = checker("show", TEST, "--at", "200")
    assert_could_not_run(ended, "malloc-split-last: expected the number of a call, -23 to 24")
