"""The files on a grade that a student gets.

    FOLDER/submissions/NAME/traces/test-TEST.trace      the trace of a failed test
    FOLDER/submissions/NAME/traces/passed.txt           the traces of all passed tests
    FOLDER/submissions/NAME/report.txt                  for people
    FOLDER/submissions/NAME/results.json                the same for programs
    FOLDER/submissions/NAME/FORMAT/...                  the same for certain programs
    FOLDER/submissions/NAME/report.html                 the same for a browser

A folder can be handed out as it is: nothing in it is for the teacher alone. A page names the grade
that it shows, and is written last. So as long as no other file is newer, the folder needs no look
into the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.reports import student
from harness.reports.audience import Audience, tr
from harness.reports.folder_names import SUBMISSIONS, safe_name
from harness.reports.formats import Format
from harness.reports.grade_values import grade_values
from harness.reports.html_grades import REPORT, GradePages
from harness.results.grade import Graded, TestResult
from harness.results.verdict import Outcome
from harness.text import printable_text
from harness.whole_file import remove_unfinished, write_whole

_REPORT = "report.txt"
_RESULTS = "results.json"
_TRACES = "traces"
_PASSED = "passed.txt"


@dataclass(frozen=True, slots=True)
class StudentFolders:
    """The folders of the submissions in a folder of results."""

    results: Path
    formats: Mapping[str, Format]
    """Other formats that each grade is written in, by their names."""
    pages: GradePages | None
    """Makes pages for browsers; None writes none."""
    audience: Audience
    """Those who get the folders: the files have what they see."""

    def write(self, name: str, graded: Graded) -> None:
        """Write the folder with this name, over what is there. Raises `OSError`."""
        with self.audience.listening():
            self._write(self.results / SUBMISSIONS / name, self.audience.view(graded))

    def _write(self, folder: Path, graded: Graded) -> None:
        if self._is_current(folder, graded):
            return
        folder.mkdir(parents=True, exist_ok=True)
        remove_unfinished(folder, _REPORT, _RESULTS, REPORT)
        _write_traces(folder / _TRACES, graded.grade.tests)
        report = student.render(graded)
        if any(test.trace for test in graded.grade.tests):
            report += f"\n{tr('The traces of the tests are in traces/.')}\n"
        _write(folder / _REPORT, report)
        values = grade_values(graded)
        del values["flags"], values["origin"]
        _write(folder / _RESULTS, json.dumps(values, indent=2) + "\n")
        for name, form in self.formats.items():
            place = folder / name
            place.mkdir(exist_ok=True)
            remove_unfinished(place, form.file_name)
            if graded.grade.skipped:
                # Other programs know no way to say that there is no grade yet.
                (place / form.file_name).unlink(missing_ok=True)
            else:
                _write(place / form.file_name, form.render(graded))
        if self.pages is not None and not self.pages.is_current(folder / REPORT, graded):
            write_whole(folder / REPORT, self.pages.render(graded))

    def _is_current(self, folder: Path, graded: Graded) -> bool:
        """Whether the page shows just this grade, and nobody has changed another file since."""
        page = folder / REPORT
        if self.pages is None or not self.pages.is_current(page, graded):
            return False
        written = page.stat().st_mtime_ns
        return all(_is_older(folder / file, written) for file in self._files(graded))

    def _files(self, graded: Graded) -> Iterator[str]:
        """Yield all files of a folder, except its page."""
        yield from (f"{_TRACES}/{name}" for name in _traces(graded.grade.tests))
        yield from (_REPORT, _RESULTS)
        if not graded.grade.skipped:
            yield from (f"{name}/{form.file_name}" for name, form in self.formats.items())


def _is_older(file: Path, than: int) -> bool:
    """Whether a file is there, was not changed after a time in nanoseconds, and is not empty, as a
    file may be that was written right before a machine lost its power."""
    try:
        status = file.stat()
    except OSError:
        return False
    return status.st_mtime_ns <= than and status.st_size > 0


def _traces(tests: Iterable[TestResult]) -> Mapping[str, Sequence[TestResult]]:
    """Return the tests with a trace, by the names of their files: one for each that failed, and one
    for all others. To make a file takes the kernel longer than all else that a trace takes."""
    traces: dict[str, list[TestResult]] = {}
    for test in tests:
        if test.trace:
            passed = test.outcome is Outcome.PASSED
            traces.setdefault(_PASSED if passed else _trace_file(test), []).append(test)
    return traces


def _trace_file(test: TestResult) -> str:
    return f"test-{safe_name(test.name)}.trace"


def _write_traces(folder: Path, tests: tuple[TestResult, ...]) -> None:
    traces = _traces(tests)
    if traces:
        folder.mkdir(exist_ok=True)
    remove_unfinished(folder, "*.trace", _PASSED)
    for name, within in traces.items():
        texts = [printable_text(test.trace) for test in within]
        if name == _PASSED:
            texts = [f"# {_trace_file(test)}\n{text}" for test, text in zip(within, texts)]
        _write(folder / name, "\n".join(texts))
    for path in (*folder.glob("*.trace"), folder / _PASSED):
        if path.name not in traces:
            path.unlink(missing_ok=True)  # it is an earlier grade's


def _write(path: Path, content: str) -> None:
    """Write a file, unless it has this content already: reading it takes a fraction of the time."""
    encoded = content.encode()
    if not (path.is_file() and path.read_bytes() == encoded):
        write_whole(path, encoded)
