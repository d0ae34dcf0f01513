"""The allocator agrees with the model on an emulated 64-bit ARM machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from building import build
from driver import Driver
from harness.specification.policy import Policy
from programs import assert_agreement, programs

# Without a bound on addresses, qemu 10 asks for the program at 0xaaaaaaaa0000: ARM has 48 bits for
# addresses. An x86-64 host has 47, and puts the program among the mappings, one of which soon
# follows the break: sbrk(131072) failed 30 times out of 30, and never with -R.
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
    program = build(folder, compiler=str(compiler)).link("driver")
    with Driver(write_script(folder / "emulated", f"{QEMU} {program}")) as driver:
        yield driver


@settings(max_examples=100)
@given(program=programs)
def test_any_program(driver: Driver, program: list[str]) -> None:
    assert_agreement(driver, program, Policy())
