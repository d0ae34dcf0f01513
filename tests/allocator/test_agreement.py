"""The allocator does what the model says, on random programs and under any policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driver import UNTOUCHED, Driver
from harness.specification.invariants import find_problems
from harness.specification.model import Step
from harness.specification.policy import Policy
from harness.trace.trace import End, How
from programs import POLICIES, crowds, play_on_model, programs

ENOMEM = 12


@pytest.fixture(scope="module", params=list(POLICIES))
def policy(request: pytest.FixtureRequest) -> Policy:
    return POLICIES[request.param]


@pytest.fixture(scope="module")
def driver(any_build: Path, policy: Policy) -> Iterator[Driver]:
    with Driver(any_build, policy.as_conf()) as driver:
        yield driver


@pytest.fixture(scope="module")
def plain_driver(plain: Path) -> Iterator[Driver]:
    with Driver(plain) as driver:
        yield driver


requests = st.lists(st.integers(1, 12), max_size=3)


def expected_errnos(steps: list[Step]) -> list[int]:
    return [ENOMEM if step.failed else UNTOUCHED for step in steps]


def assert_agreement(driver: Driver, policy: Policy, program: list[str]) -> None:
    report = driver.play(program)
    steps = play_on_model(program, policy)
    assert report.wrong == []
    assert list(report.trace.calls) == [step.call for step in steps]
    assert report.trace.end == End(How.EXIT, 0)
    assert report.errnos == expected_errnos(steps)


@given(program=programs)
def test_any_program(driver: Driver, policy: Policy, program: list[str]) -> None:
    assert_agreement(driver, policy, program)


@given(program=crowds)
def test_any_program_with_many_blocks(driver: Driver, policy: Policy, program: list[str]) -> None:
    assert_agreement(driver, policy, program)


@given(program=programs, refused=requests)
def test_any_program_with_refusals(
    driver: Driver, policy: Policy, program: list[str], refused: list[int]
) -> None:
    assert_agreement(driver, policy, [f"x {number}" for number in refused] + program)


@given(program=programs, at=requests)
def test_someone_moves_the_break_in_the_middle_of_a_call(
    driver: Driver, policy: Policy, program: list[str], at: list[int]
) -> None:
    """Where the blocks lie then is not said; but none is lost, and no call fails of it. What the
    other one took is in the trace as part of the growth that follows."""
    report = driver.play([f"y {number}" for number in at] + program)
    steps = play_on_model(program, policy)
    assert report.wrong == []
    assert report.trace.end == End(How.EXIT, 0)
    assert find_problems(report.trace, alignment=1).invalid == ()
    assert all(result % policy.alignment == 0 for result in report.results)
    assert report.errnos == expected_errnos(steps)


@given(program=programs, refused=requests)
def test_the_plain_implementation_agrees_too(
    plain_driver: Driver, program: list[str], refused: list[int]
) -> None:
    assert_agreement(plain_driver, Policy(), [f"x {number}" for number in refused] + program)
