"""A worker's folder ends with the worker, or when the next one begins."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.execution.build import ROOT

_WORKER = """
from harness.grading.worker_scratch import make_worker_scratch
scratch = make_worker_scratch()
(scratch.path / "copy").write_text("of a program")
print(scratch.path, flush=True)
input()
"""


@contextmanager
def worker(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Start a process with a worker's folder in another one, and give both."""
    with subprocess.Popen(
        ["/usr/bin/python3", "-c", _WORKER],
        cwd=ROOT,
        env={"TMPDIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_the_next_worker_removes_what_a_killed_one_has_left(tmp_path: Path) -> None:
    with worker(tmp_path) as (killed, left), worker(tmp_path) as (_, living):
        killed.kill()
        killed.wait()
        assert left.exists()
        with worker(tmp_path) as (ending, own):
            assert set(tmp_path.iterdir()) == {living, own}
            ending.communicate("\n", timeout=30)
            assert set(tmp_path.iterdir()) == {living}


def test_folders_that_are_no_workers_stay(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "osmem-worker-link").symlink_to("elsewhere")
    (tmp_path / "osmem-worker-new").mkdir()
    with worker(tmp_path) as (_, own):
        names = {path.name for path in tmp_path.iterdir()}
    assert names == {"elsewhere", "osmem-worker-link", "osmem-worker-new", own.name}
