"""What a worker of a Dask cluster does: it prepares itself for a batch, and grades submissions.

Only plain values travel. A worker that has another version of the checker could misread others, and
would grade by other rules: it refuses.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from distributed import get_worker

from harness.errors import UserError
from harness.execution.build import ROOT
from harness.execution.versions import installed_versions, show_differences
from harness.grading.engine import Task, grade_task
from harness.grading.keys import rules_key
from harness.grading.parcel import Parcel
from harness.grading.prepare import make_batch_sandboxes, make_grader
from harness.grading.rules import NO_STYLE, load_rules
from harness.grading.submission import Grader
from harness.suite import load_suite
from harness.tracers.ltrace import Ltrace

TOPIC = "osmem"
"""Where workers tell what they have begun."""


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What a batch is graded by, the same for all of its submissions."""

    suite: str
    """The path of the suite, from the top of the checkout, or absolute."""
    style: bool
    sandbox: str | None
    """The kind of sandbox; None is none."""
    seed: str
    rules: str
    """The key of the rules; see `harness.grading.keys`."""
    tools: tuple[tuple[str, str], ...]
    """The versions of the tools."""


@dataclass(slots=True)
class _Prepared:
    order: BatchOrder
    grader: Grader
    scratch: tempfile.TemporaryDirectory[str]


_lock = Lock()
_prepared: _Prepared | None = None


def prepare(order: BatchOrder) -> str:
    """Prepare this worker. Return in one line why it can't grade the batch; empty if it can."""
    try:
        _grader(order)
    except (UserError, OSError) as error:
        return str(error)
    return ""


def grade_parcel(
    order: BatchOrder, key: str, source: str, content: str, packed: bytes
) -> tuple[str, str, float, str]:
    """Grade a packed submission. Return who did it, the grade as JSON, and how many seconds it
    took; or in the end why this worker can't."""
    worker = get_worker()
    name = str(worker.name)
    try:
        grader = _grader(order)
    except (UserError, OSError) as error:
        return name, "", 0, str(error)
    worker.log_event(TOPIC, {"key": key, "worker": name})
    folder = Path(tempfile.mkdtemp(dir=grader.scratch))
    try:
        submission = Parcel(packed).unpack(folder)
        ended = grade_task(grader, Task(key, submission, source, content), name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return name, ended.grade.to_json(), ended.seconds, ""


def _grader(order: BatchOrder) -> Grader:
    """Return who grades the batch here. Raises `UserError` and `OSError`."""
    global _prepared
    with _lock:
        if _prepared is None or _prepared.order != order:
            _prepared = _prepare(order)
        return _prepared.grader


def _prepare(order: BatchOrder) -> _Prepared:
    suite = load_suite(ROOT / order.suite)
    if rules_key(suite, order.style, order.sandbox) != order.rules:
        raise UserError(
            "expected the same checker and the same suite as those of the batch, found others"
        )
    if differences := show_differences(installed_versions(), dict(order.tools)):
        raise UserError(f"expected the same tools as those of the batch, found {differences}")
    rules = load_rules(suite)
    if not order.style:
        rules = replace(rules, style=NO_STYLE)
    scratch = tempfile.TemporaryDirectory(prefix="osmem-grade-", ignore_cleanup_errors=True)
    top = Path(scratch.name).absolute()
    top.chmod(0o711)
    sandboxes = (
        make_batch_sandboxes(suite.run_limits, order.sandbox, top) if order.sandbox else None
    )
    grader = make_grader(suite, rules, Ltrace(), 1, order.seed, top, sandboxes)
    return _Prepared(order, grader, scratch)
