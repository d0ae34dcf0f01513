"""The folders of sources that a user names: `--source NAME=PATH` for a submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from harness.errors import UserError
from harness.execution.sandbox import scratch_folder
from harness.grading.archive.bounds import ArchiveLimits, Refused
from harness.grading.archive.finding import NoSuchFolder
from harness.grading.archive.unpack import unpack
from harness.grading.batch import Submission


def name_sources(
    submissions: Sequence[Submission], given: Sequence[str], limits: ArchiveLimits, scratch: Path
) -> list[Submission]:
    """Return the submissions, with the folders of sources that a user named; ``scratch`` is for
    temporary files. Raises `UserError` for a name or a folder that does not exist."""
    named: dict[str, Submission] = {}
    for text in given:
        submission = _named(submissions, text)
        if submission.name in named:
            raise UserError(
                f"--source {text}: expected each submission once, found {submission.name} again"
            )
        _require_folder(submission, text, limits, scratch)
        named[submission.name] = submission
    return [named.get(submission.name, submission) for submission in submissions]


def _named(submissions: Sequence[Submission], text: str) -> Submission:
    """Return the submission in NAME=PATH, with its folder. Both may have more of these signs."""
    fitting = [each for each in submissions if text.startswith(f"{each.name}=")]
    if fitting:
        longest = max(fitting, key=lambda each: len(each.name))
        path = text.removeprefix(f"{longest.name}=")
        return replace(longest, source=str(PurePosixPath(path)) if path else "")
    name, sign, _ = text.partition("=")
    if not sign:
        raise UserError(f"--source {text}: expected NAME=PATH, found no '='")
    close = get_close_matches(name, [each.name for each in submissions], 1)
    hint = f"did you mean {close[0]!r}?" if close else "name one that is to be graded"
    raise UserError(f"--source {text}: expected a submission named {name!r}, found none", hint)


def _require_folder(
    submission: Submission, text: str, limits: ArchiveLimits, scratch: Path
) -> None:
    if not submission.source:
        raise UserError(f"--source {text}: expected a folder after '=', found nothing")
    try:
        with scratch_folder(scratch) as folder:
            unpack(submission.path, folder / "unpacked", limits, submission.source)
    except Refused as refusal:
        raise UserError(
            f"--source {text}: {submission.name} can't be unpacked: {refusal}", "leave it out"
        ) from refusal
    except NoSuchFolder as error:
        raise UserError(f"--source {text}: {error.message}", error.advice) from error
