"""Dask clusters for the tests, and batches that are graded on them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from batches import write_suite
from harness.execution.build import ROOT
from submissions import MISTAKES, mistaken, plain

_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Batch:
    """Submissions of several kinds, a suite, and what one machine makes of them."""

    top: Path

    def command(self, out: str, *more: str) -> list[str]:
        words = [ROOT / "checker.py", "grade", f"{self.top}/submissions"]
        options = ["--out", f"{self.top}/{out}", "--suite", f"{self.top}/short.toml"]
        return [*map(str, words), *options, "--seed", "test", "--no-style", *more]

    def grade(self, out: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(out, *more), capture_output=True, text=True, check=False)

    @contextmanager
    def grading(self, out: str, *more: str) -> Iterator[subprocess.Popen[str]]:
        """Start to grade, with progress for programs as its standard error."""
        words = self.command(out, *more, "--progress", "json")
        null, pipe = subprocess.DEVNULL, subprocess.PIPE
        with subprocess.Popen(words, stdout=null, stderr=pipe, text=True) as command:
            yield command

    def results(self, out: str) -> dict[str, bytes]:
        """What everybody has to get alike: all files but the database and the times."""
        return {
            str(path.relative_to(self.top / out)): path.read_bytes()
            for path in sorted((self.top / out).rglob("*"))
            if path.is_file()
            and path.suffix in (".csv", ".txt", ".html")
            or path.name == "results.json"
        }


@contextmanager
def made_batch() -> Iterator[Batch]:
    """A batch, graded on this machine alone into the folder ``alone``."""
    folder = Path(tempfile.mkdtemp(prefix="test-dask-"))
    try:
        folder.chmod(0o755)
        _write_submissions(folder / "submissions")
        write_suite(folder / "short.toml", ROOT)
        batch = Batch(folder)
        assert batch.grade("alone").returncode == 0
        yield batch
    finally:
        shutil.rmtree(folder)


def _write_submissions(folder: Path) -> None:
    for mistake in MISTAKES[::91]:
        mistaken(folder / mistake / "src", mistake)
    plain(folder / "plain" / "src")
    plain(folder / "ünï \x1b[31m'cödé" / "src")
    shutil.make_archive(str(folder / "packed"), "gztar", folder / "plain")
    (folder / "empty").mkdir()
    (folder / "no-archive.zip").write_text("what is this?\n")
    plain(folder / "pipe" / "src")
    os.mkfifo(folder / "pipe" / "src" / "osmem.h.pipe")
    plain(folder / "link" / "src").joinpath("away").symlink_to("/etc/passwd")


def wait_for(command: subprocess.Popen[str], event: str) -> str:
    """Read a command's progress up to an event, and return its line."""
    assert command.stderr is not None
    return next(line for line in command.stderr if f'"{event}"' in line)


def rest_of(command: subprocess.Popen[str]) -> str:
    """Read a command's progress to its end."""
    assert command.stderr is not None
    return command.stderr.read()


def dask(module: str) -> list[str]:
    """The command of a program of Dask."""
    return [sys.executable, "-m", f"distributed.cli.dask_{module}", "--no-dashboard"]


@contextmanager
def started(*words: str, folder: Path, root: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A program of a cluster, ended with all its children."""
    settings = {"PYTHONPATH": str(root), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with subprocess.Popen(
        words,
        env={**os.environ, **settings},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as program:
        try:
            yield program
        finally:
            with suppress(ProcessLookupError):  # the test has ended it
                os.killpg(program.pid, signal.SIGKILL)


def again_and_again(words: Sequence[str]) -> tuple[str, ...]:
    """The command that starts a program whenever it has ended."""
    return ("sh", "-c", 'while :; do "$@"; done', "sh", *words)


@contextmanager
def cluster(top: Path, workers: int, root: Path = ROOT) -> Iterator[tuple[str, int]]:
    """The address and the process ID of a scheduler with some workers."""
    with ExitStack() as stack, tempfile.TemporaryDirectory(dir=top) as folder:
        words = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", "file")
        scheduler = stack.enter_context(started(*dask("scheduler"), *words, folder=Path(folder)))
        file = Path(folder, "file")
        deadline = time.monotonic() + _SECONDS
        while not file.exists() or '"address"' not in file.read_text():
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.1)
        for number in range(workers):
            options = ("--scheduler-file", "file", "--nthreads", "1")
            names = ("--name", f"worker-{number}", "--local-directory", f"{number}")
            stack.enter_context(
                started(*dask("worker"), *options, *names, folder=Path(folder), root=root)
            )
        yield json.loads(file.read_text())["address"], scheduler.pid
