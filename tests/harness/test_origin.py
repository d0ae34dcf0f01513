"""Calls, and what a test program tells, count only if its own code makes them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.checking.check import Setup, set_up
from harness.checking.origin import first_foreign
from harness.checking.program_code import (
    Caller,
    ProgramCode,
    keep_code,
    kept_code,
    read_code,
)
from harness.errors import UserError
from harness.execution.build import ROOT, Library
from harness.suite import load_suite
from harness.trace.events import LOADED, Entered, Event, Returned, SystemCall
from harness.tracers.ltrace import Ltrace
from submissions import plain

CODE = ProgramCode(0, 0x6000, {"os_malloc": frozenset((0x1010, 0x1020))}, {2: frozenset((0x1030,))})
BASE, HEAP = 0x5555_0000_0000, 0x5555_0010_0000
LIBC, LIBRARY = 0x7F00_0000_0000, 0x7F10_0000_0000
LINKER = 0x7F20_0000_0000
READ, WRITE, EXEC = 1, 2, 4
FIXED = 0x10
PLAYS = "called the allocator in place of the test program"
MISLEADS = "changed where the test program goes on after a call"
TELLS = "told in place of the test program what was checked"
CHANGES = "changed memory of the test program or of the system's libraries"


def system_call(name: str, *args: int, result: int = 0, place: int = LIBC) -> SystemCall:
    return SystemCall(name, args, result, place)


def mapped(start: int, protection: int, flags: int = 0) -> SystemCall:
    return system_call("mmap", 0, 0x4000, protection, flags, result=start)


def told(place: int, check: int = 2) -> SystemCall:
    return system_call("munmap", 0x5E7C << 48 | check << 44, 0, result=-22, place=place)


START: tuple[Event, ...] = (
    system_call("brk", 0, result=HEAP),
    mapped(LIBC, READ | EXEC),
    mapped(LIBRARY, READ | EXEC),
    system_call(LOADED),
    system_call("brk", HEAP + 0x1000, result=HEAP + 0x1000),
)


def found(*events: Event) -> tuple[int, str] | None:
    first = first_foreign([*START, *events], CODE)
    return (first.call, first.what) if first else None


def called(place: int) -> list[Event]:
    return [Entered("os_malloc", (8,), place=place), Returned(0)]


def test_calls_of_the_program_are_its_own() -> None:
    own = [*called(BASE + 0x1010), told(BASE + 0x1030), *called(BASE + 0x1020)]
    assert found(*own) is None


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(0, id="nowhere"),
        pytest.param(BASE + 0x1011, id="no call"),
        pytest.param(BASE + 0x1030, id="another call"),
        pytest.param(BASE + 0x2010, id="a page on"),
        pytest.param(LIBRARY + 0x1010, id="the library"),
        pytest.param(HEAP + 0x1010, id="the heap"),
    ],
)
def test_a_call_that_returns_elsewhere_is_not_the_programs(place: int) -> None:
    assert found(*called(BASE + 0x1010), *called(place)) == (2, PLAYS)


def test_a_copy_of_the_program_is_not_the_program() -> None:
    assert found(*called(LIBRARY + 0x1010), *called(LIBRARY + 0x1020)) == (1, PLAYS)


def test_what_is_told_elsewhere_is_not_what_the_program_tells() -> None:
    calls = called(BASE + 0x1010)
    assert found(*calls, told(LIBC)) == (1, TELLS)
    assert found(*calls, told(BASE + 0x1030, check=3)) == (1, TELLS)
    assert found(calls[0], told(LIBC), calls[1]) is None


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        (mapped(BASE + 0x1000, READ), True),
        (mapped(LIBC + 0x1000, READ), True),
        (mapped(LIBRARY + 0x1000, READ, FIXED), False),
        (mapped(LINKER, READ, FIXED), True),
        (mapped(LINKER, READ | WRITE), False),
        (system_call("mprotect", BASE + 0x5000, 0x1000, READ | WRITE), True),
        (system_call("mprotect", BASE + 0x5000, 0x1000, READ), False),
        (system_call("mprotect", BASE + 0x5000, 0x1000, READ | WRITE, result=-13), False),
        (system_call("mprotect", LIBC, 0x1000, READ | WRITE | EXEC), True),
        (system_call("mprotect", LINKER, 0x1000, READ | WRITE), True),
        (system_call("mprotect", LIBRARY, 0x1000, READ | WRITE), False),
        (system_call("mprotect", HEAP, 0x1000, READ | WRITE), False),
        (system_call("mremap", HEAP, 4096, 4096, 3, result=BASE), True),
        (system_call("mremap", HEAP, 4096, 4096, 3, result=LIBRARY), False),
    ],
)
def test_code_has_to_stay_as_it_was(change: SystemCall, noticed: bool) -> None:
    calls = called(BASE + 0x1010)
    assert found(*calls, change, *calls) == ((1, CHANGES) if noticed else None)


# ---- Callers -------------------------------------------------------------------------------------

CALLERS = {
    0x1010: Caller("checked_malloc_at", "os_malloc"),
    0x1040: Caller("main", "checked_malloc_at"),
    0x1050: Caller("fill", "checked_malloc_at"),
    0x1060: Caller("main", "fill"),
    0x1070: Caller("fill", "fill"),
}
STACK = 0x7FFF_0000_0000


def stated(*places: int) -> tuple[int, ...]:
    """The statement of a program that goes on in so many places."""
    callers = [word for i, place in enumerate(places) for word in (STACK + 16 * i + 16, place)]
    return (STACK, *callers, *[0] * (12 - len(callers)))


def misled(
    before: tuple[int, ...], after: tuple[int, ...], main: str = "main"
) -> tuple[int, str] | None:
    call = Entered("os_malloc", (8,), place=BASE + 0x1010, callers=before)
    events = [*START, call, Returned(0, after)]
    first = first_foreign(events, replace(CODE, callers=CALLERS, main=main))
    return (first.call, first.what) if first else None


@pytest.mark.parametrize(
    "places", [(0x1040,), (0x1050, 0x1060), (0x1050, 0x1070, 0x1060), (0x1050, *[0x1070] * 5)]
)
def test_a_program_goes_on_in_its_callers(places: Sequence[int]) -> None:
    statement = stated(*(BASE + place for place in places))
    assert misled(statement, statement) is None


@pytest.mark.parametrize(
    "places",
    [
        pytest.param((), id="nowhere"),
        pytest.param((LIBRARY,), id="in the library"),
        pytest.param((BASE + 0x1041,), id="not behind a call"),
        pytest.param((BASE + 0x1060,), id="behind the call of another function"),
        pytest.param((BASE + 0x1050,), id="in a function that nobody called"),
        pytest.param((BASE + 0x1050, LIBRARY), id="in the library, later"),
        pytest.param((BASE + 0x1040, BASE + 0x1060), id="in main() before the end"),
    ],
)
def test_a_program_goes_on_nowhere_else(places: Sequence[int]) -> None:
    assert misled(stated(*places), stated(*places)) == (1, MISLEADS)


def test_a_program_goes_on_in_its_own_test() -> None:
    statement = stated(BASE + 0x1040)
    assert misled(statement, statement, main="test_malloc_arrays") == (1, MISLEADS)


def test_what_a_program_states_stays_as_it_is() -> None:
    statement = stated(BASE + 0x1040)
    assert misled(statement, stated(BASE + 0x1050, BASE + 0x1060)) == (1, MISLEADS)
    assert misled(statement, ()) == (1, MISLEADS)


def test_frames_lie_one_above_the_other() -> None:
    stack, frame, *rest = stated(BASE + 0x1040)
    below = (stack, stack - 8, *rest)
    assert frame > stack and misled(below, below) == (1, MISLEADS)


def test_a_call_that_does_not_return_misleads_the_program() -> None:
    statement = stated(BASE + 0x1040)
    call = Entered("os_malloc", (8,), place=BASE + 0x1010, callers=statement)
    events = [*START, call, call, Returned(0, statement)]
    first = first_foreign(events, replace(CODE, callers=CALLERS))
    assert first is not None and (first.call, first.what) == (1, MISLEADS)


# ---- Other tracers -------------------------------------------------------------------------------


def test_a_tracer_that_shows_no_places_is_believed() -> None:
    events: Sequence[Event] = [Entered("os_malloc", (8,)), Returned(0)]
    assert first_foreign(events, CODE) is None


# ---- Real programs -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    suite = load_suite(ROOT / "tests" / "suite.toml").select(("all", "extra-errno"))
    return set_up(suite, plain(tmp_path_factory.mktemp("plain") / "src"), Ltrace(), 1)


@pytest.mark.parametrize("test", ["all", "extra-errno"])
def test_places_are_found_in_programs_and_in_their_traces(setup: Setup, test: str) -> None:
    program, library = setup.programs[test], setup.library
    assert isinstance(program, Path) and isinstance(library, Library)
    code = read_code(program)
    if code is None:
        pytest.skip("the programs tell by libc's help on this machine")
    assert all(code.calls.values()) and all(code.telling.values())
    run = setup.runner.run(program, library)
    assert run.trace.calls and run.foreign is None


def test_no_part_of_the_code_of_a_program_is_kept(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = setup.programs["all"]
    assert isinstance(built, Path)
    program = Path(shutil.copy(built, tmp_path))
    killed = tmp_path / "objdump"
    killed.write_text('#!/bin/sh\n/usr/bin/objdump "$@" | head -n 100\nkill -KILL $$\n')
    killed.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        with pytest.raises(UserError):
            keep_code([program])
    assert not kept_code(program).exists()
    keep_code([program])
    code = read_code(program)
    assert code is not None and {"os_malloc", "os_free"} <= set(code.calls)
