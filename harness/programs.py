"""Building the tests' programs.

They do not depend on the library they will run with: they are built once for all of them, by the
Makefile beside them, which knows what is up to date.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from harness.build import BUILD, BUILD_ENV, ROOT, UTILS, BuildError, first_error
from harness.suite import Suite

_SNIPPETS_MAKEFILE = ROOT / "tests" / "snippets" / "Makefile"


def _programs_folder(suite: Suite) -> Path:
    snippets = suite.snippets.resolve()
    if snippets == _SNIPPETS_MAKEFILE.parent:
        return BUILD / "snippets"
    return BUILD / f"snippets-{hashlib.sha256(os.fsencode(snippets)).hexdigest()[:12]}"


def build_programs(suite: Suite, jobs: int) -> dict[str, Path | BuildError]:
    """The program of each test, by its name, or why there is none."""
    folder = _programs_folder(suite)
    targets = {test.name: folder / f"test-{test.name}" for test in suite.tests}
    here = _SNIPPETS_MAKEFILE.parent
    made = subprocess.run(
        [
            "make",
            "--silent",
            "--keep-going",
            f"--jobs={jobs}",
            # Relative to the Makefile's folder: make can't cope with a space in a path above it.
            f"SNIPPETS={os.path.relpath(suite.snippets, here)}",
            f"UTILS_PATH={os.path.relpath(UTILS, here)}",
            f"OUT={os.path.relpath(folder, here)}",
            *(os.path.relpath(target, here) for target in targets.values()),
        ],
        cwd=here,
        env=BUILD_ENV,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if made.returncode == 0:
        return dict(targets)
    return {
        test.name: _program_or_error(test.snippet, targets[test.name], made.stderr)
        for test in suite.tests
    }


def _program_or_error(snippet: Path, program: Path, said: str) -> Path | BuildError:
    if program.exists():
        return program
    log = program.with_suffix(".log")
    if not snippet.is_file():
        return BuildError(f"{snippet}: there is no such file")
    if log.is_file() and log.stat().st_size:
        return BuildError(first_error(log), log)
    return BuildError(next(iter(said.splitlines()), "make failed"))
