"""Whose fault it is if a submission can't be graded, and what becomes of it."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from submissions import plain

NUMBERS = ("points", "tests", "extra", "style", "total")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of one test, which is repeated with randomized sizes and gives points for style."""
    path = tmp_path / "short.toml"
    path.write_text(
        f'extends = "{ROOT}/tests/suite.toml"\nrandomized = ["malloc-arrays"]\n'
        'only = ["malloc-arrays"]\n[style]\nleast_test_points = 1\n'
    )
    return path


def command(suite: Path, *options: str | Path, out: Path | None = None) -> list[str]:
    folder = suite.parent / "submissions"
    words = (ROOT / "checker.py", "grade", folder, "--out", out or suite.parent / "out")
    return [*map(str, words), "--suite", str(suite), *map(str, options)]


def run(words: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}
    )
    assert "Traceback" not in ended.stderr
    return ended


def rows(suite: Path) -> dict[str, dict[str, str]]:
    with (suite.parent / "out" / "gradebook.csv").open(newline="") as table:
        return {row["submission"]: row for row in csv.DictReader(table)}


def submission(suite: Path, name: str = "plain") -> Path:
    """Write the plain implementation, and return the folder of its sources."""
    return plain(suite.parent / "submissions" / name / "src")


# ---- Faults of the machine -----------------------------------------------------------------------

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can spoil a machine")

KILLED = "#!/bin/sh\nkill -9 $$\n"
SPOILT = {
    "nm": KILLED,
    "cppcheck": KILLED,
    "ltrace": KILLED,
    # Only the randomized tests have an input.
    "ltrace, in randomized tests": '#!/bin/sh\nread -r _ && kill -9 $$\nexec factor "$@"\n',
    "ltrace, without room for traces": '#!/bin/sh\ncat /dev/zero >/out/all; exec factor "$@"\n',
}


def on_a_machine_with(setup: str, words: list[str]) -> list[str]:
    """The command that runs another one where ``setup`` has changed what is mounted."""
    return ["unshare", "--mount", "sh", "-e", "-c", f'{setup}\nexec "$@"', "sh", *words]


@needs_root
@pytest.mark.parametrize("tool", SPOILT)
def test_a_tool_that_fails_costs_nobody_a_grade(suite: Path, tool: str) -> None:
    submission(suite)
    spoilt = suite.parent / "spoilt"
    spoilt.write_text(SPOILT[tool])
    spoilt.chmod(0o755)
    name = tool.split(",")[0]
    setup = (
        "mount -t tmpfs -o mode=1777,size=16m tmpfs /mnt\n"
        "cp /usr/bin/ltrace /mnt\nmount --bind /mnt/ltrace /usr/bin/factor\n"
        f"mount --bind {spoilt} {shutil.which(name)}"
    )
    ended = run(on_a_machine_with(setup, command(suite)), {"TMPDIR": "/mnt"})
    assert ended.returncode == 2, ended.stdout
    row = rows(suite)["plain"]
    assert row["status"] == "skipped" and row["reason"]
    assert [row[number] for number in NUMBERS] == [""] * 5
    assert f"  plain: {row['reason']}" in ended.stdout.splitlines()
    again = run(command(suite))
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "1 graded")
    assert rows(suite)["plain"]["status"] == "graded"
    assert rows(suite)["plain"]["flags"] == ""


@needs_root
def test_a_full_disk_costs_nobody_a_grade(suite: Path) -> None:
    submission(suite)
    setup = "mount -t tmpfs -o mode=1777,size=3600k tmpfs /mnt"
    ended = run(on_a_machine_with(setup, command(suite)), {"TMPDIR": "/mnt"})
    assert ended.returncode == 2, ended.stdout
    assert rows(suite)["plain"]["status"] == "skipped"
    assert "No space left on device" in rows(suite)["plain"]["reason"]
    assert run(command(suite)).returncode == 0
    assert rows(suite)["plain"]["status"] == "graded"


@needs_root
def test_without_room_to_begin_it_says_so_in_one_line(suite: Path) -> None:
    submission(suite)
    setup = "mount -t tmpfs -o mode=1777,size=100k tmpfs /mnt"
    ended = run(on_a_machine_with(setup, command(suite)), {"TMPDIR": "/mnt"})
    assert ended.returncode == 2
    assert "No space left on device" in ended.stderr and "/mnt/" in ended.stderr
    assert ended.stderr.count("\n") == 1


@needs_root
@pytest.mark.parametrize("kib", [70, 100])
def test_without_room_for_results_it_names_a_file_and_keeps_the_grade(
    suite: Path, kib: int
) -> None:
    submission(suite)
    out = Path("/mnt/out")
    kept = f"cp -r {out} {suite.parent / 'out'}"
    setup = f'mount -t tmpfs -o size={kib}k tmpfs /mnt\n"$@" || {kept}\nexit 2\n'
    ended = run(on_a_machine_with(setup, command(suite, out=out)))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(rf"Error: {out}/.+: No space left on device\n", ended.stderr)
    assert not (suite.parent / "out" / "gradebook.csv").exists()
    again = run(command(suite))
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "1 known before")
    assert rows(suite)["plain"]["tests"] == "1"


@pytest.mark.parametrize(
    ("umask", "built_before"),
    [("077", False), ("0777", False), pytest.param("077", True, marks=pytest.mark.slow)],
)
def test_the_umask_changes_no_grade(suite: Path, umask: str, built_before: bool) -> None:
    submission(suite)
    env = {"OSMEM_BUILD": str(suite.parent / "build")}
    if built_before:
        assert run(command(suite), env).returncode == 0
    strict = ["sh", "-c", f'umask {umask} && exec "$@"', "sh", *command(suite, "--fresh")]
    ended = run(strict, env)
    assert (ended.returncode, ended.stderr) == (0, "")
    row = rows(suite)["plain"]
    assert (row["status"], row["tests"], row["style"]) == ("graded", "1", "10")


