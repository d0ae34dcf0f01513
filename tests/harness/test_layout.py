"""The programs of a batch have their parts where those of no other batch have them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from harness.checking.check import check, set_up
from harness.checking.layout import draw_layout
from harness.checking.programs import build_programs
from harness.execution.build import BUILD, ROOT
from harness.results.verdict import Outcome
from harness.suite import load_suite
from harness.tracers.ltrace import Ltrace

PASSED = Outcome.PASSED
SUITE = load_suite(ROOT / "tests" / "suite.toml")
SYMBOL = re.compile(r"^([0-9a-f]+) \w (\w+)$", re.MULTILINE)
FRAME = re.compile(r"<checked_malloc_at>:.*?sub +\$0x([0-9a-f]+),%rsp", re.DOTALL)
PARTS = ["records", "statement", "checked_malloc_at", "fail", "test_malloc_arrays", "tests"]


def output_of(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def distances(program: Path) -> list[int]:
    """How far the parts are from another, and a library's frame from that of its caller."""
    symbols = {name: int(value, 16) for value, name in SYMBOL.findall(output_of("nm", program))}
    [frame] = FRAME.findall(output_of("objdump", "-d", program))
    first, *others = (symbols[part] for part in PARTS)
    return [int(frame, 16), *(other - first for other in others)]


@pytest.fixture
def folders() -> Iterator[list[Path]]:
    with TemporaryDirectory(dir=BUILD) as name:
        yield [Path(name) / str(number) for number in range(3)]


def test_each_layout_is_another_one(folders: list[Path]) -> None:
    built = [build_programs(SUITE, 2, draw_layout(folder)) for folder in folders]
    found = []
    for programs in (build_programs(SUITE, 2), *built):
        program = programs["malloc-arrays"]
        assert isinstance(program, Path)
        found.append(distances(program))
    for of_one_part in zip(*found):
        assert len(set(of_one_part)) > 1
    assert len({tuple(each) for each in found}) == len(found)


def test_a_right_allocator_passes_in_any_layout(folders: list[Path]) -> None:
    setup = set_up(SUITE, ROOT / "tests" / "plain", Ltrace(), 2)
    for folder in folders:
        drawn = replace(setup, programs=build_programs(SUITE, 2, draw_layout(folder)))
        assert [each.test.name for each in check(drawn, 2) if each.outcome is not PASSED] == []
