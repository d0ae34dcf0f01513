"""The libraries, built with musl instead of glibc."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from building import Built, build
from driver import Driver
from harness.specification.policy import Policy
from programs import POLICIES, assert_agreement, programs

pytestmark = pytest.mark.needs("musl-tools")

COMMANDS = {"threads": ("8", "50000", "20"), "both": ("20000", "20")}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("shared"), compiler="musl-gcc", target="all")


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("static")
    return build(folder, flags="-O2 -g -static", compiler="musl-gcc", target="libosmem.a")


@pytest.fixture(scope="module", params=list(POLICIES))
def policy(request: pytest.FixtureRequest) -> Policy:
    return POLICIES[request.param]


@pytest.fixture(scope="module")
def driver(shared: Built, policy: Policy) -> Iterator[Driver]:
    with Driver(shared.link("driver"), policy.as_conf()) as driver:
        yield driver


def run(program: Path, *args: str, preload: str = "", conf: str = "") -> tuple[str, str, int]:
    ended = subprocess.run(
        [program, *args],
        env={**os.environ, "LD_PRELOAD": preload, "OSMEM_CONF": conf},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return ended.stdout, ended.stderr, ended.returncode


@given(program=programs)
def test_any_program_with_a_break(driver: Driver, policy: Policy, program: list[str]) -> None:
    """The driver has an sbrk() that moves the break, as musl has not."""
    assert_agreement(driver, program, policy)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_contents_of_blocks_survive(shared: Built, name: str) -> None:
    assert run(shared.link(name), *COMMANDS[name]) == ("ok\n", "", 0)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_contents_of_blocks_survive_in_a_static_program(static: Built, name: str) -> None:
    assert run(static.link(name), *COMMANDS[name]) == ("ok\n", "", 0)


@pytest.mark.parametrize("conf", ["", "thread_cache:0", "check:1"])
@pytest.mark.parametrize("name", COMMANDS)
def test_the_contents_of_blocks_survive_preloaded(shared: Built, name: str, conf: str) -> None:
    preload = str(shared.folder / "libosmem-preload.so")
    assert run(shared.link(name), *COMMANDS[name], preload=preload, conf=conf) == ("ok\n", "", 0)


def test_a_double_free_ends_the_program(shared: Built) -> None:
    preload = str(shared.folder / "libosmem-preload.so")
    address, report, status = run(shared.link("misuse"), "free_twice", preload=preload)
    assert report == f"libosmem: a block that is already free: freed twice?: {address}"
    assert status == -signal.SIGABRT
