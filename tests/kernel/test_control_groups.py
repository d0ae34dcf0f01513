"""Control groups bound what all processes of a command use together."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.execution.control_group import delegated_group
from harness.execution.limits import Excess, Finished, Limits
from harness.execution.output import Output
from harness.execution.process import run

ROOT = Path(__file__).resolve().parent.parent.parent
LIMITS = Limits(seconds=60, memory_mib=1024, file_mib=1, processes=8, scratch_mib=0)
ENV = {"PATH": "/usr/bin:/bin"}
MUCH_TIME = "".join(
    f"[limits.{what}]\nprocessor_seconds = 200\nsleep_seconds = 200\nseconds = 400\n"
    for what in ("run", "build")
)
"""An emulator takes 20 times as long."""
SPINNING = "import os\nfor _ in range({}): os.fork() or exec('while True: pass')\nos.wait()"


@pytest.fixture(name="group", scope="module")
def delegated() -> Path:
    group = delegated_group()
    assert group is not None, "run tests/kernel/run, on a machine of its own"
    return group


def python(program: str, limits: Limits, output: Output | None = None) -> Finished:
    stdout = output or Output(4096)
    return run([sys.executable, "-c", program], limits, env=ENV, stdout=stdout, stderr=stdout)


def test_the_memory_of_all_processes_is_bounded_by_the_kernel(group: Path) -> None:
    hold = "held = b'x' * (90 << 20)"
    forks = "import os, time\nfor _ in range(4): os.fork()"
    assert python(f"{forks}\n{hold}\ntime.sleep(50)", LIMITS).excess is Excess.MEMORY
    assert python(hold, LIMITS) == Finished(0, None)


def test_processes_are_counted_together(group: Path) -> None:
    output = Output(4096)
    loop = "for n in range(40):\n  print(n, flush=True)\n  os.fork() or time.sleep(50)"
    assert python(f"import os, time\n{loop}", LIMITS, output).status == 1
    assert b"BlockingIOError" in output.content
    assert 8 <= output.content.count(b"\n") < 30


def test_a_command_of_many_processes_gets_no_more_time_than_one_of_few(group: Path) -> None:
    limits = Limits(seconds=20, memory_mib=1024, file_mib=1, processes=40)
    with ThreadPoolExecutor() as threads:
        many = threads.submit(python, SPINNING.format(34), limits)
        few = threads.submit(python, SPINNING.format(1), limits)
        time.sleep(15)
        used = sorted(map(processor_time, group.glob("run-*")))
        assert many.result().excess is few.result().excess is Excess.WALL
    assert len(used) == 2 and used[0] > used[1] / 2


def processor_time(group: Path) -> int:
    return int((group / "cpu.stat").read_text().split()[1])


def test_nothing_is_left_of_a_command(group: Path) -> None:
    daemon = "import os, time\nos.fork() and os._exit(0)\nos.setsid()\ntime.sleep(1000)"
    assert python(daemon, LIMITS) == Finished(0, None)
    assert not list(group.glob("run-*"))


@pytest.mark.parametrize("kind", ["bubblewrap", "landlock"])
def test_a_right_allocator_passes_in_each_kind_of_sandbox(
    group: Path, tmp_path: Path, kind: str
) -> None:
    suite = tmp_path / "slow.toml"
    suite.write_text(f'extends = "{ROOT}/tests/suite.toml"\n{MUCH_TIME}')
    options = ["--sandbox-kind", kind, "--suite", str(suite), "--src", "tests/plain"]
    check = [sys.executable, "checker.py", "check", *options]
    checked = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "40 of 40 tests passed: 90 of 90 points" in checked.stdout
    assert checked.returncode == 0
    assert "control groups" in checked.stdout.splitlines()[-1]
