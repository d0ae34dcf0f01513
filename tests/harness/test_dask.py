"""Grading on the workers of a Dask cluster."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from batches import ALL
from dask_clusters import (
    Batch,
    again_and_again,
    cluster,
    dask,
    made_batch,
    rest_of,
    started,
    wait_for,
)
from harness.execution.build import ROOT
from processes import command_lines, left_of
from submissions import plain

pytestmark = [
    pytest.mark.needs("python3-distributed"),
    pytest.mark.xdist_group("dask"),  # they share a batch
]

_MANY = 40


@pytest.fixture(scope="module")
def batch() -> Iterator[Batch]:
    with made_batch() as made:
        yield made


def test_a_cluster_gives_the_gradebook_of_one_machine(batch: Batch) -> None:
    ended = batch.grade("local", "--dask", "local:2")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert batch.results("local") == batch.results("alone")
    with (batch.top / "local" / "gradebook.csv").open(newline="") as table:
        rows = {row["submission"]: row for row in csv.DictReader(table)}
    assert rows["plain"]["points"] == rows["packed.tar.gz"]["points"] == str(ALL)
    assert rows["no-archive.zip"]["status"] == "refused"
    timing = json.loads((batch.top / "local" / "timing.json").read_text())
    assert (timing["workers"], timing["cores"]) == (2, 2)
    assert left_of("dask") == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("local:x", "--dask local:x: expected a number of workers, as in local:4"),
        ("local:0", "--dask local:0: expected a number of workers, as in local:4"),
        ("tcp://127.0.0.1:1", "tcp://127.0.0.1:1: expected the scheduler of a Dask cluster"),
        ("nowhere", "nowhere: expected the scheduler of a Dask cluster"),
        ("ucx://127.0.0.1:1", "ucx://127.0.0.1:1: expected the scheduler of a Dask cluster"),
        ("tcp://me:geheim@127.0.0.1:1", "--dask: expected no user or password in the address"),
    ],
)
def test_without_a_cluster_nothing_is_graded(batch: Batch, address: str, message: str) -> None:
    ended = batch.grade("nothing", "--dask", address)
    assert ended.returncode == 2
    assert ended.stderr.startswith(message) or f": {message}" in ended.stderr
    assert ended.stderr.count("\n") == 1 and "geheim" not in ended.stderr
    assert not (batch.top / "nothing" / "gradebook.csv").exists()


def test_a_worker_is_no_scheduler(batch: Batch) -> None:
    distributed = pytest.importorskip("distributed")
    with cluster(batch.top, 1) as (address, _), distributed.Client(address) as client:
        client.wait_for_workers(1)
        (worker,) = client.scheduler_info()["workers"]
        ended = batch.grade("nothing", "--dask", worker)
    assert ended.returncode == 2
    assert f"{worker}: expected the scheduler of a Dask cluster, found none: what" in ended.stderr


def test_workers_that_die_cost_no_grade(batch: Batch) -> None:
    with cluster(batch.top, 2) as (address, _):
        with batch.grading("killed", "--dask", address) as command:
            begun = wait_for(command, "begun")
            assert json.loads(begun)["worker"] in ("worker-0", "worker-1")
            for pid in [pid for pid, line in command_lines().items() if "spawn_main" in line]:
                os.kill(pid, signal.SIGKILL)
            messages = rest_of(command)
        assert (command.returncode, "Traceback" in begun + messages) == (0, False)
    assert batch.results("killed") == batch.results("alone")


@pytest.mark.parametrize("moment", ["starting", "grading"])
def test_an_interrupt_of_a_cluster_that_was_started_here_is_no_error(
    batch: Batch, moment: str
) -> None:
    words = batch.command("interrupted", "--dask", "local:2", "--progress", "json", "--fresh")
    with subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal interrupts all that a command has started
    ) as command:
        if moment == "grading":
            wait_for(command, "begun")
        while moment == "starting" and "spawn_main" not in " ".join(command_lines().values()):
            time.sleep(0.01)
        os.killpg(command.pid, signal.SIGINT)
        lines = [line for line in rest_of(command).splitlines() if not line.startswith("{")]
    assert command.returncode == 130
    stored = "the grades so far are stored; run the same command to resume"
    assert lines == [stored, "", "interrupted"]
    assert left_of("dask") == []


def test_a_scheduler_that_dies_is_an_error_in_one_line_and_costs_no_grade(batch: Batch) -> None:
    with cluster(batch.top, 1) as (address, scheduler):
        with batch.grading("left", "--dask", address) as command:
            wait_for(command, "done")
            os.kill(scheduler, signal.SIGKILL)
            *_, last = rest_of(command).splitlines()
        assert command.returncode == 2
        assert last.startswith("Error: the scheduler of the cluster is gone")
    ended = batch.grade("left", "--dask", "local:1")
    assert ended.returncode == 0
    assert "known before" in ended.stdout
    assert batch.results("left") == batch.results("alone")


@pytest.mark.slow
def test_a_scheduler_that_comes_back_costs_no_grade(batch: Batch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    scheduling = (*dask("scheduler"), "--host", address)
    working = again_and_again((*dask("worker"), address, "--nthreads", "1"))
    with tempfile.TemporaryDirectory(dir=batch.top) as name, ExitStack() as stack:
        folder = Path(name)
        scheduler = stack.enter_context(started(*scheduling, folder=folder))
        stack.enter_context(started(*working, folder=folder))
        with batch.grading("back", "--dask", address) as command:
            wait_for(command, "done")
            os.kill(scheduler.pid, signal.SIGKILL)
            scheduler.wait()
            stack.enter_context(started(*scheduling, folder=folder))
            rest_of(command)
        assert command.returncode == 0
    assert batch.results("back") == batch.results("alone")


@pytest.mark.slow
def test_one_that_is_named_overtakes_a_batch(batch: Batch) -> None:
    """The batch is long enough for a machine with much else to do."""
    for number in range(_MANY):
        plain(batch.top / "many" / "submissions" / f"{number:02}" / "src", f"N {number}")
    shutil.copy(batch.top / "short.toml", batch.top / "many")
    many, last = Batch(batch.top / "many"), f"{_MANY - 1}"
    with cluster(batch.top, 1) as (address, _):
        with many.grading("long", "--dask", address) as command:
            wait_for(command, "begun")
            urgent = many.grade("urgent", "--dask", address, "--only", last)
            assert command.poll() is None, "the batch ended first"
            rest_of(command)
    assert (urgent.returncode, command.returncode) == (0, 0)
    assert points(many.top / "urgent") == {last: str(ALL)}
    assert points(many.top / "long") == {f"{number:02}": str(ALL) for number in range(_MANY)}


def points(out: Path) -> dict[str, str]:
    with (out / "gradebook.csv").open(newline="") as table:
        return {row["submission"]: row["points"] for row in csv.DictReader(table)}


def copy_checkout(folder: Path) -> None:
    for name in ("harness", "tests", "utils"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "checker.py", folder)


def test_a_worker_with_another_checker_refuses(batch: Batch) -> None:
    other = batch.top / "checkout"
    copy_checkout(other)
    with (other / "harness" / "errors.py").open("a") as module:
        module.write("# another version\n")
    with cluster(batch.top, 1, root=other) as (address, _):
        ended = batch.grade("other", "--dask", address)
    assert ended.returncode == 2
    assert "expected the same checker and the same suite as those of the batch" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (batch.top / "other" / "gradebook.csv").exists()


SUITE = """
extends = "tests/suite.toml"
only = ["malloc-split-first", "malloc-preallocate"]
"""
OWN_SUITE = """
extends = "../../few.toml"
references = "ref"
[policy]
alignment = {alignment}
"""


def test_a_worker_with_another_suite_for_one_student_refuses_at_once(batch: Batch) -> None:
    mine, theirs, handed_in = (batch.top / name for name in ("mine", "theirs", "per-student"))
    copy_checkout(mine)
    (mine / "few.toml").write_text(SUITE)
    for name, alignment in {"anna": 16, "bert": 32}.items():
        shutil.copytree(ROOT / "tests" / "ref", mine / "own" / name / "ref")
        (mine / "own" / name / "suite.toml").write_text(OWN_SUITE.format(alignment=alignment))
        plain(handed_in / name / "src")
    (mine / "own" / "students.csv").write_text("student\nanna\nbert\n")
    shutil.copytree(mine, theirs)
    (theirs / "own" / "bert" / "suite.toml").write_text(OWN_SUITE.format(alignment=8))
    with cluster(batch.top, 1, root=theirs) as (address, _):
        words = (mine / "checker.py", "grade", handed_in, "--out", batch.top / "refused")
        options = ("--per-student", mine / "own", "--dask", address, "--no-style")
        call = [*map(str, words), *map(str, options)]
        ended = subprocess.run(call, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "own/bert/suite.toml: expected the same checker and the same suite" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not (batch.top / "refused" / "gradebook.csv").exists()


def test_what_nobody_has_is_said_for_all_workers(batch: Batch) -> None:
    with cluster(batch.top, 0) as (address, _):
        ended = batch.grade("idle", "--dask", address)
    assert ended.returncode == 2
    assert "expected workers, found none" in ended.stderr
