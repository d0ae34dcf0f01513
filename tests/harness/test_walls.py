"""Where no namespaces can be made: sandboxes of Landlock, and what is refused below the least."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks import ATTACKS, Attack
from batches import ALL, SOMEBODY, TESTS, graded, outcomes
from harness.execution.build import ROOT
from harness.execution.entrance import build_entrance
from harness.execution.sandbox import scratch_folder
from processes import left_of, processes_of
from submissions import MISTAKES, attacking, mistaken, plain

TRIED = [attack for attack in ATTACKS if attack.path.parent.name in ("way-out", "neighbours")]
ONLY_NAMES = {
    "spy.mk": "a path can be seen to exist",
    "include.mk": "the compiler words it otherwise",
    "disk-filler.mk": "the kernel does not bound the work folder; its warden does",
}
"""Attacks that end otherwise behind Landlock than behind namespaces."""
RUNS_WHAT_IT_BUILT = ("keys.mk", "own-stderr.mk")
"""Makefiles that fail for an ordinary user, who can make no file executable there."""
WITHOUT_NAMESPACES = (
    *("unshare", "--user", "--map-root-user", "sh", "-c"),
    'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"',
    "sh",
)
WITHOUT_PTRACE = ("setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace")
"""As in a container of Docker: root that may not look at the processes of other users."""
WITHOUT_LANDLOCK = """
import os, sys, seccomp
rules = seccomp.SyscallFilter(seccomp.ALLOW)
rules.add_rule(seccomp.ERRNO(38), "landlock_create_ruleset")
rules.load()
os.execvp(sys.argv[1], sys.argv[1:])
"""


def checked(*options: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Check the allocator in one test, behind ``before``."""
    command = [*before, str(ROOT / "checker.py"), "check", *options, "malloc-arrays"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


STARTS_MANY = """
import os, time
for started in range(3000):
    try:
        if os.fork() == 0:
            time.sleep(100)
    except BlockingIOError:
        break
print(started)
"""
BEHIND_LANDLOCK = f"""
import subprocess, sys
from pathlib import Path
from harness.execution.landlock import Landlock
from harness.execution.limits import Limits
limits = Limits(None, None, None, processes=100, scratch_mib=1, files=10)
command = ["python3", "-c", {STARTS_MANY!r}]
subprocess.run(Landlock(limits, Path(sys.argv[1])).confine(command, {{}}), check=True)
"""


# ---- Which kind is chosen ------------------------------------------------------------------------


def test_namespaces_are_chosen_where_they_can_be_made() -> None:
    ended = checked("--sandbox")
    assert ended.returncode == 0
    walls = ended.stdout.splitlines()[-1]
    assert walls.startswith("Walls: ") and "process namespace" in walls
    assert "missing" not in walls


def test_without_namespaces_landlock_is_chosen_and_what_is_missing_is_printed() -> None:
    ended = checked("--sandbox", before=WITHOUT_NAMESPACES)
    assert (ended.returncode, ended.stderr) == (0, "")
    standing, missing = ended.stdout.splitlines()[-1].split("; missing: ")
    assert standing.startswith("Walls: Landlock ")
    assert {"process namespace", "mount namespace"} <= set(missing.split(", "))


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user looks at processes of its own")
def test_namespaces_that_cannot_be_looked_into_are_not_chosen() -> None:
    ended = checked("--sandbox", before=WITHOUT_PTRACE)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[-1].startswith("Walls: Landlock ")
    ended = checked("--sandbox-kind", "bubblewrap", before=WITHOUT_PTRACE)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "bubblewrap: expected the right to look at processes in a sandbox" in ended.stderr


def test_a_kind_that_is_asked_for_gives_way_to_no_other() -> None:
    ended = checked("--sandbox-kind", "bubblewrap", before=WITHOUT_NAMESPACES)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Error: no sandbox can be made here: bubblewrap: ")


def test_below_the_least_nothing_runs() -> None:
    without_either = (*WITHOUT_NAMESPACES, sys.executable, "-c", WITHOUT_LANDLOCK)
    ended = checked("--sandbox", before=without_either)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "landlock: expected a kernel with Landlock, found one without" in ended.stderr
    assert "--no-sandbox" in ended.stderr


def test_no_sandbox_of_a_kind_is_a_contradiction(tmp_path: Path) -> None:
    options = ("--out", tmp_path / "out", "--no-sandbox", "--sandbox-kind", "landlock")
    command = (ROOT / "checker.py", "grade", tmp_path, *options)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "expected --sandbox-kind or --no-sandbox, found both" in ended.stderr


# ---- What a sandbox of Landlock holds ------------------------------------------------------------


def write_submissions(folder: Path) -> None:
    for attack in TRIED:
        attack.hand_in(folder)
    write_honest_ones(folder)


def write_honest_ones(folder: Path) -> None:
    plain(folder / "plain" / "src")
    for mistake in MISTAKES[::15]:
        mistaken(folder / f"mistake-{mistake}" / "src", mistake)


def rows_of(out: Path) -> dict[str, dict[str, str]]:
    with (out / "gradebook.csv").open(newline="") as table:
        return {row["submission"]: row for row in csv.DictReader(table)}


AS_SOMEBODY = [
    pytest.param(
        False, id="as I am", marks=[pytest.mark.xdist_group("walls as I am"), pytest.mark.slow]
    ),
    pytest.param(True, id="as somebody", marks=pytest.mark.xdist_group("walls as somebody")),
]


@pytest.fixture(scope="module", params=AS_SOMEBODY)
def batch(request: pytest.FixtureRequest) -> Iterator[tuple[Path, bool]]:
    """The results of grading behind Landlock, and whether an ordinary user did it."""
    if request.param and os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with graded(request.param, ["--sandbox-kind", "landlock"], write_submissions) as out:
        yield out, request.param or os.geteuid() != 0


@pytest.mark.parametrize("attack", TRIED, ids=[attack.name for attack in TRIED])
def test_an_attack_gets_what_it_should(batch: tuple[Path, bool], attack: Attack) -> None:
    out, as_user = batch
    row = rows_of(out)[attack.name]
    if attack.path.name in ONLY_NAMES or (as_user and attack.path.name in RUNS_WHAT_IT_BUILT):
        assert (row["status"], row["total"]) == ("not-built", "0")
        assert row["reason"].startswith("make ")
    else:
        attack.check(row, outcomes(out, attack.name), TESTS)


def test_the_walls_are_printed_with_the_grades(batch: tuple[Path, bool]) -> None:
    out, as_user = batch
    (walls,) = (line for line in (out / "stdout").read_text().splitlines() if "Walls: " in line)
    standing, missing = walls.split("; missing: ")
    assert "own user for each sandbox" in (missing if as_user else standing)


def test_an_honest_submission_gets_the_same_grade_behind_both(batch: tuple[Path, bool]) -> None:
    behind_landlock = rows_of(batch[0])
    with graded(False, ["--sandbox-kind", "bubblewrap"], write_honest_ones) as out:
        behind_namespaces = rows_of(out)
    assert behind_namespaces["plain"]["points"] == str(ALL)
    assert behind_namespaces == {name: behind_landlock[name] for name in behind_namespaces}


def test_an_ordinary_user_can_not_fill_the_machine_with_processes() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with scratch_folder() as scratch:
        scratch.chmod(0o1777)
        shutil.copytree(build_entrance(), scratch / "entrance")
        shutil.copytree(ROOT / "harness", scratch / "harness")
        become = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups"]
        ended = subprocess.run(
            [*become, "/usr/bin/python3", "-c", BEHIND_LANDLOCK, scratch / "entrance"],
            env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(scratch)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.stderr == ""
    assert 100 < int(ended.stdout) < 1000


def test_what_a_killed_checker_leaves_ends_by_itself(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    attacking(tmp_path / "src", "sleep")
    options = ("--sandbox-kind", "landlock", "--src", tmp_path / "src", "malloc-arrays")
    running = subprocess.Popen(
        (ROOT / "checker.py", "check", *options),
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
    )
    while running.poll() is None and not processes_of("../osmem/test-malloc-arrays"):
        time.sleep(0.01)
    running.kill()
    running.wait()
    assert left_of("../osmem/test-malloc-arrays") == []
    deadline = time.monotonic() + 10
    while work_folders(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert work_folders(tmp_path) == []


def work_folders(temporary: Path) -> list[Path]:
    return list(temporary.glob("osmem-*/work"))
