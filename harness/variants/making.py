"""Making a variant of a suite: its references, the proof that it judges, and its assignment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from harness.checking.check import Setup, check, set_up
from harness.checking.matrix import Cost
from harness.checking.recording import record_references
from harness.diagnosis.making import make_table, recorded_costs, recorded_points
from harness.diagnosis.table import table_file, table_of, write_table
from harness.errors import UserError
from harness.execution.build import ROOT, build_library
from harness.results.verdict import Outcome, Reference
from harness.specification.assignment import render_assignment
from harness.specification.policy import Policy
from harness.suite import Suite, load_suite
from harness.tracers.tracer import Tracer

_SUITE = "suite.toml"
_SPECIFICATION = "specification.md"


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant that was made."""

    suite: Suite
    costs: Sequence[Cost]
    """What each known mistake costs in it."""
    unnoticed: Sequence[str]
    """The mistakes that cost points in the suite that it extends, and none here."""
    points_of_base: int
    """What a right solution of that suite gets here."""


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Make a folder that is at ``path`` once it is complete; until then it is a hidden one beside
    it. Raises `UserError` if there is something already."""
    if path.exists() or path.is_symlink():
        raise UserError(f"{path}: expected nothing there, found something", "name a new folder")
    if not path.parent.is_dir():
        raise UserError(f"{path}: expected a folder {path.parent}, found none", "make it first")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.mkdir()
    try:
        yield unfinished
        unfinished.rename(path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def make_variant(
    folder: Path, base: Suite, policy: Policy, tracer: Tracer, jobs: int, with_table: bool
) -> Variant:
    """Make a variant of a suite in a folder, with its table of known mistakes if wanted. Raises
    `UserError` if it would not judge as the suite does."""
    _write_suite(folder / _SUITE, base, policy)
    suite = load_suite(folder / _SUITE)
    setup = set_up(suite, ROOT / "src", tracer, jobs)
    for recorded in record_references(setup, force=False):
        if recorded.reference is Reference.REFUSED:
            raise UserError(f"{recorded.test.name}: no reference: {recorded.reason}")
    _require_all_points(setup, jobs)
    if with_table:
        write_table(make_table(suite, setup.programs, jobs), table_file(suite))
    costs = recorded_costs(suite, setup.programs, jobs)
    _require_judging(suite, costs)
    assignment = render_assignment(policy, variant=True)
    (folder / _SPECIFICATION).write_text(assignment, encoding="utf-8")
    return Variant(
        suite,
        costs,
        _unnoticed(base, costs),
        recorded_points(suite, setup.programs, base.policy),
    )


def _write_suite(path: Path, base: Suite, policy: Policy) -> None:
    extends = os.path.relpath(base.path.absolute(), path.parent.absolute())
    settings = (
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
        for key, value in policy.settings().items()
    )
    lines = [
        "# A variant made by `checker.py variant`. specification.md is the text of its assignment.",
        "",
        f'extends = "{extends}"',
        'references = "ref"',
        "",
        "[policy]",
        *settings,
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _require_all_points(setup: Setup, jobs: int) -> None:
    """Raise an error unless the plain implementation passes all tests."""
    source = ROOT / "tests" / "plain"
    suite = setup.suite
    library = build_library(source, suite.build_limits, flags=suite.compiler)
    for verdict in check(replace(setup, library=library), jobs):
        if verdict.outcome is not Outcome.PASSED:
            raise UserError(
                f"{verdict.test.name}: expected that the plain implementation passes, found"
                f" {verdict.outcome}: {verdict.reason}"
            )


def _require_judging(suite: Suite, costs: Sequence[Cost]) -> None:
    """Raise an error if no known mistake against its rules fails a test that has points."""
    for test in suite.tests:
        judged = (
            failure.test == test.name and cost.mistake.rule in test.rules
            for cost in costs
            for failure in cost.failed
        )
        if test.rules and not test.extra and not any(judged):
            raise UserError(
                f"{test.name}: expected that a mistake against one of its rules fails it, found"
                f" none of {len(costs)}",
                "choose settings closer to those of the assignment",
            )


def _unnoticed(base: Suite, costs: Sequence[Cost]) -> list[str]:
    table = table_of(base)
    points = {test.name: test.points for test in base.tests}
    return [
        cost.mistake.name
        for cost in costs
        if table is not None
        and cost.points == 0
        and any(points.get(name) for name in table.failed_by(cost.mistake.name))
    ]
