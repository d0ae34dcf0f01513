"""The allocator on a 32-bit machine, whose headers take 16 bytes, agrees with the model too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given

from driver import UNTOUCHED, Driver, build_driver
from harness.specification.machine import Machine
from harness.specification.policy import Policy
from harness.trace.trace import End, How
from programs import POLICIES, play_on_model, programs

pytestmark = pytest.mark.needs("gcc-multilib")

ENOMEM = 12
MACHINE = Machine(word_bits=32, header=16)


@pytest.fixture(scope="module", params=list(POLICIES))
def policy(request: pytest.FixtureRequest) -> Policy:
    return POLICIES[request.param]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Iterator[Driver]:
    program = build_driver(tmp_path_factory.mktemp("build"), flags="-O2 -g -m32")
    with Driver(program, policy.as_conf()) as driver:
        yield driver


def narrowed(word: str) -> str:
    """A number as near the end of 32 bits as it was to that of 64."""
    if not word.isdecimal() or int(word) < 2**32:
        return word
    return str(2**32 - min(40, 2**64 - int(word)))


MERGED = ["m 0 64", *(f"m {slot} 8" for slot in range(1, 6)), "f 1", "f 4", "f 0", "f 2", "m 1 8"]
"""Blocks of 8 bytes, which have room for two links only, are free and are merged with others."""


@given(program=programs)
@example(program=MERGED)
def test_any_program(driver: Driver, policy: Policy, program: list[str]) -> None:
    program = [" ".join(map(narrowed, line.split())) for line in program]
    report = driver.play(program)
    steps = play_on_model(program, policy, MACHINE)
    assert report.wrong == []
    assert list(report.trace.calls) == [step.call for step in steps]
    assert report.trace.end == End(How.EXIT, 0)
    assert report.errnos == [ENOMEM if step.failed else UNTOUCHED for step in steps]
