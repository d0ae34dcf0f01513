"""Building the tests' programs.

They do not depend on the library they will run with: they are built once for all of them, by the
Makefile beside them, which knows what is up to date.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from harness.execution.build import BUILD, ROOT, UTILS, make
from harness.execution.build_error import BuildError, first_error
from harness.suite import Suite

SNIPPETS_MAKEFILE = ROOT / "tests" / "snippets" / "Makefile"
"""It makes the programs of all suites."""


def _programs_folder(suite: Suite) -> Path:
    snippets = suite.snippets.resolve()
    if snippets == SNIPPETS_MAKEFILE.parent:
        return BUILD / "snippets"
    return BUILD / f"snippets-{hashlib.sha256(os.fsencode(snippets)).hexdigest()[:12]}"


PLAYER = "player"
"""The program beside the tests' that plays calls it is given; see tests/snippets/player.c."""


def build_player(suite: Suite, jobs: int) -> Path:
    """The player. Raises `BuildError`."""
    player = _programs_folder(suite) / PLAYER
    said = _make(suite, [player], jobs)
    if said is not None:
        raise BuildError(next(iter(said.splitlines()), "make failed"))
    return player


def build_programs(suite: Suite, jobs: int) -> dict[str, Path | BuildError]:
    """The program of each test, by its name, or why there is none."""
    folder = _programs_folder(suite)
    targets = {test.name: folder / f"test-{test.name}" for test in suite.tests}
    said = _make(suite, list(targets.values()), jobs)
    if said is None:
        return dict(targets)
    return {
        test.name: _program_or_error(test.snippet, targets[test.name], said) for test in suite.tests
    }


def _make(suite: Suite, targets: list[Path], jobs: int) -> str | None:
    """Makes programs; None if all are made, else what make said."""
    folders = {"SNIPPETS": suite.snippets, "UTILS_PATH": UTILS, "OUT": _programs_folder(suite)}
    return make(SNIPPETS_MAKEFILE.parent, folders, targets, "--keep-going", f"--jobs={jobs}")


def _program_or_error(snippet: Path, program: Path, said: str) -> Path | BuildError:
    if program.exists():
        return program
    log = program.with_suffix(".log")
    if not snippet.is_file():
        return BuildError(f"{snippet}: there is no such file")
    if log.is_file() and log.stat().st_size:
        return BuildError(first_error(log), log)
    return BuildError(next(iter(said.splitlines()), "make failed"))
