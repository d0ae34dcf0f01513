"""A memory error of a program is reported with its address, and ends the program; see misuse.c."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from building import Built, build

FREED_TWICE = "freed twice"
NOT_OURS = "a pointer that the allocator never returned"
INSIDE = "a pointer into the middle of a block"
HEADER = "header of a block"
LINKS = "links of a free block"
SIZE = "size of a block"

ALWAYS = {
    "free_inside": INSIDE,
    "realloc_inside": INSIDE,
    "free_inside_in_a_signal_handler": INSIDE,
    "free_foreign_in_a_signal_handler": NOT_OURS,
    "free_of_stack": NOT_OURS,
    "overflow_into_live": HEADER,
    "overflow_by_one_word": HEADER,
    "overflow_found_by_its_own_free": HEADER,
    "write_after_free": LINKS,
    "write_after_free_large": LINKS,
    "damage_to_the_upper_half_of_a_size": HEADER,
    "damage_to_the_status": HEADER,
    "forged_header": INSIDE,
}
"""The errors that are detected by default, which costs nothing, with their reports."""
CHECKED = ALWAYS | {
    "free_twice": FREED_TWICE,
    "free_twice_and_merged": FREED_TWICE,
    "realloc_freed": FREED_TWICE,
    "free_twice_large": FREED_TWICE,
    "free_foreign": NOT_OURS,
    "overflow_unnoticed_until_the_end": SIZE,
}
"""The errors that are detected with ``check:1``."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("build"), target="all")


@pytest.fixture(scope="module")
def program(built: Built) -> Path:
    return built.link("misuse")


def make(
    program: Path, mistake: str, conf: str, preload: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, mistake],
        env={**os.environ, "OSMEM_CONF": conf, "LD_PRELOAD": preload},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def assert_reported(ended: subprocess.CompletedProcess[str], said: str) -> None:
    address = ended.stdout.split()[0]
    assert said in ended.stderr
    assert ended.stderr.startswith("libosmem: ")
    assert ended.stderr.endswith(f": {address}\n")
    assert ended.stderr.count("\n") == 1
    assert ended.returncode == -signal.SIGABRT


@pytest.mark.parametrize("mistake", ALWAYS)
def test_errors_that_are_always_reported(program: Path, mistake: str) -> None:
    assert_reported(make(program, mistake, ""), ALWAYS[mistake])


@pytest.mark.parametrize("mistake", CHECKED)
def test_errors_that_are_reported_with_checks(program: Path, mistake: str) -> None:
    assert_reported(make(program, mistake, "check:1"), CHECKED[mistake])


@pytest.mark.parametrize("conf", ["", "check:1"])
@pytest.mark.parametrize("name", ["inside", "foreign"])
def test_a_report_waits_for_no_lock(built: Built, program: Path, name: str, conf: str) -> None:
    preload = str(built.folder / "libosmem-preload.so")
    mistake = f"free_{name}_in_a_signal_handler"
    assert ALWAYS[mistake] in make(program, mistake, conf, preload).stderr


def test_a_handler_of_the_signal_can_allocate(program: Path) -> None:
    ended = make(program, "overflow_noticed_among_threads", "")
    assert LINKS in ended.stderr
    assert ended.stdout.endswith("\nhandled\n")
    assert ended.returncode == -signal.SIGABRT


def test_the_block_before_an_overflow_into_free_memory_is_named(program: Path) -> None:
    ended = make(program, "overflow_into_free", "")
    assert HEADER in ended.stderr
    assert ended.returncode == -signal.SIGABRT


@pytest.mark.parametrize("mistake", ["free_twice", "free_twice_and_merged", "realloc_freed"])
def test_errors_that_the_specification_ignores(program: Path, mistake: str) -> None:
    ended = make(program, mistake, "")
    assert ended.stdout.endswith("survived\n")
    assert (ended.stderr, ended.returncode) == ("", 0)


@pytest.mark.parametrize("conf", ["", "check:1"])
def test_a_program_without_errors_is_not_disturbed(program: Path, conf: str) -> None:
    ended = make(program, "none", conf)
    assert (ended.stderr, ended.returncode) == ("", 0)
