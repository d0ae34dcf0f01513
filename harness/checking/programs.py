"""Building the programs of the tests.

A program does not depend on the library that it will run with, so that each is built once for all
libraries, or once for a batch. The Makefile beside the tests knows which are up to date, and which
of them are one file with many names.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from harness.checking.layout import ProgramLayout
from harness.checking.program_code import keep_code, kept_code
from harness.checking.traced import traced_copy, write_traced_copy
from harness.execution.build import BUILD, ROOT, make
from harness.execution.build_error import BuildError, first_error
from harness.execution.kit import UTILS
from harness.execution.lock import exclusive
from harness.specification.policy import Policy
from harness.suite import Suite

SNIPPETS_MAKEFILE = ROOT / "tests" / "snippets" / "Makefile"
"""The Makefile that builds the programs of all suites."""
_MAKERS = [Path(__file__).with_name(name) for name in ("program_code.py", "traced.py")]
"""The modules that make what belongs to a program."""


def _numbers(policy: Policy) -> dict[str, int]:
    """Return the numbers of a policy as tests/snippets/snippet.h names them."""
    return {
        "ALIGNMENT": policy.alignment,
        "MMAP_THRESHOLD": policy.mmap_threshold,
        "CALLOC_THRESHOLD": policy.calloc_threshold,
        "SMALLEST_PAYLOAD": policy.smallest_rest,
        "FIRST_OF_MALLOC": policy.prealloc_malloc or policy.mmap_threshold,
        "FIRST_OF_CALLOC": min(
            policy.prealloc_calloc or policy.calloc_threshold, policy.calloc_threshold
        ),
    }


def _definitions(policy: Policy) -> str:
    """Return the definitions that programs are compiled with: what differs from the usual."""
    usual = _numbers(Policy())
    found = {name: n for name, n in _numbers(policy).items() if n != usual[name]}
    numbers = (f"-D{name}={number}" for name, number in found.items())
    return " ".join((*numbers, *policy.definitions()))


def _compiled_folder(suite: Suite) -> Path:
    snippets, definitions = suite.snippets.resolve(), _definitions(suite.policy)
    if snippets == SNIPPETS_MAKEFILE.parent and not definitions:
        return BUILD / "snippets"
    named = os.fsencode(snippets) + definitions.encode()
    return BUILD / f"snippets-{hashlib.sha256(named).hexdigest()[:12]}"


PLAYER = "player"
"""The program that plays the calls on its standard input; see tests/snippets/player.c."""


def build_player(suite: Suite, jobs: int, layout: ProgramLayout | None = None) -> Path:
    """Build the player, and return its path. Raises `BuildError`."""
    player = _folder(suite, layout) / PLAYER
    messages = _make(suite, [player], jobs, layout)
    if messages is not None:
        raise BuildError(next(iter(messages.splitlines()), "make failed"))
    return player


def build_programs(
    suite: Suite, jobs: int, layout: ProgramLayout | None = None
) -> dict[str, Path | BuildError]:
    """Build the program of each test. Return its path, or why it could not be built, by the name of
    the test."""
    folder = _folder(suite, layout)
    targets = {test.name: folder / f"test-{test.name}" for test in suite.tests}
    messages = _make(suite, list(targets.values()), jobs, layout)
    if messages is None:
        return dict(targets)
    return {
        test.name: _program_or_error(test.snippet, targets[test.name], messages)
        for test in suite.tests
    }


def _folder(suite: Suite, layout: ProgramLayout | None) -> Path:
    return _compiled_folder(suite) if layout is None else layout.folder


def _make(suite: Suite, targets: list[Path], jobs: int, layout: ProgramLayout | None) -> str | None:
    """Run make. Return None if it made all targets, and its messages if not."""
    folders = {
        "SNIPPETS": suite.snippets,
        "UTILS_PATH": UTILS,
        "OUT": _compiled_folder(suite),
        "PROGRAMS": _folder(suite, layout),
    }
    options = [f"--jobs={jobs}", f"POLICY={_definitions(suite.policy)}"]
    options += layout.options if layout is not None else ()
    together = partial(make, SNIPPETS_MAKEFILE.parent, folders, targets, *options)
    messages = together()
    if messages is not None:
        # One that can't be compiled stops all that are compiled with it.
        messages = together("--keep-going", "APART=1")
    _complete([target for target in targets if target.exists()])
    return messages


def _complete(programs: Sequence[Path]) -> None:
    """Make what belongs to each program: see `keep_code` and `write_traced_copy`."""
    if not any(map(_is_incomplete, programs)):
        return
    with exclusive(BUILD):
        # Another checker may have made some of it meanwhile, or all.
        new = [program for program in programs if _is_incomplete(program)]
        names = defaultdict(list)
        for program in new:
            names[program.stat().st_ino].append(program)
        if new:
            keep_code([same[0] for same in names.values()])
        for first, *others in names.values():
            write_traced_copy(first)
            for other in others:
                _link(kept_code(first), kept_code(other))
                _link(traced_copy(first), traced_copy(other))


def copy_programs(programs: Iterable[Path], folder: Path) -> None:
    """Copy programs, with what belongs to each, to a folder. One file with many names stays one.
    Raises `OSError`."""
    copies: dict[int, Path] = {}
    for program in programs:
        for path in (program, kept_code(program), traced_copy(program)):
            copy, file = folder / path.relative_to(program.parent), path.stat().st_ino
            copy.parent.mkdir(exist_ok=True)
            if file in copies:
                copy.hardlink_to(copies[file])
                continue
            try:
                copies[file] = Path(shutil.copy2(path, copy))
            except OSError as error:
                error.filename = str(copy)  # not what is read
                raise


def _link(file: Path, name: Path) -> None:
    """Give a file another name, in place of what has that name."""
    name.unlink(missing_ok=True)
    name.hardlink_to(file)


def _is_incomplete(program: Path) -> bool:
    made = max(path.stat().st_mtime_ns for path in (program, *_MAKERS))
    return any(
        not path.exists() or path.stat().st_mtime_ns < made
        for path in (kept_code(program), traced_copy(program))
    )


def _program_or_error(snippet: Path, program: Path, messages: str) -> Path | BuildError:
    if program.exists():
        return program
    log = program.with_suffix(".log")
    if not snippet.is_file():
        return BuildError(f"{snippet}: expected the program of a test, found no file")
    if log.is_file() and log.stat().st_size:
        return BuildError(first_error(log), log)
    return BuildError(next(iter(messages.splitlines()), "make failed"))
