"""The allocator agrees with the model on a 32-bit machine, where headers take 16 bytes."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import pytest
from hypothesis import example, given

from building import build
from driver import Driver
from harness.specification.machine import Machine
from harness.specification.policy import Policy
from programs import POLICIES, assert_agreement, programs

pytestmark = pytest.mark.needs("gcc-multilib")

MACHINE = Machine(word_bits=32, header=16)


@pytest.fixture(scope="module", params=list(POLICIES))
def policy(request: pytest.FixtureRequest) -> Policy:
    return POLICIES[request.param]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Iterator[Driver]:
    program = build(tmp_path_factory.mktemp("build"), flags="-O2 -g -m32").link("driver")
    try:
        started = Driver(program, policy.as_conf())
    except OSError as error:
        if error.errno == errno.ENOEXEC:
            pytest.skip("this kernel runs no 32-bit programs")
        raise
    with started as driver:
        yield driver


def narrowed(word: str) -> str:
    """Return a number that is as far from the end of 32 bits as it was from that of 64."""
    if not word.isdecimal() or int(word) < 2**32:
        return word
    return str(2**32 - min(40, 2**64 - int(word)))


MERGED = ["m 0 64", *(f"m {slot} 8" for slot in range(1, 6)), "f 1", "f 4", "f 0", "f 2", "m 1 8"]
"""Frees and merges blocks of 8 bytes, which have room for two links only."""


@given(program=programs)
@example(program=MERGED)
def test_any_program(driver: Driver, policy: Policy, program: list[str]) -> None:
    program = [" ".join(map(narrowed, line.split())) for line in program]
    assert_agreement(driver, program, policy, MACHINE)
