"""Threads that can be stopped at any moment."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from harness.execution.limits import UNLIMITED
from harness.execution.process import run
from harness.execution.workers import Workers, completed
from processes import left_of, processes_of


def test_results_come_back() -> None:
    with Workers(2) as workers:
        futures = [workers.submit(str, number) for number in range(5)]
        workers.begin()
        assert [future.result() for future in futures] == list("01234")
        assert set(completed(futures)) == set(futures)


def test_nothing_starts_before_begin() -> None:
    with Workers(2) as workers:
        future = workers.submit(str, 3)
        time.sleep(0.1)
        assert not future.done()
        workers.begin()
        assert future.result() == "3"


@pytest.mark.parametrize("begun", [False, True])
def test_an_exception_ends_what_is_running_and_starts_no_more(tmp_path: Path, begun: bool) -> None:
    def sleep(number: int) -> None:
        (tmp_path / str(number)).touch()
        run(["sh", "-c", "sleep 1000", str(tmp_path)], UNLIMITED, env=dict(os.environ))

    started = time.monotonic()
    with pytest.raises(ValueError), Workers(2) as workers:
        for number in range(5):
            workers.submit(sleep, number)
        if begun:
            workers.begin()
            while len(processes_of(tmp_path)) < 2:
                time.sleep(0.02)
        raise ValueError
    assert time.monotonic() - started < 30
    assert left_of(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == (2 if begun else 0)


def test_an_exception_ends_nothing_that_others_run(tmp_path: Path) -> None:
    def sleep(folder: Path) -> None:
        run(["sh", "-c", "sleep 1000", str(folder)], UNLIMITED, env=dict(os.environ))

    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    with pytest.raises(ValueError), Workers(1) as others:
        others.submit(sleep, theirs)
        others.begin()
        with pytest.raises(KeyError), Workers(1) as workers:
            workers.submit(sleep, mine)
            workers.begin()
            while not (processes_of(mine) and processes_of(theirs)):
                time.sleep(0.02)
            raise KeyError
        assert processes_of(mine) == []
        assert len(processes_of(theirs)) == 1
        raise ValueError
    assert processes_of(theirs) == []


def test_an_exception_ends_what_work_has_given_to_others(tmp_path: Path) -> None:
    def sleep() -> None:
        run(["sh", "-c", "sleep 1000", str(tmp_path)], UNLIMITED, env=dict(os.environ))

    def pass_on() -> None:
        with Workers(1) as inner:
            future = inner.submit(sleep)
            inner.begin()
            future.result()

    with pytest.raises(ValueError), Workers(1) as workers:
        workers.submit(pass_on)
        workers.begin()
        while not processes_of(tmp_path):
            time.sleep(0.02)
        raise ValueError
    assert left_of(tmp_path) == []


def interrupt(after: float, until: threading.Event) -> None:
    """Interrupt the main thread repeatedly: Python may drop one while it deletes an object."""
    time.sleep(after)
    while not until.is_set():
        os.kill(os.getpid(), signal.SIGINT)
        until.wait(3)


def test_an_interrupt_at_any_moment_leaves_nothing(tmp_path: Path) -> None:
    """Whatever the main thread is doing, such as starting another one."""

    def sleep() -> None:
        run(["sh", "-c", "sleep 1000", str(tmp_path)], UNLIMITED, env=dict(os.environ))

    for delay in range(40):
        ended = threading.Event()
        with pytest.raises(KeyboardInterrupt):
            threading.Thread(target=interrupt, args=(delay / 20_000, ended)).start()
            with Workers(8) as workers:
                futures = [workers.submit(sleep) for _ in range(16)]
                workers.begin()
                list(completed(futures))
        ended.set()
        assert left_of(tmp_path) == []


@pytest.mark.parametrize("lock", range(1, 16))
def test_an_interrupt_right_after_a_lock_is_taken_keeps_no_thread_from_ending(lock: int) -> None:
    taken = itertools.count(1)

    def interrupt(frame: FrameType, event: str, _: object) -> Any:
        taking = frame.f_code is threading.Condition.__enter__.__code__
        if taking and event == "return" and next(taken) == lock:
            signal.raise_signal(signal.SIGINT)
        return interrupt

    with pytest.raises(KeyboardInterrupt):
        with Workers(2) as workers:
            sys.settrace(interrupt)
            try:
                futures = [workers.submit(int) for _ in range(4)]
                workers.begin()
                list(completed(futures))
                signal.raise_signal(signal.SIGINT)  # fewer locks were taken
            finally:
                sys.settrace(None)
