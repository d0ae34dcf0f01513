"""A plugin for pytest: the tests of a suite appear where pytest's do, so also in editors.

`tests/snippets/conftest.py` loads it. The report of a failed test is what `check` prints of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from harness.checking.check import Setup, check_test, set_up
from harness.cli.options import DEFAULT_SOURCE, DEFAULT_SUITE, choose_tests
from harness.errors import UserError
from harness.reports.failures import show_failure
from harness.reports.page import WIDEST_DRAWING
from harness.results.verdict import Outcome, Verdict
from harness.suite import Suite, Test
from harness.tracers.select import choose_tracer

_SUITE = pytest.StashKey[Suite]()
_SETUP = pytest.StashKey[Setup]()


class _Failed(Exception):
    """A test that did not pass."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that `check` has as well."""
    group = parser.getgroup("osmem")
    group.addoption("--src", type=Path, default=DEFAULT_SOURCE, help="the folder of your sources")
    group.addoption("--suite", type=Path, default=DEFAULT_SUITE, help="the file of the suite")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a test program, if the suite has it."""
    if file_path.suffix != ".c":
        return None
    tests = [test for test in _suite(parent.config).tests if _is_program(test, file_path)]
    return _Program.from_parent(parent, path=file_path) if tests else None


def _is_program(test: Test, path: Path) -> bool:
    return test.snippet.resolve() == path.resolve()


def _suite(config: pytest.Config) -> Suite:
    if _SUITE not in config.stash:
        try:
            config.stash[_SUITE] = choose_tests(config.getoption("--suite"))
        except UserError as error:
            raise pytest.UsageError(str(error)) from error
    return config.stash[_SUITE]


def _setup(config: pytest.Config) -> Setup:
    """Build the library and the programs, once."""
    if _SETUP not in config.stash:
        jobs = len(os.sched_getaffinity(0))
        source = config.getoption("--src")
        config.stash[_SETUP] = set_up(_suite(config), source, choose_tracer("ltrace"), jobs)
    return config.stash[_SETUP]


class _Program(pytest.File):
    """The program of a test."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield its test."""
        for test in _suite(self.config).tests:
            if _is_program(test, self.path):
                yield _Item.from_parent(self, name=test.name, test=test)


class _Item(pytest.Item):
    """A test of the suite."""

    def __init__(self, *, test: Test, **others: Any) -> None:
        super().__init__(**others)
        self._test = test

    def runtest(self) -> None:
        """Run it. Its points are noted in the file of --junitxml."""
        verdict = check_test(_setup(self.config), self._test)
        self.user_properties += [("points", verdict.points), ("max_points", self._test.points)]
        if verdict.outcome is Outcome.SKIPPED:
            pytest.skip(verdict.reason)
        if verdict.outcome is not Outcome.PASSED:
            raise _Failed(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what `check` prints of a test that is named."""
        match excinfo.value:
            case _Failed(verdict=verdict):
                return self._explained(verdict)
            case UserError() as error:
                return f"Error: {error}"
        return super().repr_failure(excinfo, style)

    def _explained(self, verdict: Verdict) -> str:
        text = StringIO()
        console = Console(
            file=text, width=WIDEST_DRAWING, highlight=False, markup=False, emoji=False
        )
        policy = _suite(self.config).policy
        show_failure(console, verdict, whole=False, traces=True, policy=policy)
        return text.getvalue().strip("\n")

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the test is."""
        return self.path, 0, self.name
