"""Nothing is lost when the system refuses a request: each request of a program in turn."""

from __future__ import annotations

from pathlib import Path

from driver import Driver
from harness.specification.invariants import find_problems
from harness.specification.policy import Policy
from harness.trace.trace import NULL, End, How
from programs import expected_errnos, play_on_model

PROGRAM = [
    "m 0 1000",  # the first growth
    "m 1 100000",
    "m 2 60000",  # extends the last block
    "m 3 200000",  # a mapping
    "c 4 10 1000",  # another mapping
    "r 3 300000",  # from mapping to mapping
    "r 0 140000",  # from the heap to a mapping
    "m 6 1000",
    "r 2 61000",  # in place, at the end of the heap
    "r 1 100008",  # moves, by growth
    "c 5 3 300",
    "r 4 100",  # from a mapping to the heap
]
SLOTS = 7


def refused_requests(driver: Driver) -> int:
    trace = driver.play(PROGRAM).trace
    return sum(request.name != "munmap" for call in trace.calls for request in call.requests)


def test_each_request_is_refused_in_turn(sanitized: Path) -> None:
    ends = [f"f {slot}" for slot in range(SLOTS)]
    with Driver(sanitized) as driver:
        count = refused_requests(driver)
        assert count >= 8
        for number in range(1, count + 1):
            program = [f"x {number}", *PROGRAM, *ends]
            report = driver.play(program)
            steps = play_on_model(program, Policy())
            failed = [step.failed for step in steps]
            assert failed.count(True) == 1
            at = failed.index(True)
            assert report.wrong == []
            assert report.trace.calls[at].result == NULL
            assert report.errnos == expected_errnos(steps)
            assert list(report.trace.calls) == [step.call for step in steps]
            assert report.trace.end == End(How.EXIT, 0)
            assert find_problems(report.trace, 8).leaked == ()


def test_a_call_works_again_once_the_system_relents(sanitized: Path) -> None:
    with Driver(sanitized) as driver:
        trace = driver.play(["x 1", "m 0 1000", "m 0 1000", "f 0"]).trace
    assert [str(call.result) for call in trace.calls[:2]] == ["NULL", "heap+0x20"]
