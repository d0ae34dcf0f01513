"""The allocator on a 64-bit ARM machine, which is emulated, agrees with the model too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from driver import Driver, build_driver
from harness.policy import Policy
from harness.trace import End, How
from programs import play_on_model, programs


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("build")
    program = build_driver(folder, compiler="aarch64-linux-gnu-gcc")
    emulated = folder / "emulated"
    emulated.write_text(f"#!/bin/sh\nexec qemu-aarch64 -L /usr/aarch64-linux-gnu {program}\n")
    emulated.chmod(0o755)
    with Driver(emulated) as driver:
        yield driver


@settings(max_examples=100)
@given(program=programs)
def test_any_program(driver: Driver, program: list[str]) -> None:
    report = driver.play(program)
    assert report.wrong == []
    steps = play_on_model(program, Policy())
    assert list(report.trace.calls) == [step.call for step in steps]
    assert report.trace.end == End(How.EXIT, 0)
