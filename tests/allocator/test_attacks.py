"""Programs that misuse memory as attacked ones do end before they reach what they want; see
attacks.c."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from building import Built, build

SMALL = (16, 100, 1000, 20_000)
LARGE = (300_000, 5_000_000)
SIZES = SMALL + LARGE
ALWAYS = {
    "overflow_by_1": (16, 20_000),
    "overflow_by_8": (16, 20_000),
    "overflow_by_64": SMALL,
    "overflow_by_the_end_of_a_string": (16, 20_000),
    "underflow_by_1": SIZES,
    "underflow_by_8": SIZES,
    "underflow_by_64": SIZES,
    "write_after_free": (16, 100, 1000, *LARGE),
    "write_after_free_in_the_middle": LARGE,
    "write_after_reuse": (300_000,),
    "read_after_free": LARGE,
    "read_before_write": LARGE,
    "resize_after_free": SIZES,
    "double_free": SIZES,
    "double_free_with_another_between": SIZES,
    "double_free_after_merging": SIZES,
    "double_free_after_a_while": SIZES,
    "double_free_after_reuse": (300_000,),
    "free_in_the_middle": SIZES,
    "free_unaligned": SIZES,
    "free_of_the_end": SIZES,
    "resize_in_the_middle": SIZES,
    "free_of_the_stack": SIZES,
    "free_of_an_address": SIZES,
    "resize_of_an_address": SIZES,
    "free_far_behind": SIZES,
    "free_of_other_pages": SIZES,
    "free_of_protected_pages": SIZES,
    "delete_as_another_type": (),
    "size_after_free": SIZES,
    "size_in_the_middle": SIZES,
    "size_of_an_address": SIZES,
    "write_to_nothing": (),
    "read_of_nothing": (),
    "free_of_a_forged_block": SIZES,
}
"""The sizes with which an attack is always stopped. With ``check:1``, it is with all of them."""

Attack = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("build"), target="all")


@pytest.fixture(scope="module")
def program(built: Built) -> Path:
    return built.compile("attacks")


@pytest.fixture(scope="module")
def attack(built: Built, program: Path) -> Attack:
    library = str(built.folder / "libosmem-preload.so")

    def run(name: str, size: int, conf: str, *args: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "LD_PRELOAD": library, "OSMEM_CONF": conf}
        ended = subprocess.run(
            [program, name, str(size), *args], env=env, capture_output=True, text=True
        )
        assert (ended.returncode < 0) != (ended.stdout == "reached\n"), ended
        return ended

    return run


def test_all_attacks_are_tried(program: Path) -> None:
    names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    assert sorted(names) == sorted([*ALWAYS, "overlap_after_double_free"])


@pytest.mark.parametrize("name", ALWAYS)
def test_attacks_are_stopped(attack: Attack, name: str) -> None:
    stopped = tuple(size for size in SIZES if attack(name, size, "").returncode < 0)
    assert stopped == ALWAYS[name]


@pytest.mark.parametrize("name", ALWAYS)
def test_attacks_are_stopped_among_threads_as_well(attack: Attack, name: str) -> None:
    survived = {size for size in SIZES if attack(name, size, "", "threads").returncode == 0}
    assert survived.isdisjoint(ALWAYS[name])


@pytest.mark.parametrize("threads", [(), ("threads",)])
def test_blocks_in_the_cache_of_a_thread_are_checked(
    attack: Attack, threads: tuple[str, ...]
) -> None:
    for size in (16, 100, 1000):
        ended = attack("write_after_free", size, "", *threads)
        assert "the links of a free block were overwritten" in ended.stderr


@pytest.mark.parametrize("function", [(), ("calloc",), ("realloc",), ("aligned_alloc",)])
@pytest.mark.parametrize("name", ALWAYS)
def test_all_attacks_are_stopped_with_checks(
    attack: Attack, name: str, function: tuple[str, ...]
) -> None:
    assert [
        size for size in SIZES if attack(name, size, "check:1", *function).returncode == 0
    ] == []


def test_the_whole_of_a_large_block_of_the_heap_is_filled(attack: Attack) -> None:
    ended = attack("write_after_free_in_the_middle", 100_000, "check:1", "threads")
    assert "a block was written to after it was freed" in ended.stderr


def test_no_live_blocks_overlap_after_a_double_free_with_checks(attack: Attack) -> None:
    ended = [attack("overlap_after_double_free", calls, "check:1") for calls in range(1, 41)]
    assert all("freed twice" in run.stderr for run in ended)


def test_a_report_names_the_callers(attack: Attack) -> None:
    report, *callers = attack("double_free", 100, "").stderr.splitlines()
    assert report.startswith("libosmem: a block that is already free: freed twice?: 0x")
    assert "/attacks(+0x" in callers[0] or "/attacks(main+0x" in callers[0]
    assert any("/attacks(main+0x" in caller for caller in callers)
