"""A batch and an engine that grades elsewhere: whatever that loses, repeats or overlooks, each
submission has the grade of its own content, once."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grades import GRADE
from harness.execution.build import ROOT
from harness.grading.batch import Submission
from harness.grading.coordinator import Begun, Coordinator, Done, Terms
from harness.grading.engine import Ended, Event, Started, Task
from harness.grading.rules import load_rules
from harness.grading.store import Store
from harness.grading.submission import Grader, Programs
from harness.results.grade import Origin, Status
from harness.results.packed import PackedGrade
from harness.suite import load_suite
from harness.tracers.ltrace import Ltrace

pytestmark = pytest.mark.xdist_group("postgres")


class Elsewhere:
    """An engine whose grades name the content of the file. What travels is copied, as to another
    machine; nothing happens before the test lets it."""

    workers = cores = 1
    capacity = 2

    def __init__(self) -> None:
        self.tasks: deque[Task] = deque()
        self.happened: list[bytes] = []

    def submit(self, tasks: Sequence[Task]) -> None:
        self.tasks += pickle.loads(pickle.dumps(tasks))

    def events(self, seconds: float) -> Sequence[Event]:
        happened, self.happened = self.happened, []
        return [pickle.loads(event) for event in happened]

    def send(self, event: Event) -> None:
        self.happened.append(pickle.dumps(event))

    def grade(self) -> Ended:
        """Grade the first task."""
        task = self.tasks.popleft()
        self.send(Started(task, "somebody"))
        grade = replace(GRADE, reason=task.path.read_text())
        ended = Ended(task, "somebody", PackedGrade.of(grade), 1)
        self.send(ended)
        return ended


class Batch:
    """A coordinator with all that belongs to it."""

    def __init__(self, folder: Path, database: str) -> None:
        suite = load_suite(ROOT / "tests" / "suite.toml")
        rules = load_rules(suite)
        programs = Programs({}, folder)
        grader = Grader(
            suite, rules, lambda: programs, Ltrace(), None, "seed", {}, folder, Origin()
        )
        self.folder = folder
        self.engine = Elsewhere()
        self.store = Store(database, "rules")
        terms = Terms(self.store, grader, "rules")
        self.coordinator = Coordinator(self.engine, lambda _: terms)

    def hand_in(self, name: str, content: str) -> None:
        (self.folder / name).write_text(content)
        assert list(self.coordinator.add(Submission(name, self.folder / name))) == []

    def step(self, times: int = 3) -> list[Begun | Done]:
        return [event for _ in range(times) for event in self.coordinator.step(0)]

    def grades(self, *names: str) -> dict[str, str]:
        return {each.submission: each.grade.reason for each in self.store.graded(names)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "handed-in").mkdir()
    return tmp_path / "handed-in"


@pytest.fixture
def batch(folder: Path, database: str) -> Batch:
    return Batch(folder, database)


def test_equal_submissions_are_graded_once_whenever_they_arrive(batch: Batch) -> None:
    batch.hand_in("ana", "one")
    batch.hand_in("bob", "one")
    assert batch.step() == []
    batch.hand_in("eve", "one")
    batch.engine.grade()
    begun, *done = batch.step(4)
    assert begun == Begun(("ana", "bob"), "somebody")
    assert done == [
        Done(("ana", "bob"), Status.GRADED, "somebody", 1),
        Done(("eve",), Status.GRADED),
    ]
    batch.hand_in("zoe", "one")
    assert batch.step() == [Done(("zoe",), Status.GRADED)]
    assert not batch.engine.tasks and batch.coordinator.idle
    assert set(batch.grades("ana", "bob", "eve", "zoe").values()) == {"one"}


def test_an_engine_gets_no_more_than_it_takes(batch: Batch) -> None:
    for number in range(5):
        batch.hand_in(f"{number}", f"{number}")
    batch.step()
    assert len(batch.engine.tasks) == 2
    batch.engine.grade()
    batch.step()
    assert len(batch.engine.tasks) == 2
    assert batch.coordinator.pending == 4


def test_what_is_replaced_before_it_is_graded_is_graded_once(batch: Batch) -> None:
    batch.hand_in("ana", "old")
    batch.hand_in("ana", "new")
    batch.step()
    batch.engine.grade()
    batch.step()
    assert batch.grades("ana") == {"ana": "new"}
    assert not batch.engine.tasks and batch.coordinator.idle


def test_what_is_replaced_while_it_is_graded_gets_the_grade_of_its_own_content(
    batch: Batch,
) -> None:
    batch.hand_in("ana", "old")
    batch.hand_in("bob", "old")
    batch.step()
    (batch.folder / "ana").write_text("new")
    batch.engine.grade()
    assert Done(("ana",), Status.SKIPPED, "somebody", 1) in batch.step()
    assert "changed while it was graded" in batch.grades("ana")["ana"]
    batch.hand_in("ana", "new")
    for _ in range(2):
        batch.step()
        batch.engine.grade()
    batch.step(5)
    assert batch.grades("ana", "bob") == {"ana": "new", "bob": "old"}


def test_a_task_that_is_done_twice_changes_nothing(batch: Batch) -> None:
    batch.hand_in("ana", "one")
    batch.step()
    ended = batch.engine.grade()
    batch.engine.send(Started(ended.task, "another"))
    batch.engine.send(
        replace(ended, worker="another", grade=PackedGrade.of(replace(GRADE, reason="two")))
    )
    assert [type(event) for event in batch.step(5)] == [Begun, Done]
    assert batch.grades("ana") == {"ana": "one"}


def test_a_worker_that_fails_leaves_the_submission_for_the_next_batch(batch: Batch) -> None:
    batch.hand_in("ana", "one")
    batch.step()
    skipped = replace(GRADE, status=Status.SKIPPED, reason="the machine is gone")
    batch.engine.send(Ended(batch.engine.tasks.popleft(), "somebody", PackedGrade.of(skipped), 1))
    assert batch.step() == [Done(("ana",), Status.SKIPPED, "somebody", 1)]
    batch.hand_in("ana", "one")
    batch.step()
    batch.engine.grade()
    batch.step()
    assert batch.grades("ana") == {"ana": "one"}


def test_batches_on_one_database_share_the_work(folder: Path, database: str) -> None:
    first, second = Batch(folder, database), Batch(folder, database)
    names = [f"{number}" for number in range(6)]
    for name in names:
        first.hand_in(name, name)
    for name in reversed(names):
        assert list(second.coordinator.add(Submission(name, folder / name))) == []
    graded = 0
    while not (first.coordinator.idle and second.coordinator.idle):
        for batch in (first, second):
            batch.step()
            while batch.engine.tasks:
                batch.engine.grade()
                graded += 1
    assert graded < 2 * len(names)
    assert first.grades(*names) == second.grades(*names) == {name: name for name in names}
