"""A folder of submissions of every kind, hostile ones among them, and its grading."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from attacks import ATTACKS
from harness.execution.build import ROOT
from harness.reports.formats import FORMATS
from processes import left_of
from submissions import MISTAKES, canned, canned_in_makefile, mistaken, plain

TESTS = {"malloc-arrays": 5, "calloc-arrays": 5, "realloc-arrays": 3}
"""The tests of the suite, and their points."""
ALL = sum(TESTS.values())
REAPING = ROOT / "tests" / "harness" / "reaping.py"
SOMEBODY = 61200
"""An ordinary user without a name."""
_MARK = "osmem-was-here"
"""What the names of files and keys begin with that attacks try to leave behind."""
_SHARED = 0x05E30001
"""The key of the shared memory that they try to leave behind."""
NAMES = (
    *("<b>bold<b>", "\x1b[31mred", "two\nlines", "ünï cödé", "-rf", "a" * 200),
    *("=cmd|calc!A1", " =cmd", "\t=cmd", "\r=cmd", "\uff1d\uff23md", "@SUM(1)", '",90,"', "+1"),
    *("\u202efdp.zip", "\u2066ana", "Grade :=>> 100", "::error::owned", "%s%n", "$(reboot)", ";ls"),
)
"""Names of honest submissions."""


def write_submissions(folder: Path) -> None:
    """Write a submission of every kind."""
    for attack in ATTACKS:
        attack.hand_in(folder)
    canned(folder / "canned" / "src")
    canned_in_makefile(folder / "canned-in-makefile" / "src")
    for mistake in MISTAKES[::10]:
        mistaken(folder / f"mistake-{mistake}" / "src", mistake)
    for name in NAMES:
        plain(folder / name / "src")
    plain(folder / "plain" / "src")
    shutil.make_archive(str(folder / "plain-zip"), "zip", folder / "plain")
    shutil.make_archive(str(folder / "plain-tar"), "gztar", folder / "plain" / "src")
    _write_what_is_no_submission(folder)


def _write_what_is_no_submission(folder: Path) -> None:
    with zipfile.ZipFile(folder / "climbs.zip", "w") as archive:
        archive.writestr(f"../../{_MARK}", "")
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("src/osmem.c", b"\0" * (80 << 20))
    (folder / "truncated.zip").write_bytes((folder / "plain-zip.zip").read_bytes()[:-100])
    (folder / "empty.tar").write_bytes(b"")
    (folder / "words.txt").write_text("I did not manage to do it.")
    (folder / "leads-out").mkdir()
    (folder / "leads-out" / "osmem.c").symlink_to("/etc/passwd")


def write_suite(path: Path, root: Path = ROOT, style: int = 0) -> Path:
    """Write a suite of three tests, with little time for each, and some points for style."""
    path.write_text(
        f'extends = "{root}/tests/suite.toml"\n'
        f"only = {list(TESTS)}\n"
        "[limits.run]\nprocessor_seconds = 0.3\nsleep_seconds = 1.5\n"
        "memory_mib = 256\nfile_mib = 4\n"
        "[limits.build]\nprocessor_seconds = 6\nsleep_seconds = 3\n"
        "memory_mib = 512\nfile_mib = 16\n"
        f"[style]\nleast_test_points = 0\nbands = [[0, {style}]]\n"
    )
    return path


@contextmanager
def graded(
    as_somebody: bool,
    options: Sequence[str] = (),
    write: Callable[[Path], None] = write_submissions,
    style: int = 0,
) -> Iterator[Path]:
    """Grade all submissions with one command, and yield the folder of results; ``style`` are the
    points for it. Check that nothing else is left behind."""
    top = Path(tempfile.mkdtemp(prefix="test-grade-"))
    try:
        top.chmod(0o755)
        (top / "submissions").mkdir()
        write(top / "submissions")
        (top / "mine").mkdir()
        temporary = top / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        before = _left_on_this_machine()
        with _listening():
            ended = _grade(top, temporary, as_somebody, options, style)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert list(temporary.iterdir()) == []
        assert _left_on_this_machine() - before == set()
        assert left_of() == []
        yield top / "mine" / "out"
    finally:
        shutil.rmtree(top)


def outcomes(out: Path, submission: str) -> set[str]:
    """The outcomes of a submission's tests."""
    graded = json.loads((out / "results.json").read_text())
    (found,) = (each for each in graded if each["submission"] == submission)
    return {test["outcome"] for test in found["tests"]}


def _grade(
    top: Path, temporary: Path, as_somebody: bool, more: Sequence[str], style: int
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SECRET": "secret", "HOME": str(top), "TMPDIR": str(temporary)}
    root = ROOT
    become: list[str] = []
    if as_somebody:
        root = top / "osmem"
        ignore = shutil.ignore_patterns("build", ".git", ".hypothesis", "__pycache__")
        shutil.copytree(ROOT, root, ignore=ignore)
        os.chown(top / "mine", SOMEBODY, SOMEBODY)
        env["OSMEM_BUILD"] = str(top / "mine" / "build")
        become = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups"]
    out = top / "mine" / "out"
    suite = write_suite(top / "short.toml", root, style)
    command = [f"{root}/checker.py", "grade", f"{top}/submissions", "--out", f"{out}"]
    options = ["--suite", f"{suite}", "--seed", "test", *more]
    options += [] if style else ["--no-style"]
    options += [word for name in FORMATS for word in ("--format", name)]
    ended = subprocess.run(
        [REAPING, *become, *command, *options],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    (out / "stdout").write_text(ended.stdout)
    return ended


@contextmanager
def _listening() -> Iterator[None]:
    """Listen where attacks call home to."""
    with socket.socket() as by_network, socket.socket(socket.AF_UNIX) as by_name:
        with suppress(OSError):  # another test listens there already
            by_network.bind(("127.0.0.1", 47100))
            by_network.listen()
            by_name.bind("\0osmem-home")
            by_name.listen()
        yield


def _left_on_this_machine() -> set[str]:
    """What attacks leave if they can: files, keys, and memory that outlives its maker."""
    places = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/usr/lib"), Path("/"))
    files = {str(path) for place in places for path in place.glob(f"{_MARK}*")}
    listings = (Path("/proc/keys"), *Path("/proc/sysvipc").glob("*"))
    lines = {line for path in listings for line in path.read_text().splitlines()}
    return files | {line for line in lines if _MARK in line or str(_SHARED) in line.split()}
