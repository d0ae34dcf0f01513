"""The allocator agrees with the model on random programs, under any policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from building import PLAIN, build
from driver import Driver
from harness.execution.build import ROOT
from harness.specification.invariants import find_problems
from harness.specification.policy import Policy, problem_of
from harness.trace.trace import End, How
from programs import (
    POLICIES,
    assert_agreement,
    crowds,
    expected_errnos,
    play_on_model,
    programs,
    variants,
)


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
"""The numbers of a few requests."""


@given(program=programs)
def test_any_program(driver: Driver, policy: Policy, program: list[str]) -> None:
    assert_agreement(driver, program, policy)


@given(program=crowds)
def test_any_program_with_many_blocks(driver: Driver, policy: Policy, program: list[str]) -> None:
    assert_agreement(driver, program, policy)


@given(program=programs, refused=requests)
def test_any_program_with_refusals(
    driver: Driver, policy: Policy, program: list[str], refused: list[int]
) -> None:
    assert_agreement(driver, [f"x {number}" for number in refused] + program, policy)


@given(program=programs, at=requests)
def test_other_code_moves_the_break_in_the_middle_of_a_call(
    driver: Driver, policy: Policy, program: list[str], at: list[int]
) -> None:
    """No block is lost and no call fails, wherever blocks lie then. In the trace, the next growth
    includes the bytes that the other code took."""
    if policy.trim:
        program = [operation for operation in program if operation[0] not in "dg"]
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
    assert_agreement(plain_driver, [f"x {number}" for number in refused] + program, Policy())


@pytest.mark.parametrize("allocator", ["sanitized", "plain"])
@settings(max_examples=50)
@given(program=st.one_of(programs, crowds), policy=variants, refused=requests)
def test_both_play_any_variant(
    request: pytest.FixtureRequest,
    allocator: str,
    program: list[str],
    policy: Policy,
    refused: list[int],
) -> None:
    with Driver(request.getfixturevalue(allocator), policy.as_conf()) as driver:
        assert_agreement(driver, [f"x {number}" for number in refused] + program, policy)


@pytest.fixture(scope="module")
def with_magic(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, Policy], Path]:
    """The driver, built with an allocator whose headers have a magic number."""

    @cache
    def built(source: Path, definitions: tuple[str, ...]) -> Path:
        flags = " ".join(("-O1 -g", *definitions))
        return build(tmp_path_factory.mktemp("magic"), source, flags).link("driver")

    return lambda source, policy: built(source, policy.definitions())


@pytest.mark.parametrize("source", [ROOT / "src", PLAIN], ids=["src", "plain"])
@settings(max_examples=30)
@given(program=st.one_of(programs, crowds), policy=variants, refused=requests)
def test_both_play_variants_whose_headers_have_a_magic_number(
    with_magic: Callable[[Path, Policy], Path],
    source: Path,
    program: list[str],
    policy: Policy,
    refused: list[int],
) -> None:
    policy = replace(policy, header_magic=0xFEEDFACE)
    assume(not problem_of(policy))
    with Driver(with_magic(source, policy), policy.as_conf()) as driver:
        assert_agreement(driver, [f"x {number}" for number in refused] + program, policy)
