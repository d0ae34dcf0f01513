"""Limits of time: what counts, and that a program alone is alone."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.execution.limits import Excess, Finished, Limits, UNLIMITED
from harness.execution.process import run
from harness.execution.process_tree import usage_below, usage_of_all
from harness.execution.turns import alone, shared

LIMITS = Limits(60, None, None, processor_seconds=0.3, sleep_seconds=1)


def run_below_a_shell(script: str) -> Finished:
    """Run a script in a shell below another shell, which stands for the tracer."""
    command = ["sh", "-c", f"sh -c '{script}'; :"]
    return run(command, LIMITS, env=dict(os.environ), measure=lambda pid: usage_below(pid, "sh"))


LOOP = "while :; do :; done"


@pytest.mark.parametrize(
    ("script", "excess"),
    [
        (LOOP, Excess.PROCESSOR),
        ("trap : INT TERM HUP XCPU ALRM; " + LOOP, Excess.PROCESSOR),
        (f"({LOOP}) & sleep 50", Excess.PROCESSOR),
        ("sleep 50", Excess.SLEEP),
        ("sleep 50 & sleep 50", Excess.SLEEP),
        ("sleep 0.6", None),
        (":", None),
    ],
)
def test_a_program_is_stopped_for(script: str, excess: Excess | None) -> None:
    assert run_below_a_shell(script).excess is excess


def test_children_that_have_ended_count() -> None:
    short = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"
    assert run_below_a_shell(f"while :; do ({short}); done").excess is Excess.PROCESSOR


VANISHING = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        while time.process_time() < 0.02:
            pass
        os._exit(0)
    time.sleep(0.01)
"""


def test_children_that_vanish_count() -> None:
    limits = Limits(200, None, None, processor_seconds=3)
    command = [sys.executable, "-I", "-c", VANISHING]
    assert run(command, limits, env={}, measure=usage_of_all).excess is Excess.PROCESSOR


def test_the_memory_of_all_together_counts() -> None:
    hold = "{ head -c 60M /dev/zero; sleep 50; } | tail -n 1"
    for count, excess in (3, Excess.MEMORY), (1, None):
        limits = Limits(60, 128, None)
        script = f"{f'{hold} & ' * count} sleep 3"
        ended = run(["sh", "-c", script], limits, env=dict(os.environ), measure=usage_of_all)
        assert ended.excess is excess


def test_what_the_tracer_uses_does_not_count() -> None:
    busy = "sleep 50 & i=0; while [ $i -lt 1500000 ]; do i=$((i+1)); done"
    before = processor_seconds_of_children()
    ended = run(
        ["sh", "-c", busy], LIMITS, env=dict(os.environ), measure=lambda pid: usage_below(pid, "sh")
    )
    assert ended.excess is None
    assert processor_seconds_of_children() - before > LIMITS.processor_seconds


def processor_seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_nothing_runs_beside_a_command_that_runs_alone() -> None:
    def sleep() -> None:
        run(["sleep", "0.1"], UNLIMITED, env=dict(os.environ))

    waiting = threading.Event()
    ended: list[int] = []

    def others(number: int) -> None:
        waiting.wait()
        sleep()
        ended.append(number)

    with ThreadPoolExecutor(4) as threads:
        futures = [threads.submit(others, number) for number in range(4)]
        with alone():
            waiting.set()
            before = len(ended)
            sleep()
            time.sleep(0.3)
            assert len(ended) == before == 0
        for future in futures:
            future.result()
    assert sorted(ended) == [0, 1, 2, 3]


def test_to_run_alone_is_to_wait_for_what_runs() -> None:
    order: list[str] = []
    started = threading.Event()

    def first() -> None:
        with shared():
            started.set()
            time.sleep(0.2)
            order.append("beside others")

    thread = threading.Thread(target=first)
    thread.start()
    started.wait()
    with pytest.raises(ValueError), alone():
        order.append("alone")
        raise ValueError
    thread.join()
    with shared():  # whatever ended the turn, the next one begins
        order.append("after")
    assert order == ["beside others", "alone", "after"]
