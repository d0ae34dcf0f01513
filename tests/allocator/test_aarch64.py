"""The allocator on a 64-bit ARM machine, which is emulated, agrees with the model too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from driver import Driver, build_driver
from harness.specification.policy import Policy
from harness.trace.trace import End, How
from programs import play_on_model, programs

# Without a bound on addresses, qemu 10 wants the program at 0xaaaaaaaa0000, two thirds of ARM's 48
# bits. An x86-64 host has 47 and puts it among the mappings, and one of those soon follows the
# break: in a program of one line, sbrk(131072) failed 30 times out of 30, and never with -R.
QEMU = "qemu-aarch64 -R 64G -L /usr/aarch64-linux-gnu"


pytestmark = pytest.mark.needs(
    "clang",
    "binutils-aarch64-linux-gnu",
    "libgcc-{gcc}-dev-arm64-cross",
    "libc6-dev-arm64-cross",
    "qemu-user",
)


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
    with Driver(write_script(folder / "emulated", f"{QEMU} {program}")) as driver:
        yield driver


@settings(max_examples=100)
@given(program=programs)
def test_any_program(driver: Driver, program: list[str]) -> None:
    report = driver.play(program)
    assert report.wrong == []
    steps = play_on_model(program, Policy())
    assert list(report.trace.calls) == [step.call for step in steps]
    assert report.trace.end == End(How.EXIT, 0)
