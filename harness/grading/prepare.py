"""Preparing a machine to grade: its sandboxes, and the programs of a suite's tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from threading import Lock

from harness.checking.layout import draw_layout
from harness.checking.programs import build_player, build_programs, copy_programs
from harness.errors import UserError
from harness.execution.build import BUILD
from harness.execution.build_error import BuildError
from harness.execution.entrance import build_entrance
from harness.execution.limits import Limits
from harness.execution.versions import installed_versions
from harness.execution.walls import Sandboxes, Trial, choose_sandboxes
from harness.grading.keys import origin
from harness.grading.rules import Rules
from harness.grading.submission import Grader, Programs
from harness.suite import Suite
from harness.trace.file import read_reference
from harness.tracers.tracer import Tracer


def make_batch_sandboxes(limits: Limits, kind: str | None, scratch: Path) -> Sandboxes | None:
    """Return sandboxes of a kind that can keep these limits; None if no kind is asked for. Their
    entrance lies in a folder that they can reach. Raises `UserError`."""
    if kind is None:
        return None
    entrance = scratch / "entrance"
    shutil.copytree(build_entrance(), entrance)
    return choose_sandboxes(kind, entrance, [Trial(limits, scratch, "TMPDIR")])


def make_grader(
    suite: Suite,
    rules: Rules,
    tracer: Tracer,
    jobs: int,
    seed: str,
    scratch: Path,
    sandboxes: Sandboxes | None,
) -> Grader:
    """Return who grades submissions. What they are tested with is built when it is first needed, so
    many files at a time, in ``scratch``. Raises `OSError` and `SuiteError`."""
    made_from = origin(suite, sandboxes.kind if sandboxes else None, seed)
    programs, versions = _built_once(suite, jobs, scratch), installed_versions()
    return Grader(suite, rules, programs, tracer, sandboxes, seed, versions, scratch, made_from)


def _built_once(suite: Suite, jobs: int, scratch: Path) -> Callable[[], Programs]:
    lock = Lock()
    build = cache(partial(_build_programs, suite, jobs, scratch))

    def programs() -> Programs:
        with lock:
            return build()

    return programs


def _build_programs(suite: Suite, jobs: int, scratch: Path) -> Programs:
    """Build what submissions are tested with, in a layout of its own. Raises `UserError` and
    `OSError`."""
    for test in suite.tests:
        read_reference(test.reference)
    BUILD.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="programs-", dir=BUILD) as name:
        layout = draw_layout(Path(name))
        built: dict[str, Path] = {}
        for test_name, program in build_programs(suite, jobs, layout).items():
            if isinstance(program, BuildError):
                raise UserError(
                    f"{suite.path}: {test_name}: its program could not be built: {program}"
                )
            built[test_name] = program
        player = build_player(suite, jobs, layout)
        kept = Path(mkdtemp(prefix="programs-", dir=scratch))
        copy_programs([*built.values(), player], kept)
    return Programs({test: kept / path.name for test, path in built.items()}, kept / player.name)
