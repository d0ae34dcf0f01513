"""Grading a folder of submissions: several at a time, each stored as soon as it is graded."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from harness.errors import UserError
from harness.execution.workers import Workers, completed
from harness.grading.archive.bounds import Refused
from harness.grading.archive.finding import JUNK
from harness.grading.archive.unpack import digest
from harness.grading.store import Store
from harness.grading.submission import Grader
from harness.results.grade import Grade


@dataclass(frozen=True, slots=True)
class Submission:
    """A folder or file that was handed in."""

    name: str
    path: Path
    source: str = ""
    """The folder in it that a user named as the sources; empty if none."""


@dataclass(frozen=True, slots=True)
class Done:
    """Equal submissions that have their grade now, or that a fault of the machine left without."""

    submissions: tuple[str, ...]
    grade: Grade | None
    error: str = ""
    known: bool = False
    """Whether they were graded before."""


def find_submissions(folder: Path, only: Sequence[str]) -> list[Submission]:
    """Return the submissions in a folder, by name, without hidden files and what systems leave in
    folders. Raises `UserError`."""
    found = [
        Submission(
            path.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"), path
        )
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name.lower() not in JUNK
    ]
    for name in only:
        if name not in {submission.name for submission in found}:
            close = get_close_matches(name, [submission.name for submission in found], 1)
            hint = f"did you mean {close[0]!r}?" if close else ""
            raise UserError(f"{folder}: expected a submission named {name!r}, found none", hint)
    chosen = [submission for submission in found if not only or submission.name in only]
    if not chosen:
        raise UserError(f"{folder}: expected submissions, found none")
    return sorted(chosen, key=lambda submission: submission.name)


# ---- Keys ----------------------------------------------------------------------------------------


def _submission_key(submission: Submission, grader: Grader, rules: str) -> str:
    try:
        content = digest(submission.path, grader.rules.archive)
    except Refused as refusal:
        # Without a digest of its content, its name tells it from others: it gets a grade as well.
        content = f"{submission.name} {refusal}"
    named = f" {submission.source}" if submission.source else ""
    return hashlib.sha256(f"{rules} {content}{named}".encode(errors="replace")).hexdigest()


# ---- The batch -----------------------------------------------------------------------------------


@contextmanager
def only_batch(folder: Path) -> Iterator[Path]:
    """Make a scratch folder for a batch; allow one batch at a time for each folder of results.

    Remove the scratch folders that killed batches have left. Raises `UserError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / ".scratch"
    with note.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(f"{folder}: another batch is at work here", "wait for it") from error
        lock.seek(0)
        noted = [Path(line) for line in lock.read().splitlines()]
        for left in noted:
            _remove_scratch(left)
        # Noted before it is made: whenever this batch is killed, the next one finds the folder.
        scratch = Path(tempfile.gettempdir()).absolute() / f"osmem-grade-{secrets.token_hex(8)}"
        noted.append(scratch)
        print(scratch, file=lock, flush=True)
        scratch.mkdir(0o711)
        try:
            scratch.chmod(0o711)  # whatever the umask
            yield scratch
        finally:
            if all([_remove_scratch(left) for left in noted]):
                note.unlink(missing_ok=True)


def _remove_scratch(left: Path) -> bool:
    """Remove a noted folder, if it is a batch's and ours. Return False if it is still there: the
    batch's processes may not have ended yet, and the next batch tries again."""
    if left.name.startswith("osmem-grade-") and left.is_dir() and not left.is_symlink():
        if left.stat().st_uid == os.geteuid():
            shutil.rmtree(left, ignore_errors=True)
            return not left.exists()
    return True


def _grouped(
    submissions: Iterable[Submission], grader: Grader, rules: str
) -> dict[str, list[Submission]]:
    """Group the submissions by key: what was handed in twice is graded once."""
    groups: dict[str, list[Submission]] = {}
    for submission in submissions:
        groups.setdefault(_submission_key(submission, grader, rules), []).append(submission)
    return groups


def grade_batch(
    submissions: Sequence[Submission], grader: Grader, store: Store, rules: str, jobs: int
) -> Iterator[Done]:
    """Grade the submissions that have no grade yet; store each grade before it is yielded. Raises
    `UserError`."""
    waiting: dict[Future[tuple[Grade, float]], tuple[str, list[Submission]]] = {}
    with Workers(jobs) as workers:
        for key, group in _grouped(submissions, grader, rules).items():
            names = tuple(submission.name for submission in group)
            if store.knows(key):
                store.assign(key, names)
                yield Done(names, None, known=True)
            else:
                waiting[workers.submit(_timed, grader, group[0], key)] = (key, group)
        workers.begin()
        for future in completed(waiting):
            key, group = waiting.pop(future)
            yield _store_grade(future, store, key, tuple(submission.name for submission in group))


def _timed(grader: Grader, submission: Submission, key: str) -> tuple[Grade, float]:
    started = time.monotonic()
    grade = grader.grade(submission.path, key, submission.source)
    return grade, time.monotonic() - started


def _store_grade(
    future: Future[tuple[Grade, float]], store: Store, key: str, names: tuple[str, ...]
) -> Done:
    try:
        grade, seconds = future.result()
    except Exception as error:
        # A fault of the machine, or a bug, costs one submission its grade, but not the others; the
        # next batch tries again.
        return Done(names, None, f"{type(error).__name__}: {error}")
    store.save(key, grade, seconds, names)
    return Done(names, grade)
