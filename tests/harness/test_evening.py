"""The evening with osmem has a picture for each stage, and each stage earns the points it names."""

from __future__ import annotations

import re

import pytest

from evening import STAGES, Stage
from harness.checking.audit import Audit
from harness.checking.judge import judge
from harness.checking.programs import build_programs
from harness.checking.run import Run
from harness.diagnosis.recorder import Recorder, recorders
from harness.execution.build import ROOT
from harness.execution.limits import Finished
from harness.suite import Test, load_suite
from harness.trace.file import read_trace_file
from submissions import MISTAKES

PAGE = (ROOT / "docs" / "an-evening-with-osmem.md").read_text(encoding="utf-8")
PICTURES = ROOT / "docs" / "pictures"
SUITE = load_suite(ROOT / "tests" / "suite.toml")
PASSED = [stage for stage in STAGES if stage.mistakes is not None]


def sections() -> list[str]:
    return PAGE.split("\n## ")[1:]


@pytest.mark.parametrize(("stage", "section"), zip(STAGES, sections(), strict=True))
def test_a_stage_has_its_command_and_its_picture(stage: Stage, section: str) -> None:
    assert re.search(rf"!\[[^]]+\]\(pictures/{stage.name}\.(png|svg)\)", section)
    assert not stage.test or f"--src build/evening/{stage.name} {stage.test}" in section


def test_all_pictures_are_shown_and_they_are_small() -> None:
    pictures = list(PICTURES.iterdir())
    assert {f"pictures/{path.name}" for path in pictures} == set(
        re.findall(r"!\[[^]]+\]\((.*)\)", PAGE)
    )
    assert sum(path.stat().st_size for path in pictures) < 1 << 20


def test_pictures_load_nothing() -> None:
    for path in PICTURES.glob("*.svg"):
        text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert "http" not in text and "@import" not in text


def test_each_stage_earns_the_points_that_its_heading_names() -> None:
    named = [int(points) for points in re.findall(r"^## .*: (\d+) points$", PAGE, re.MULTILINE)]
    with recorders(SUITE, build_programs(SUITE, 2), len(MISTAKES)) as recorded:
        earned = [sum(points(test, recorded[test.name], s) for test in SUITE.tests) for s in PASSED]
    assert named == [0, *earned]


def points(test: Test, recorder: Recorder, stage: Stage) -> int:
    """What a stage earns in a test."""
    trace = recorder.trace(stage.mistakes or ())
    run = Run(trace, Finished(0, None), (), (), Audit(False, ()))
    expected = read_trace_file(test.reference)
    return judge(test, expected, run, SUITE.policy, SUITE.run_limits).points
