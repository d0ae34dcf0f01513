"""Noticing submissions that arrive, or are replaced, in a folder.

The folder is looked at every second or so: this works on every file system, also on those of
another machine, where the kernel tells no changes. An upload is complete once nothing of it has
changed for a moment; if it then goes on, it counts as replaced.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from harness.grading.batch import Submission, list_folder

_SETTLED_SECONDS = 2.0
"""How long a complete submission has not changed."""
_LEAST_PAUSE = 0.5
_SHARE = 10
"""Looking at the folder takes at most one part in so many of the time."""
_MOST_ENTRIES = 100_000
"""More than any submission may have."""

State = int
"""A hash of what changes if any file of a submission does."""


def state_of(path: Path) -> State:
    """Return the state of a submission; no link is followed. Raises `OSError`."""
    return hash(frozenset(islice(_states(path), _MOST_ENTRIES)))


def _states(path: Path) -> Iterator[tuple[str, int, int, int]]:
    info = path.lstat()
    yield "", info.st_ino, info.st_ctime_ns, info.st_size
    if stat.S_ISDIR(info.st_mode):
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                inner = os.lstat(os.path.join(folder, name))
                yield os.path.join(folder, name), inner.st_ino, inner.st_ctime_ns, inner.st_size


class Arrivals:
    """The submissions of a folder as they come."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed: dict[str, tuple[State, float]] = {}
        """The state of each submission, and when it was first seen in it."""
        self._taken: dict[str, State] = {}
        self._next = 0.0

    def complete(self) -> Iterator[Submission]:
        """Yield the submissions that are new, or replaced, and complete. Raises `OSError`."""
        began = time.monotonic()
        if began < self._next:
            return
        listed = list_folder(self._folder).submissions
        for submission in listed:
            try:
                state = state_of(submission.path)
            except OSError:
                continue  # it has just gone
            seen, since = self._changed.get(submission.name, (None, began))
            if seen != state:
                self._changed[submission.name] = state, began
            elif began - since >= _SETTLED_SECONDS and self._taken.get(submission.name) != state:
                self._taken[submission.name] = state
                yield submission
        now = time.monotonic()
        self._next = now + max(_LEAST_PAUSE, _SHARE * (now - began))
