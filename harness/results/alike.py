"""Which tests failed alike: at the same call, for the same reason."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from harness.results.verdict import Outcome, Verdict

_PLACE = re.compile(r"\S+\.c:\d+: ")
_ARGUMENTS = re.compile(r"(?<=os_)(\w+)\([^)]*\)")


def failed_alike(verdict: Verdict) -> Hashable:
    """Return what is equal for tests that failed alike. In a test that differs, every word counts;
    where a run went wrong, it does not matter in which line and with which arguments."""
    reason = verdict.reason
    if verdict.outcome is not Outcome.DIFFERS:
        reason = _ARGUMENTS.sub(r"\1()", _PLACE.sub("", reason))
    return verdict.outcome, reason


def group_alike(verdicts: Iterable[Verdict]) -> list[list[Verdict]]:
    """Return verdicts in groups that failed alike, in the order of their first ones."""
    groups: dict[Hashable, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(failed_alike(verdict), []).append(verdict)
    return list(groups.values())
