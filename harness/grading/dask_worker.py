"""What a worker of a Dask cluster does: it prepares itself for a batch, and grades submissions.

Only plain values travel. A worker that has another version of the checker could misread others, and
would grade by other rules: it refuses.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
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
from harness.grading.worker_scratch import WorkerScratch, make_worker_scratch
from harness.suite import Suite, load_suite
from harness.tracers.ltrace import Ltrace

TOPIC = "osmem"
"""Where workers tell what they have begun."""
_KEPT = 8
"""For so many orders a worker stays prepared."""


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What submissions of a batch are graded by."""

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


def order_of(grader: Grader, rules: str, style: bool) -> BatchOrder:
    """Return what to grade by, for workers on other machines."""
    suite = grader.suite.path.resolve()
    return BatchOrder(
        str(suite.relative_to(ROOT) if suite.is_relative_to(ROOT) else suite),
        style,
        grader.sandboxes.kind if grader.sandboxes else None,
        grader.seed,
        rules,
        tuple(sorted(grader.versions.items())),
    )


@dataclass(slots=True)
class _Prepared:
    grader: Grader
    scratch: WorkerScratch


_lock = Lock()


def prepare(orders: Sequence[BatchOrder]) -> str:
    """Make sure that this worker grades as others do by all orders, and build what the first one
    takes. Return in one line why it can't grade the batch; empty if it can."""
    try:
        for order in orders:
            _require_same(order)
        for order in orders[:1]:
            _prepared(order)
    except (UserError, OSError) as error:
        return str(error)
    return ""


Answer = tuple[str, str, str, bytes, float]
"""Who has graded a submission; in one line, why it can't, which is empty if it can; the status of
the grade, the packed grade, and the seconds that it took."""


def grade_parcel(order: BatchOrder, key: str, source: str, content: str, packed: bytes) -> Answer:
    """Grade a packed submission."""
    worker = get_worker()
    name = str(worker.name)
    try:
        prepared = _prepared(order)
    except (UserError, OSError) as error:
        return name, str(error), "", b"", 0
    worker.log_event(TOPIC, {"key": key, "name": name})
    folder = Path(tempfile.mkdtemp(dir=prepared.grader.scratch))
    try:
        submission = Parcel(packed).unpack(folder)
        task = Task(key, order.rules, submission, source, content)
        ended = grade_task(prepared.grader, task, name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return name, "", ended.grade.status, ended.grade.content, ended.seconds


def _require_same(order: BatchOrder) -> Suite:
    """Return the suite of an order, if this worker has the same as the others, and the same checker
    and tools. Raises `UserError` and `OSError`."""
    suite = load_suite(ROOT / order.suite)
    if rules_key(suite, order.style, order.sandbox) != order.rules:
        raise UserError(
            f"{order.suite}: expected the same checker and the same suite as those of the batch,"
            " found others"
        )
    if differences := show_differences(installed_versions(), dict(order.tools)):
        raise UserError(f"expected the same tools as those of the batch, found {differences}")
    return suite


def _prepared(order: BatchOrder) -> _Prepared:
    """Return what grades by an order here. Raises `UserError` and `OSError`."""
    with _lock:
        return _prepare(order)


@lru_cache(maxsize=_KEPT)
def _prepare(order: BatchOrder) -> _Prepared:
    suite = _require_same(order)
    rules = load_rules(suite)
    if not order.style:
        rules = replace(rules, style=NO_STYLE)
    scratch = make_worker_scratch()
    sandboxes = make_batch_sandboxes(suite.run_limits, order.sandbox, scratch.path)
    grader = make_grader(suite, rules, Ltrace(), 1, order.seed, scratch.path, sandboxes)
    grader.programs()
    return _Prepared(grader, scratch)
