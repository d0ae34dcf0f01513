"""Each mistake of the plain implementation shows, and only where mistakes.toml says so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from building import PLAIN, build
from driver import Driver, Report
from harness.specification.mistakes import Mistake, is_mistake
from harness.specification.policy import Policy
from programs import POLICIES
from submissions import MISTAKES, PLANTED

SIZES = (8, 24, 100, 200, 500, 1000, 3000, 4064, 5000, 40_000, 65_536, 100_000, 131_032, 200_000)
STEPS = (0, 0, 0, -24, -8, 8, 10, 16, 32)
ORDINARY_OPERATIONS = ("m", "c", "r", "f")
NONE_UNDER = {
    "classic": ({"prealloc_calloc": 131072}, "preallocate-much-for-calloc"),
    "aligned": (
        {"alignment": 16, "smallest_rest": 32, "fit": "first"},
        "align-to-16 fit-first fit-first-of-large split-from-two-steps split-from-two-headers",
    ),
    "first, lifo": ({"fit": "first", "order": "lifo"}, ""),
    "worst": (
        {"fit": "worst", "merge": "need"},
        "fit-worst coalesce-when-full shrink-rest-not-merged",
    ),
    "one threshold": (
        {"mmap_threshold": 65536, "calloc_threshold": 65536, "prealloc_malloc": 4096},
        "threshold-page-for-malloc threshold-of-malloc-for-calloc threshold-page-for-realloc"
        " realloc-growing-mapping-maps realloc-small-mapping-grows-crashes realloc-copies-64-kib"
        " preallocate-page-for-malloc",
    ),
    "nothing preallocated": (
        {"prealloc_malloc": 0, "prealloc_calloc": 0, "trim": 4096},
        "preallocate-never preallocate-for-mapping preallocate-per-function preallocate-header-too"
        " preallocate-page-too preallocate-whole preallocate-rest-lost"
        " preallocate-rest-lost-after-mapping preallocate-rest-counts-its-header"
        " preallocate-rest-misplaced preallocate-unsplit-near-page unsplit-rest-forgotten-first"
        " no-preallocation-after-mapping preallocated-before-refusal",
    ),
}
"""Policies, and the mistakes that are none under them."""
ORDINARY = [mistake for mistake in PLANTED if mistake.seen != "extra"]
EXTRA = [mistake for mistake in PLANTED if mistake.seen == "extra"]


def random_program(seed: int) -> list[str]:
    """Calls as an ordinary program makes them, in few slots and of similar sizes."""
    random = Random(seed)
    calls = []
    for _ in range(60):
        slot = random.randrange(8)
        size = max(0, random.choice(SIZES) + random.choice(STEPS))
        forms = (f"m {slot} {size}", f"c {slot} 2 {size // 2}", f"r {slot} {size}", f"f {slot}")
        calls += random.choices(forms, (3, 1, 2, 2))
    return calls


RANDOM_PROGRAMS = [random_program(seed) for seed in range(20)]


@pytest.fixture(scope="module")
def driver_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver with the plain implementation; a program that does not end is killed."""
    folder = tmp_path_factory.mktemp("build")
    program = build(folder, PLAIN).link("driver")
    limited = folder / "limited"
    limited.write_text(f"#!/bin/sh\nulimit -c 0\nulimit -t 2\nexec {program}\n")
    limited.chmod(0o755)
    return limited


def play(
    driver_path: Path,
    programs: Sequence[Sequence[str]],
    mistakes: Sequence[str] = (),
    policy: Policy = Policy(),
) -> Iterator[Report]:
    """What the programs lead to, each on a fresh heap, with these mistakes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OSMEM_MISTAKES", ",".join(mistakes))
        driver = Driver(driver_path, policy.as_conf())
    with driver:
        for program in programs:
            yield driver.play(program)


@pytest.fixture(scope="module")
def right_reports(driver_path: Path) -> list[Report]:
    """What the random programs lead to with no mistake."""
    reports = list(play(driver_path, RANDOM_PROGRAMS))
    assert [report.wrong for report in reports if report.wrong] == []
    return reports


def differ(one: Report, other: Report) -> bool:
    return (one.trace, one.wrong, one.errnos) != (other.trace, other.wrong, other.errnos)


@pytest.mark.parametrize("mistake", PLANTED, ids=MISTAKES)
def test_a_mistake_shows(driver_path: Path, right_reports: list[Report], mistake: Mistake) -> None:
    policy = POLICIES[mistake.policy]
    if mistake.program:
        programs: Sequence[Sequence[str]] = [mistake.program]
        expected = list(play(driver_path, programs, policy=policy))
    else:
        programs, expected = RANDOM_PROGRAMS, right_reports
    found = play(driver_path, programs, [mistake.name], policy)
    assert any(differ(*pair) for pair in zip(found, expected, strict=True))


@pytest.mark.parametrize("mistake", EXTRA, ids=[mistake.name for mistake in EXTRA])
def test_no_trace_of_an_ordinary_program_shows_an_extra_mistake(
    driver_path: Path, right_reports: list[Report], mistake: Mistake
) -> None:
    for found, right in zip(
        play(driver_path, RANDOM_PROGRAMS, [mistake.name]), right_reports, strict=True
    ):
        assert (found.trace, found.wrong) == (right.trace, right.wrong)


@pytest.mark.parametrize(("settings", "names"), NONE_UNDER.values(), ids=list(NONE_UNDER))
def test_what_a_policy_asks_for_is_no_mistake(
    driver_path: Path, settings: Mapping[str, Any], names: str
) -> None:
    policy = Policy(**settings)
    assert {name for name in MISTAKES if not is_mistake(name, policy)} == set(names.split())
    refused = [[f"x {1 + seed % 7}", *program] for seed, program in enumerate(RANDOM_PROGRAMS)]
    programs = [*RANDOM_PROGRAMS, *refused]
    right = list(play(driver_path, programs, policy=policy))
    for name in set(names.split()) - {"shrink-rest-not-merged"}:  # it is planted with more
        found = play(driver_path, programs, [name], policy)
        assert not any(differ(*pair) for pair in zip(found, right, strict=True)), name


def test_an_ordinary_mistake_needs_no_more_than_an_ordinary_program() -> None:
    for mistake in ORDINARY:
        assert {call.split()[0] for call in mistake.program} <= set(ORDINARY_OPERATIONS)


def test_names_and_descriptions_are_unique() -> None:
    for values in (MISTAKES, [mistake.what for mistake in PLANTED]):
        assert len(set(values)) == len(values)


def test_several_mistakes_are_made_together(driver_path: Path) -> None:
    program = ["m 0 8", "m 1 8", "f 1", "m 2 200000", "f 2"]
    (report,) = play(driver_path, [program], ["mmap-in-pages", "free-never"])
    requests = [(r.name, r.args[:2]) for call in report.trace.calls for r in call.requests]
    assert [name for name, _ in requests] == ["sbrk", "mmap"]
    assert requests[1][1][1] == 200_704


def test_an_unknown_mistake_ends_the_program(driver_path: Path) -> None:
    ended = subprocess.run(
        [driver_path],
        env={**os.environ, "OSMEM_MISTAKES": "free-never,fit-frist"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "OSMEM_MISTAKES: expected names of tests/mistakes.toml, found 'fit-frist'\n"
    )
