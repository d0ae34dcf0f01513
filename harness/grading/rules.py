"""The rules for grading many submissions, in the suite's file: how large a submission may be, what
style is worth, and which tests are repeated with randomized sizes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from harness.execution.versions import Versions
from harness.grading.archive.bounds import ArchiveLimits
from harness.grading.style import StyleRules, read_style
from harness.suite import (
    Suite,
    SuiteError,
    Test,
    check_keys,
    load_content,
    number_within,
    whole_number,
)

_ARCHIVE_KEYS = tuple(field.name for field in fields(ArchiveLimits))
_BUDGET_RANGE = (1, 86_400)
NO_STYLE = StyleRules(0, 0, ())


@dataclass(frozen=True, slots=True)
class BudgetRules:
    """What build, tests, repetitions and style of a submission may use together; see
    `harness.execution.budget`."""

    seconds: float = 120
    output_mib: float = 200


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that a batch is graded by."""

    archive: ArchiveLimits
    style: StyleRules
    randomized: tuple[Test, ...]
    budget: BudgetRules
    made_with: Versions
    """The versions of the tools that the suite was made with; the summary names other ones."""


def load_rules(suite: Suite) -> Rules:
    """Read the rules in a suite's file; without rules for style, style is worth nothing. Raises
    `SuiteError`."""
    path = suite.path
    content = load_content(path)
    archive = check_keys(path, "archive", content.get("archive", {}), _ARCHIVE_KEYS)
    style = content.get("style")
    return Rules(
        ArchiveLimits(
            **{k: whole_number(path, "archive", archive, k, None) for k in _ARCHIVE_KEYS}
        ),
        NO_STYLE if style is None else read_style(path, style),
        _randomized(path, suite, content.get("randomized")),
        _budget(path, content.get("budget", {})),
        _made_with(path, content.get("made_with", {})),
    )


def _budget(path: Path, table: object) -> BudgetRules:
    known = tuple(field.name for field in fields(BudgetRules))
    values = check_keys(path, "budget", table, known)
    return BudgetRules(
        **{key: number_within(path, "budget", values, key, _BUDGET_RANGE) for key in values}
    )


def _made_with(path: Path, versions: dict[str, object]) -> Versions:
    for tool, version in versions.items():
        if not isinstance(version, str):
            raise SuiteError(
                f"{path}: made_with: {tool}: expected a version such as '12.2.0', found {version!r}"
            )
    return {tool: str(version) for tool, version in versions.items()}


def _randomized(path: Path, suite: Suite, names: list[object] | None) -> tuple[Test, ...]:
    if names is None:
        return tuple(test for test in suite.tests if not test.extra)
    tests = {test.name: test for test in suite.tests}
    for name in names:
        if name not in tests:
            raise SuiteError(f"{path}: randomized: expected the names of tests, found {name!r}")
    return tuple(tests[str(name)] for name in names)