def test_what_was_skipped_stays_in_the_gradebook_until_it_has_a_grade(suite: Path) -> None:
    submission(suite)
    seven_zip = suite.parent / "submissions" / "packed.7z"
    seven_zip.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    tools = suite.parent / "tools"
    tools.mkdir()
    for path in (*Path("/usr/bin").iterdir(), *Path("/usr/sbin").iterdir()):
        if path.name != "bsdtar" and not (tools / path.name).exists():
            (tools / path.name).symlink_to(path)
    without = {"PATH": str(tools)}
    ended = run(command(suite, "--format", "vpl"), without)
    assert ended.returncode == 2
    assert "2 submissions: 1 graded, 1 skipped" in ended.stdout.splitlines()
    assert rows(suite)["packed.7z"]["reason"].startswith("bsdtar: not found")
    report = suite.parent / "out" / "submissions" / "packed.7z"
    assert "no grade yet: bsdtar: not found" in (report / "report.txt").read_text()
    assert json.loads((report / "results.json").read_text())["points"] is None
    assert not (report / "vpl" / "vpl.txt").exists()
    assert run(command(suite, "--only", "plain"), without).returncode == 0
    assert rows(suite)["packed.7z"]["status"] == "skipped"
    again = run(command(suite, "--format", "vpl"))
    assert again.stdout.splitlines()[:2] == [
        "1 graded, 1 known before",
        "2 submissions: 1 graded, 1 refused",
    ]
    assert (report / "vpl" / "vpl.txt").exists()


def test_a_suite_without_a_reference_grades_nobody(suite: Path) -> None:
    submission(suite)
    with suite.open("a") as text:
        text.write('[[test]]\nname = "malloc-arrays"\npoints = 5\n')
    suite.write_text(suite.read_text().replace("only", 'references = "none"\nonly', 1))
    ended = run(command(suite))
    assert ended.returncode == 2
    assert "test-malloc-arrays.trace" in ended.stderr and ended.stderr.count("\n") == 1


# ---- Faults of submissions -----------------------------------------------------------------------

BUILT = "all:\n\t$(MAKE) -f right.mk\n"
UNFIT = {
    "its library can't be read": (
        f"{BUILT}\tchmod 000 libosmem.so\n",
        "make ended well but left no libosmem.so",
    ),
    "its library is none": (
        "all:\n\techo hello >libosmem.so\n",
        "libosmem.so: expected a shared library",
    ),
    "make is killed": ("all:\n\tkill -9 $$PPID\n", "make failed"),
    "the shell that runs make is killed": ("all:\n\tkill -9 -1\n", "make failed"),
    "cat fails": (
        f"{BUILT}\tprintf '#!/bin/sh\\nexit 5\\n' >../compilers/cat\n"
        "\tchmod 755 ../compilers/cat\n",
        "make could not be run in a sandbox",
    ),
}


@pytest.mark.parametrize("fault", UNFIT)
def test_a_fault_of_a_submission_is_graded_once(suite: Path, fault: str) -> None:
    makefile, reason = UNFIT[fault]
    source = submission(suite)
    (source / "Makefile").rename(source / "right.mk")
    (source / "Makefile").write_text(makefile)
    ended = run(command(suite))
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, "1 graded")
    row = rows(suite)["plain"]
    assert (row["status"], row["total"]) == ("not-built", "0")
    assert row["reason"].startswith(reason)
    assert run(command(suite)).stdout.startswith("1 known before\n")


def test_a_style_that_can_not_be_judged_is_flagged(suite: Path) -> None:
    """A file that no compiler can expand, and that is no part of the library."""
    bomb = submission(suite).parent / "src" / "bomb" / "bomb.c"
    bomb.parent.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz"
    doubling = [
        f"#define {more} {less} {less} {less} {less}" for less, more in zip(letters, letters[1:])
    ]
    bomb.write_text("\n".join(["#define a 1,", *doubling, "int numbers[] = { z 1 };", ""]))
    suite.write_text(suite.read_text() + "[limits.build]\nmemory_mib = 256\n")
    ended = run(command(suite))
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, "1 graded")
    row = rows(suite)["plain"]
    assert (row["status"], row["tests"], row["style"]) == ("graded", "1", "0")
    assert row["flags"].startswith("its style could not be judged: gcc did not run to its end")


def test_words_of_a_submission_do_not_pass_for_flags(suite: Path) -> None:
    """A library that complains, and gives up, where its test is a randomized one."""
    with (submission(suite) / "osmem.c").open("a") as source:
        source.write(
            "#include <stdlib.h>\n#include <sys/ioctl.h>\n#include <unistd.h>\n"
            "__attribute__((constructor)) static void complain(void)\n{\n"
            "\tint waiting = 0;\n\n"
            "\tif (ioctl(0, FIONREAD, &waiting) == 0 && waiting > 0) {\n"
            '\t\tif (write(2, "a\\"; all is well\\n", 16) > 0)\n\t\t\tabort();\n'
            "\t}\n}\n"
        )
    ended = run(command(suite))
    assert ended.returncode == 0
    assert rows(suite)["plain"]["flags"] == "passes malloc-arrays, but not with randomized sizes"
    report = (suite.parent / "out" / "submissions" / "plain" / "report.txt").read_text()
    assert 'killed by SIGABRT before the first call: a"; all is well' in report
