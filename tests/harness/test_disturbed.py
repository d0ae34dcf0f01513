"""A batch on a cluster where everything breaks once: workers, the scheduler, the database, and the
network between the scheduler and the workers."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from dask_clusters import (
    Batch,
    again_and_again,
    dask,
    made_batch,
    rest_of,
    started,
    wait_for,
)
from postgres import Cluster
from processes import command_lines

pytestmark = [
    pytest.mark.needs("python3-distributed", "postgresql"),
    pytest.mark.xdist_group("postgres"),
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a network and cut it"),
]

HERE, THERE = "10.203.0.1", "10.203.0.2"
INSIDE = f"osmem-{os.getpid()}"
CABLE = f"osmem{os.getpid()}"
SCHEDULER = f"tcp://{HERE}:8786"
CUT_SECONDS = 40
"""Longer than Dask waits for an answer."""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@contextmanager
def network() -> Iterator[None]:
    """A network for the workers, with a cable to it."""
    ip("netns", "add", INSIDE)
    try:
        ip("link", "add", CABLE, "type", "veth", "peer", "name", "inside", "netns", INSIDE)
        ip("addr", "add", f"{HERE}/30", "dev", CABLE)
        ip("link", "set", CABLE, "up")
        for words in (f"addr add {THERE}/30 dev inside", "link set inside up", "link set lo up"):
            ip("-n", INSIDE, *words.split())
        yield
    finally:
        ip("netns", "del", INSIDE)


@contextmanager
def workers_that_die(seconds: float) -> Iterator[None]:
    """Kill a random worker again and again."""
    over = threading.Event()
    chosen = random.Random(1)

    def kill() -> None:
        while not over.wait(seconds):
            workers = [pid for pid, line in command_lines().items() if "spawn_main" in line]
            if workers:
                os.kill(chosen.choice(workers), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def test_the_gradebook_is_that_of_one_undisturbed_machine(postgres: Cluster) -> None:
    with made_batch() as batch, network(), ExitStack() as stack:
        scheduling = (*dask("scheduler"), "--host", SCHEDULER)
        working = (*dask("worker"), SCHEDULER, "--nthreads", "1", "--host", THERE)
        scheduler = stack.enter_context(started(*scheduling, folder=batch.top))
        for number in range(2):
            folder = batch.top / f"worker-{number}"
            folder.mkdir()
            inside = ("ip", "netns", "exec", INSIDE, *again_and_again(working))
            stack.enter_context(started(*inside, folder=folder))
        database = postgres.new_database()
        options = ("--dask", SCHEDULER, "--db", postgres.url(database))
        with workers_that_die(10), batch.grading("disturbed", *options) as command:
            wait_for(command, "done")
            postgres.stop(signal.SIGQUIT)
            time.sleep(3)
            postgres.start()
            ip("link", "set", CABLE, "down")
            threading.Timer(CUT_SECONDS, ip, ("link", "set", CABLE, "up")).start()
            wait_for(command, "done")
            scheduler.kill()
            scheduler.wait()
            stack.enter_context(started(*scheduling, folder=batch.top))
            rest_of(command)
        go_on_until_all_is_graded(batch, command.returncode, *options)
        assert batch.results("disturbed") == batch.results("alone")
        rules = postgres.sql(database, "SELECT DISTINCT rules FROM submissions")
        assert len(rules) == 1


def go_on_until_all_is_graded(batch: Batch, status: int, *options: str) -> None:
    """Start the command again where it says that the cluster is gone."""
    for _ in range(5):
        if status == 0:
            return
        ended = batch.grade("disturbed", *options)
        assert "Traceback" not in ended.stderr
        status = ended.returncode
    assert status == 0
