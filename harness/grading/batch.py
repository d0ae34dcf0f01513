"""Grading a folder of submissions: several at a time, each stored as soon as it is graded."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from harness.errors import UserError
from harness.execution.workers import Workers, completed
from harness.grading.archive.bounds import Refused
from harness.grading.archive.finding import APPLE_DOUBLE, JUNK
from harness.grading.archive.unpack import digest
from harness.grading.faults import settled_grade
from harness.grading.store import Store
from harness.grading.submission import Grader
from harness.results.grade import Grade, Status


@dataclass(frozen=True, slots=True)
class Submission:
    """A folder or file that was handed in."""

    name: str
    path: Path
    source: str = ""
    """The folder in it that a user named as the sources; empty if none."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """All that is in a folder of submissions."""

    folder: Path
    submissions: Sequence[Submission]
    """The submissions, by name."""
    junk: Sequence[str]
    """The names of what systems leave in folders."""

    def choose(self, only: Sequence[str]) -> list[Submission]:
        """Return the submissions of these names, or all if none is named. Raises `UserError`."""
        names = [submission.name for submission in self.submissions]
        if not names:
            raise UserError(f"{self.folder}: expected submissions, found none")
        for name in only:
            if name not in names:
                close = get_close_matches(name, names, 1)
                hint = f"did you mean {close[0]!r}?" if close else ""
                raise UserError(
                    f"{self.folder}: expected a submission named {name!r}, found none", hint
                )
        return [each for each in self.submissions if not only or each.name in only]


def list_folder(folder: Path) -> HandedIn:
    """List a folder of submissions. Raises `OSError`."""
    submissions, junk = [], []
    for path in folder.iterdir():
        name = _printed(path.name)
        if path.name.lower() in JUNK or path.name.startswith(APPLE_DOUBLE):
            junk.append(name)
        else:
            submissions.append(Submission(name, path))
    return HandedIn(folder, sorted(submissions, key=lambda each: each.name), sorted(junk))


def _printed(name: str) -> str:
    """Return a printable name. No two names are printed alike."""
    return "".join(c if c.isprintable() and c != "\\" else _escaped(c) for c in name)


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python reads it
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{{{code:x}}}"


@dataclass(frozen=True, slots=True)
class Done:
    """Equal submissions that have their grade now, unless its status is skipped."""

    submissions: tuple[str, ...]
    status: Status | None
    """None if they were graded before."""


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


def grade_batch(
    submissions: Sequence[Submission], grader: Grader, store: Store, rules: str, jobs: int
) -> Iterator[Done]:
    """Grade the submissions that have no grade yet; store each grade before it is yielded. Raises
    `UserError`."""
    groups: dict[str, list[Submission]] = {}  # what was handed in twice is graded once
    for submission in submissions:
        try:
            key = _submission_key(submission, grader, rules)
        except OSError as error:
            yield _skip(error, grader, store, (submission.name,))
        else:
            groups.setdefault(key, []).append(submission)
    waiting: dict[Future[tuple[Grade, float]], tuple[str, list[Submission]]] = {}
    with Workers(jobs) as workers:
        for key, group in groups.items():
            names = tuple(submission.name for submission in group)
            if store.knows(key):
                store.assign(key, names)
                yield Done(names, None)
            else:
                waiting[workers.submit(_timed, grader, group[0], key)] = (key, group)
        workers.begin()
        for future in completed(waiting):
            key, group = waiting.pop(future)
            names = tuple(submission.name for submission in group)
            try:
                grade, seconds = future.result()
            except Exception as error:
                yield _skip(error, grader, store, names)
            else:
                store.save(key, grade, seconds, names)
                yield Done(names, grade.status)


def _timed(grader: Grader, submission: Submission, key: str) -> tuple[Grade, float]:
    started = time.monotonic()
    grade = settled_grade(grader, submission.path, key, submission.source)
    return grade, time.monotonic() - started


def _skip(error: Exception, grader: Grader, store: Store, names: tuple[str, ...]) -> Done:
    """Note that a fault of the machine, or of the checker, left submissions without a grade. It
    costs the others nothing, and the next batch tries again."""
    store.skip(grader.without_tests(Status.SKIPPED, _reason(error)), names)
    return Done(names, Status.SKIPPED)


def _reason(error: Exception) -> str:
    match error:
        case UserError():
            return str(error)
        case OSError(strerror=str(why)):
            return f"{error.filename}: {why}" if error.filename else why
        case OSError():
            return str(error)
    return f"the checker failed: {type(error).__name__}: {error}"
