"""The allocator on a 64-bit ARM machine, which is emulated, agrees with the model too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from driver import Driver, build_driver
from harness.policy import Policy
from harness.trace import End, How
from programs import play_on_model, programs


def write_script(path: Path, command: str) -> Path:
    path.write_text(f"#!/bin/sh\nexec {command}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    folder = tmp_path_factory.mktemp("build")
    # Debian's gcc for ARM and its gcc for 32 bits can't be installed together.
    compiler = write_script(folder / "cc", 'clang --target=aarch64-linux-gnu "$@"')
    program = build_driver(folder, compiler=str(compiler))
    emulation = f"qemu-aarch64 -L /usr/aarch64-linux-gnu {program}"
    with Driver(write_script(folder / "emulated", emulation)) as driver:
        yield driver


@settings(max_examples=100)
@given(program=programs)
def test_any_program(driver: Driver, program: list[str]) -> None:
    report = driver.play(program)
    assert report.wrong == []
    steps = play_on_model(program, Policy())
    assert list(report.trace.calls) == [step.call for step in steps]
    assert report.trace.end == End(How.EXIT, 0)
