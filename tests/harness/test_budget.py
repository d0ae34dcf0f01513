"""A budget: what counts, what does not, and what happens when it is used up."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from threading import Event, Thread, Timer

import pytest

from harness.execution.budget import Budget, BudgetUsedUp, charging_this_thread
from harness.execution.output import Output
from harness.execution.limits import Limits
from harness.execution.process import run
from harness.execution.process_tree import usage_of_all
from harness.execution.turns import alone
from harness.execution.workers import Workers, result_of
from harness.grading.rules import load_rules
from harness.suite import SuiteError, load_suite

LIMITS = Limits(60, None, 16, processor_seconds=50, sleep_seconds=50)


def do(script: str) -> None:
    output = Output(LIMITS.file_bytes)
    command = ["sh", "-c", script]
    run(command, LIMITS, env=dict(os.environ), stdout=output, measure=usage_of_all)


def test_processor_time_and_sleep_count() -> None:
    budget = Budget(100, 100)
    with budget.applied():
        do("sleep 2")
    assert 1 < budget.used_seconds <= 2.5
    slept = budget.used_seconds
    with budget.applied():
        do("i=0; while [ $i -lt 3000000 ]; do i=$((i+1)); done")
    assert budget.used_seconds > slept + 0.3


def test_waiting_for_a_process_that_shares_the_memory_counts() -> None:
    wait = "import ctypes, time; c = ctypes.CDLL(None); c.vfork() or (c.sleep(3), c._exit(0))"
    budget = Budget(100, 100)
    with budget.applied():
        do(f"{sys.executable} -I -c '{wait}'")
    assert budget.used_seconds > 2


def test_what_other_work_runs_does_not_count() -> None:
    budget = Budget(100, 100)
    with budget.applied():
        do(":")
    do("sleep 1")
    assert budget.used_seconds < 0.5


def test_waiting_for_a_turn_does_not_count() -> None:
    budget = Budget(100, 100)
    has_turn, other_is_done = Event(), Event()

    def take_turn() -> None:
        with alone():
            has_turn.set()
            other_is_done.wait()

    thread = Thread(target=take_turn)
    thread.start()
    has_turn.wait()
    Timer(2, other_is_done.set).start()
    with budget.applied():
        do(":")
    thread.join()
    assert budget.used_seconds < 0.5


def test_the_work_of_the_checker_counts() -> None:
    budget = Budget(100, 100)
    with budget.applied(), charging_this_thread():
        before = time.thread_time()
        while time.thread_time() - before < 0.3:
            pass
    assert 0.3 <= budget.used_seconds < 0.5


def test_output_counts_and_nothing_starts_when_it_is_used_up(tmp_path: Path) -> None:
    budget = Budget(100, 1)
    with budget.applied(), Workers(1) as workers:
        works = [
            workers.submit(do, script)
            for script in ("head -c 1048575 /dev/zero", "echo", f"touch {tmp_path}/ran")
        ]
        workers.begin()
        result_of(works[0])
        result_of(works[1])
        with pytest.raises(BudgetUsedUp, match="^the submission had used its 1 MiB of output$"):
            result_of(works[2])
    assert not (tmp_path / "ran").exists()
    do(f"touch {tmp_path}/ran")
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("seconds = 0", "budget: seconds: expected 1 to 86400, found 0"),
        ("seconds = true", "budget: seconds: expected a number, found True"),
        ("output_mib = 'x'", "budget: output_mib: expected a number, found 'x'"),
        ("minutes = 2", "budget: expected one of seconds, output_mib, found 'minutes'"),
    ],
)
def test_a_wrong_budget_is_reported(tmp_path: Path, table: str, message: str) -> None:
    root = Path(__file__).resolve().parents[2]
    path = tmp_path / "suite.toml"
    path.write_text(f'extends = "{root}/tests/suite.toml"\n[budget]\n{table}\n')
    with pytest.raises(SuiteError, match=message):
        load_rules(load_suite(path))


def test_a_suite_without_a_budget_has_the_default_one(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    whole = (root / "tests" / "suite.toml").read_text()
    head, _, rest = whole.partition("[budget]")
    path = tmp_path / "suite.toml"
    paths = (("snippets", "snippets"), ("references", "ref/default"))
    for key, folder in paths:
        head = head.replace(f'{key} = "{folder}"', f'{key} = "{root}/tests/{folder}"')
    path.write_text(head + rest[rest.index("[archive]") :])
    budget = load_rules(load_suite(path)).budget
    assert (budget.seconds, budget.output_mib) == (120, 200)
