"""A folder of submissions, and the one batch at a time that may write a folder of results."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from harness.errors import UserError
from harness.grading.archive.finding import APPLE_DOUBLE, JUNK


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


# ---- One batch at a time -------------------------------------------------------------------------


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
