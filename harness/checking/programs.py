"""Building the programs of the tests.

A program does not depend on the library that it will run with, so that each is built once for all
libraries. The Makefile beside the programs knows which are up to date.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from harness.execution.build import BUILD, ROOT, make
from harness.execution.build_error import BuildError, first_error
from harness.execution.kit import UTILS
from harness.suite import Suite

SNIPPETS_MAKEFILE = ROOT / "tests" / "snippets" / "Makefile"
"""The Makefile that builds the programs of all suites."""


def _programs_folder(suite: Suite) -> Path:
    snippets = suite.snippets.resolve()
    if snippets == SNIPPETS_MAKEFILE.parent:
        return BUILD / "snippets"
    return BUILD / f"snippets-{hashlib.sha256(os.fsencode(snippets)).hexdigest()[:12]}"


PLAYER = "player"
"""The program that plays the calls on its standard input; see tests/snippets/player.c."""


def build_player(suite: Suite, jobs: int) -> Path:
    """Build the player, and return its path. Raises `BuildError`."""
    player = _programs_folder(suite) / PLAYER
    messages = _make(suite, [player], jobs)
    if messages is not None:
        raise BuildError(next(iter(messages.splitlines()), "make failed"))
    return player


def build_programs(suite: Suite, jobs: int) -> dict[str, Path | BuildError]:
    """Build the program of each test. Return its path, or why it could not be built, by the name of
    the test."""
    folder = _programs_folder(suite)
    targets = {test.name: folder / f"test-{test.name}" for test in suite.tests}
    messages = _make(suite, list(targets.values()), jobs)
    if messages is None:
        return dict(targets)
    return {
        test.name: _program_or_error(test.snippet, targets[test.name], messages)
        for test in suite.tests
    }


def _make(suite: Suite, targets: list[Path], jobs: int) -> str | None:
    """Run make. Return None if it made all targets, and its messages if not."""
    folders = {"SNIPPETS": suite.snippets, "UTILS_PATH": UTILS, "OUT": _programs_folder(suite)}
    return make(SNIPPETS_MAKEFILE.parent, folders, targets, "--keep-going", f"--jobs={jobs}")


def _program_or_error(snippet: Path, program: Path, messages: str) -> Path | BuildError:
    if program.exists():
        return program
    log = program.with_suffix(".log")
    if not snippet.is_file():
        return BuildError(f"{snippet}: expected the program of a test, found no file")
    if log.is_file() and log.stat().st_size:
        return BuildError(first_error(log), log)
    return BuildError(next(iter(messages.splitlines()), "make failed"))
