"""Writing the folders of students while others are still graded, in the time that is left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from harness.grading.batch import Submission
from harness.reports.folder_names import safe_name, submission_folders
from harness.reports.student_folder import StudentFolders
from harness.results.grade import Graded


class EarlyFolders:
    """The folders of submissions that have their grades. The gradebook is written in the end, with
    all folders that are not there by then, or no longer right."""

    def __init__(
        self,
        folders: StudentFolders,
        submissions: Sequence[Submission],
        graded: Callable[[Sequence[Submission]], Iterable[Graded]],
    ) -> None:
        """``submissions`` are all of the batch, and ``graded`` returns those with a grade."""
        self._folders = folders
        self._graded = graded
        self._submissions = dict(_sure(submissions))
        self._waiting: deque[Submission] = deque()

    def add(self, names: Iterable[str]) -> None:
        """Let folders be written, those of submissions that have just got their grades."""
        self._waiting += filter(None, map(self._submissions.get, names))

    def write(self, seconds: float) -> None:
        """Write folders for about as long."""
        deadline = time.monotonic() + seconds
        while self._waiting and time.monotonic() < deadline:
            try:
                for graded in self._graded([self._waiting.popleft()]):
                    self._folders.write(safe_name(graded.submission), graded)
            except OSError:  # the gradebook has to be written, too, and says what is wrong
                self._waiting.clear()
                self._submissions = {}


def _sure(submissions: Sequence[Submission]) -> Iterator[tuple[str, Submission]]:
    """Yield submissions, by name, whose folders are called like them, whichever others there are:
    those without a grade are not in the gradebook, and take no name from others."""
    folders = submission_folders(Path(), [submission.name for submission in submissions])
    for submission in submissions:
        if folders[submission.name].name == safe_name(submission.name):
            yield submission.name, submission
