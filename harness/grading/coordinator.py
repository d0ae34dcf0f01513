"""The one who hands submissions to an engine, and stores grades as soon as they come back.

Equal submissions are graded once. What another batch on the same database has graded meanwhile is
not graded again: each submission is looked up right before a worker is free for it. What is looked
up, or stored, at about the same time shares a transaction.

A submission that is replaced while it waits or is graded does not get the grade of its old content,
nor the old content that of the new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from harness.grading.arrivals import State, state_of
from harness.grading.archive.bounds import Refused
from harness.grading.archive.unpack import digest
from harness.grading.batch import Submission
from harness.grading.engine import Ended, Engine, Started, Task, why_skipped
from harness.grading.store import Fresh, Store
from harness.grading.submission import Grader
from harness.results.grade import Status
from harness.results.packed import PackedGrade

_LOOKED_UP = 64
"""How many submissions are looked up together: those that have a grade need no worker, and each
transaction has to reach the disk."""
_CHANGED = "it was changed while it was graded"


@dataclass(frozen=True, slots=True)
class Begun:
    """Equal submissions that a worker grades now."""

    submissions: tuple[str, ...]
    worker: str


@dataclass(frozen=True, slots=True)
class Done:
    """Equal submissions that have their grade now, unless its status is skipped."""

    submissions: tuple[str, ...]
    status: Status | None
    """None if they were graded before, or by another batch."""
    worker: str = ""
    """Empty if none had to work."""
    seconds: float = 0


Progress = Begun | Done


@dataclass(frozen=True, slots=True)
class Terms:
    """What a submission is graded by, and where its grade is stored."""

    store: Store
    grader: Grader
    rules: str
    """The key of the rules."""


@dataclass(slots=True)
class _Group:
    """Equal submissions, and the states they were in when they were read."""

    terms: Terms
    members: dict[str, tuple[Submission, State]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.members))

    @property
    def first(self) -> tuple[Submission, State]:
        return next(iter(self.members.values()))


@dataclass(frozen=True, slots=True)
class _Settled:
    """What comes of a task: the names of submissions, and their grade."""

    ended: Ended
    terms: Terms
    names: tuple[str, ...]
    grade: PackedGrade


class Coordinator:
    """Grades what is added to it, step by step. Its methods raise `UserError`."""

    def __init__(self, engine: Engine, terms_of: Callable[[str], Terms | None]) -> None:
        """``terms_of`` returns the terms of a submission, by its name; None if it is to be left
        out."""
        self._engine = engine
        self._terms_of = terms_of
        self._waiting: dict[str, _Group] = {}
        self._at_work: dict[str, _Group] = {}
        self._twins: dict[str, _Group] = {}
        """Those that wait for the grade of an equal one that is at work."""
        self._graded: dict[str, Status] = {}
        """What became of those that have been graded, by their keys."""
        self._keys: dict[str, str] = {}
        """The key of the latest content of each submission, by its name."""
        self._contents: dict[str, str] = {}
        """The digests of submissions, by their keys."""

    @property
    def pending(self) -> int:
        """The number of submissions that have no grade yet."""
        groups = (*self._waiting.values(), *self._at_work.values(), *self._twins.values())
        return sum(len(group.members) for group in groups)

    @property
    def idle(self) -> bool:
        """Whether nothing waits, and nobody works."""
        return not self._waiting and not self._at_work

    def add(self, submission: Submission) -> Iterator[Progress]:
        """Add a submission, in place of an earlier one of the same name."""
        terms = self._terms_of(submission.name)
        if terms is None:
            return
        try:
            state = state_of(submission.path)
            key = self._key(submission, terms)
        except OSError as error:
            skipped = _skipped(terms, why_skipped(error))
            terms.store.skip(skipped, (submission.name,))
            yield Done((submission.name,), Status.SKIPPED)
            return
        for groups in (self._waiting, self._twins):
            if replaced := groups.get(self._keys.get(submission.name, "")):
                replaced.members.pop(submission.name, None)
        self._keys[submission.name] = key
        groups = self._twins if key in self._at_work else self._waiting
        groups.setdefault(key, _Group(terms)).members[submission.name] = submission, state

    def step(self, seconds: float) -> Iterator[Progress]:
        """Give work to those who are free, and yield what has happened; wait for that if it takes
        no longer than some seconds."""
        while self._waiting and (free := self._engine.capacity - len(self._at_work)) > 0:
            yield from self._begin(free)
        settled: list[_Settled] = []
        for event in self._engine.events(seconds):
            if event.task.key not in self._at_work:
                continue  # it is done already
            if isinstance(event, Started):
                yield Begun(self._at_work[event.task.key].names, event.worker)
            else:
                settled.append(self._settle(event))
        self._save([each for each in settled if not each.grade.skipped])
        for each in settled:
            if each.grade.skipped:
                each.terms.store.skip(each.grade, each.names)
            else:
                self._graded[each.ended.task.key] = each.grade.status
            yield Done(each.names, each.grade.status, each.ended.worker, each.ended.seconds)

    def _save(self, settled: list[_Settled]) -> None:
        """Store grades, those by the same rules together."""
        stores: dict[str, tuple[Store, list[Fresh]]] = {}
        for each in settled:
            task, seconds = each.ended.task, each.ended.seconds
            _, fresh = stores.setdefault(task.rules, (each.terms.store, []))
            fresh.append(Fresh(task.key, each.grade, seconds, each.names))
        for store, fresh in stores.values():
            store.save(*fresh)

    def _begin(self, free: int) -> Iterator[Progress]:
        """Begin to grade no more than what workers are free for, and settle what has a grade."""
        keys = list(islice(self._waiting, max(free, _LOOKED_UP)))
        groups = {key: self._waiting[key] for key in keys}
        for key in [key for key, group in groups.items() if not group.members]:  # all replaced
            del groups[key], self._waiting[key]
        known = _assign(groups)
        begun = dict(islice(((key, groups[key]) for key in groups if key not in known), free))
        for key in (*known, *begun):
            del self._waiting[key]
        self._at_work |= begun
        self._engine.submit([self._task(key, group) for key, group in begun.items()])
        for key in known:
            yield Done(groups[key].names, self._graded.get(key))

    def _task(self, key: str, group: _Group) -> Task:
        submission, _ = group.first
        rules, content = group.terms.rules, self._contents[key]
        return Task(key, rules, submission.path, submission.source, content)

    def _settle(self, ended: Ended) -> _Settled:
        """Return what comes of a task."""
        key = ended.task.key
        group = self._at_work.pop(key)
        terms, grade = group.terms, ended.grade
        again = self._twins.pop(key, _Group(terms))
        submission, state = group.first
        if not _is_in(state, submission):
            del group.members[submission.name]
            again.members.update(group.members)
            grade = _skipped(terms, _CHANGED)
            group = _Group(terms, {submission.name: (submission, state)})
        if again.members:
            self._waiting[key] = again
        names = tuple(name for name in group.names if self._keys[name] == key)
        return _Settled(ended, terms, names, grade)

    def _key(self, submission: Submission, terms: Terms) -> str:
        try:
            content = digest(submission.path, terms.grader.rules.archive)
        except Refused as refusal:
            # Without a digest of its content, its name tells it from others: it gets a grade, too.
            content = f"{submission.name} {refusal}"
        named = f" {submission.source}" if submission.source else ""
        key = _digest(f"{terms.rules} {content}{named}")
        self._contents[key] = _digest(f"{content}{named}")
        return key


def _assign(groups: Mapping[str, _Group]) -> set[str]:
    """Assign existing grades to submissions, and return the keys of these grades."""
    stores: dict[str, tuple[Store, dict[str, Sequence[str]]]] = {}
    for key, group in groups.items():
        _, names = stores.setdefault(group.terms.rules, (group.terms.store, {}))
        names[key] = group.names
    return {key for store, names in stores.values() for key in store.assign(names)}


def _skipped(terms: Terms, reason: str) -> PackedGrade:
    return PackedGrade.of(terms.grader.without_tests(Status.SKIPPED, reason))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _is_in(state: State, submission: Submission) -> bool:
    try:
        return state_of(submission.path) == state
    except OSError:
        return False
