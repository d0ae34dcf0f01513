"""C programs that rely on what libc's malloc() family promises, with the library preloaded."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from building import Built, build


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("build"), target="all")


def run(built: Built, name: str, *args: str, conf: str = "") -> tuple[str, str, int]:
    """Run the C program of this name; return what it printed, and its exit status."""
    library = built.folder / "libosmem-preload.so"
    program: Path = built.compile(name)
    ended = subprocess.run(
        [program, *args],
        env={**os.environ, "LD_PRELOAD": str(library), "OSMEM_CONF": conf},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return ended.stdout, ended.stderr, ended.returncode


OK = ("ok\n", "", 0)


def test_fork_while_other_threads_use_streams(built: Built) -> None:
    assert run(built, "streams", "100") == OK


@pytest.mark.parametrize(
    ("program", "promise"),
    [
        ("memory", "resizing_a_large_block_copies_nothing"),
        ("memory", "a_large_aligned_block_goes_back_to_the_system"),
        ("memory", "new_memory_is_not_zeroed_again"),
        ("memory", "freed_memory_goes_back_to_the_system"),
        ("memory", "a_threshold_that_was_set_stays"),
        ("memory", "the_heap_grows_in_steps"),
        ("memory", "the_heap_grows_although_the_break_is_blocked"),
        ("memory", "the_last_64_KiB_of_address_space_can_be_allocated"),
        ("memory", "what_was_freed_serves_large_requests_that_the_system_refuses"),
        ("memory", "large_blocks_need_no_mincore"),
        ("memory", "a_call_that_succeeds_leaves_errno_alone"),
        ("memory", "a_large_block_is_resized_after_a_part_was_set_apart"),
        ("interface", "a_double_free_ends_the_program"),
        ("interface", "mallinfo_tells_what_is_in_use"),
        ("interface", "mallopt_sets_the_thresholds"),
        ("interface", "memalign_tells_errors_apart"),
    ],
)
@pytest.mark.parametrize("conf", ["", "check:1"])
def test_promises(built: Built, program: str, promise: str, conf: str) -> None:
    assert run(built, program, promise, conf=conf) == OK


@pytest.mark.parametrize("conf", ["", pytest.param("check:1", marks=pytest.mark.slow)])
def test_the_mappings_are_limited(built: Built, conf: str) -> None:
    promise = "many_large_blocks_take_not_more_than_32000_mappings"
    assert run(built, "memory", promise, conf=conf) == OK


@pytest.mark.parametrize(
    "promise",
    [
        "memory_freed_in_any_order_goes_back_to_the_system",
        "a_large_block_at_the_end_of_the_heap_goes_back_to_the_system",
        "the_end_of_the_heap_is_spared",
        "blocks_that_are_freed_one_after_another_merge",
        "a_size_that_was_freed_is_not_mapped_again",
        "a_child_uses_what_other_threads_of_its_parent_have_freed",
        "a_child_with_threads_keeps_what_its_parent_has_freed",
    ],
)
def test_promises_without_checks(built: Built, promise: str) -> None:
    """With checks, freed memory stays in quarantine for a while."""
    assert run(built, "memory", promise) == OK
