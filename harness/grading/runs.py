"""The two ways to grade a folder: once, or whatever arrives in it, until somebody ends that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from harness.grading.arrivals import Arrivals
from harness.grading.batch import Submission
from harness.grading.coordinator import Coordinator, Progress

_STEP_SECONDS = 0.2
_ADDING_SECONDS = 0.1
"""How long to read submissions before workers get more of them."""
_MEANWHILE_SECONDS = 0.05
"""How long to do something else before looking again for what has happened."""
_LEAST_PAUSE = 2.0
_SHARE = 10
"""Writing the gradebook takes at most one part in so many of the time."""


def grade_all(
    coordinator: Coordinator,
    submissions: Iterable[Submission],
    meanwhile: Callable[[float], None],
) -> Iterator[Progress]:
    """Grade submissions that are all there. While workers grade, call ``meanwhile`` with the
    seconds that there are to do something else. Raises `UserError`."""
    next_step = 0.0
    for submission in submissions:
        yield from coordinator.add(submission)
        if time.monotonic() >= next_step:  # grading begins before all have been read
            yield from coordinator.step(0)
            next_step = time.monotonic() + _ADDING_SECONDS
    while not coordinator.idle:
        yield from coordinator.step(_STEP_SECONDS)
        meanwhile(_MEANWHILE_SECONDS)


def grade_arrivals(
    coordinator: Coordinator,
    folder: Path,
    sources: Mapping[str, str],
    added: Callable[[], None],
    write: Callable[[], object],
) -> Iterator[Progress]:
    """Grade what is in a folder and what arrives there, without end. ``sources`` are the folders of
    sources that a user named, by the names of submissions. ``added`` is called after submissions
    were added, and ``write`` to write the gradebook after some were graded, but not all the time.
    Raises `UserError` and `OSError`."""
    arrivals = Arrivals(folder)
    graded, next_writing = True, 0.0
    while True:
        complete = list(arrivals.complete())
        for submission in complete:
            named = replace(submission, source=sources.get(submission.name, ""))
            yield from coordinator.add(named)
        if complete:
            added()
        for progress in coordinator.step(_STEP_SECONDS):
            graded = True
            yield progress
        if graded and time.monotonic() >= next_writing:
            began = time.monotonic()
            write()
            now = time.monotonic()
            graded, next_writing = False, now + max(_LEAST_PAUSE, _SHARE * (now - began))
