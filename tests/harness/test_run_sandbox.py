"""Runs share an outer sandbox: nothing of one remains for the next, nor meets one beside it."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.checking.check import make_sandboxes
from harness.execution.build import ROOT
from harness.execution.sandbox import (
    RunSandbox,
    make_readable,
    make_writable_folder,
    scratch_folder,
)
from harness.execution.walls import BUBBLEWRAP, LANDLOCK
from harness.suite import load_suite

SUITE = load_suite(ROOT / "tests" / "suite.toml")
LOOK = "ls -A /tmp /work /out; cat /proc/[0-9]*/comm"


class Runs:
    """An outer sandbox, and its folder on this machine."""

    def __init__(self, sandbox: RunSandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._folder = folder

    def start(self, name: str, watcher: str, inside: str = "true") -> subprocess.Popen[str]:
        """Start a shell as a watcher, which may start another one inside as "$@"."""
        folder = self._folder / name
        folder.mkdir()
        (folder / "shown").mkdir()
        make_readable(folder)
        make_writable_folder(folder / "out")
        command = ["/bin/sh", "-c", inside]
        argv = self._sandbox.confine_watched(
            ["/bin/sh", "-c", watcher, "sh"], command, folder / "shown", folder / "out", {}
        )
        return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, name: str, watcher: str, inside: str = "true") -> list[str]:
        """Run both to their end, and return the lines that they print."""
        return self.start(name, watcher, inside).communicate(timeout=60)[0].splitlines()


@contextmanager
def runs_in(kind: str) -> Iterator[Runs]:
    sandbox = make_sandboxes(SUITE, kind).within(SUITE.run_limits)
    with scratch_folder() as folder, sandbox.for_runs(folder) as shared:
        yield Runs(shared, folder)


@pytest.fixture
def runs() -> Iterator[Runs]:
    with runs_in(BUBBLEWRAP) as runs:
        yield runs


@pytest.mark.parametrize("kind", [BUBBLEWRAP, LANDLOCK])
def test_a_watcher_and_a_program_inside_are_held_to_the_limits(kind: str) -> None:
    ask = "ulimit -t; ulimit -v; ulimit -f; ulimit -c"
    limits = SUITE.run_limits
    assert limits.seconds and limits.memory_mib and limits.file_mib
    most = [math.ceil(limits.seconds) + 1, limits.memory_mib * 1024, limits.file_mib * 2048, 0]
    with runs_in(kind) as runs:
        assert runs.run("limits", f'{ask}; "$@"', ask) == [str(each) for each in most] * 2


def test_neither_files_nor_processes_remain_for_the_next_run(runs: Runs) -> None:
    leave = "touch /work/left; sleep 1000 >/dev/null &"
    inside = f"{leave} sleep 0.2"  # until a shell has become the one that is left
    first = runs.run("first", f'touch /tmp/left /out/left; {leave} "$@"; {LOOK}', inside)
    assert first.count("left") == 3
    assert first.count("sleep") == 2
    second = runs.run("second", LOOK)
    assert "left" not in second
    assert "sleep" not in second


def test_runs_side_by_side_do_not_meet(runs: Runs) -> None:
    first = runs.start("first", "touch /tmp/here /work/here /out/here; echo ready; read -r _")
    assert first.stdout is not None
    assert first.stdout.readline() == "ready\n"
    second = runs.run("second", LOOK)
    assert "here" not in second
    assert second.count("join") == 1
    first.communicate("", timeout=60)


def test_what_is_shown_can_only_be_read(runs: Runs) -> None:
    write = "touch /osmem/new /entrance/new /new 2>/dev/null; ls /osmem /entrance /"
    assert "new" not in runs.run("only", f'{write}; "$@"', write)


def test_a_program_inside_reaches_neither_its_watcher_nor_what_that_writes(runs: Runs) -> None:
    inside = "ls -d /out /proc /tmp 2>/dev/null; kill -9 -1; echo alive"
    assert runs.run("only", '"$@"; echo watching', inside) == ["alive", "watching"]


def test_a_run_in_a_sandbox_that_has_ended_is_refused() -> None:
    sandbox = make_sandboxes(SUITE, BUBBLEWRAP).within(SUITE.run_limits)
    with scratch_folder() as folder:
        with sandbox.for_runs(folder) as shared:
            pass
        late = Runs(shared, folder).start("late", "echo alive")
        assert late.communicate(timeout=60)[0] == ""
        assert late.returncode == 2
