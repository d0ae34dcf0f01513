"""Grading a folder of submissions, including hostile ones: as root and as an ordinary user.

Each gets the right verdict, earns no point that it should not, leaves nothing behind, and does not
change what others earn.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from processes import command_lines
from submissions import (
    ATTACKS,
    MISTAKES,
    attacking,
    building,
    canned,
    canned_in_makefile,
    mistaken,
    plain,
)

TESTS = {"malloc-arrays": 5, "calloc-arrays": 5, "realloc-arrays": 3}
ALL = sum(TESTS.values())
QUOTE = "'"
SOMEBODY = 61200
"""An ordinary user without a name."""

# HARMLESS attacks earn all points, with these flags; the others lose all, with these outcomes.
SYSTEM_CALLS = "made system calls that an allocator has no use for: "
HARMLESS = {
    "break-out": SYSTEM_CALLS + "chroot, mount, setuid, unshare",
    "chatter": SYSTEM_CALLS + "getppid",
    "closed-stderr": SYSTEM_CALLS + "close",
    "doze": SYSTEM_CALLS + "clock_nanosleep",
    "kernel": SYSTEM_CALLS
    + "bpf, io_uring_setup, memfd_create, perf_event_open, pidfd_open, process_vm_readv, setns,"
    " userfaultfd",
    "keys": SYSTEM_CALLS + "add_key, keyctl, request_key",
    "kill-others": SYSTEM_CALLS + "getppid, kill",
    "libc-memory": "asked the system for memory outside of calls of the allocator",
    "nap": SYSTEM_CALLS + "clock_nanosleep",
    "map-over": "mapped memory in place of other memory",
    "move-memory": SYSTEM_CALLS + "mremap",
    "network": SYSTEM_CALLS + "connect, socket",
    "not-dumpable": SYSTEM_CALLS + "prctl",
    "own-stderr": "",
    "patch-program": "changed what may be written or executed in memory",
    "spy": SYSTEM_CALLS + "openat",
    "stop": "",
    "trace-tracer": SYSTEM_CALLS + "getppid, ptrace",
    "writable-code": "its library has memory that can be both written and executed",
}
OUTCOMES = {
    "abort": "crashed",
    "bad-pointer": "crashed",
    "busy-children": "crashed",
    "daemon": "crashed",
    "deaf-loop": "timeout",
    "disk-filler": "crashed",
    "exec": "crashed",
    "exit-inside": "crashed",
    "fake-trace": "differs",
    "flood": "crashed",
    "fork-bomb": "crashed",
    "fork-by-interrupt": "crashed",
    "fork-by-x32": "crashed",
    "libc-malloc": "",
    "loop": "timeout",
    "many-requests": "timeout",
    "memory-hog": "",
    "no-call": "differs",
    "raw-growth": "differs",
    "segfault": "crashed",
    "sleep": "timeout",
    "static-memory": "invalid",
}
CANNED = "canned-answers"
EDITED = "edit-frame"

BUILDS_WELL = ("daemon", "keys", "outside", "own-stderr", "spy")
NOT_BUILT = {
    "loop": "make used more than 6 s of processor time",
    "fork-bomb": "make ",
    "orphans": "make used more than 6 s of processor time",
    "vanishing": "make used more than 6 s of processor time",
    "hoard": "make used more than 512 MiB of memory",
    "memory-hog": "make failed: ",
    "disk-filler": "make failed: ",
    "flood": "make wrote more than 16 MiB",
    "include": "make failed: steal.c:1: fatal error: /etc/passwd: No such file or directory",
    "incbin": "make failed: ",
    "link": "make ended well but left no libosmem.so in the folder",
    "pipe": "make ended well but left no libosmem.so in the folder",
    "words": "make failed: ",
}
NAMES = ("<b>bold<b>", "\x1b[31mred", "=cmd|calc!A1", "two\nlines", "ünï cödé", "-rf")


def write_submissions(folder: Path) -> None:
    """Write a submission of every kind."""
    for attack in ATTACKS:
        attacking(folder / f"attack-{attack}" / "src", attack)
    for path in (ROOT / "tests" / "hostile" / "makefiles").glob("*.mk"):
        building(folder / f"build-{path.stem}" / "src", path)
    canned(folder / "canned" / "src")
    canned_in_makefile(folder / "canned-in-makefile" / "src")
    for mistake in MISTAKES[::10]:
        mistaken(folder / f"mistake-{mistake}" / "src", mistake)
    for name in NAMES:
        plain(folder / f"{name}" / "src")
    plain(folder / "plain" / "src")
    shutil.make_archive(str(folder / "plain-zip"), "zip", folder / "plain")
    shutil.make_archive(str(folder / "plain-tar"), "gztar", folder / "plain" / "src")
    with zipfile.ZipFile(folder / "climbs.zip", "w") as archive:
        archive.writestr("../../osmem-was-here", "")
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("src/osmem.c", b"\0" * (80 << 20))
    (folder / "truncated.zip").write_bytes((folder / "plain-zip.zip").read_bytes()[:-100])
    (folder / "empty.tar").write_bytes(b"")
    (folder / "words.txt").write_text("I did not manage to do it.")
    (folder / "leads-out").mkdir()
    (folder / "leads-out" / "osmem.c").symlink_to("/etc/passwd")


def write_suite(path: Path, root: Path) -> Path:
    """Write a suite of three tests, with little time for each."""
    path.write_text(
        f'extends = "{root}/tests/suite.toml"\n'
        f"only = {list(TESTS)}\n"
        "[limits.run]\nprocessor_seconds = 0.3\nsleep_seconds = 1.5\n"
        "memory_mib = 256\nfile_mib = 4\n"
        "[limits.build]\nprocessor_seconds = 6\nsleep_seconds = 3\n"
        "memory_mib = 512\nfile_mib = 16\n"
        "[style]\nleast_test_points = 0\nbands = [[0, 0]]\n"
    )
    return path


def snapshot() -> set[str]:
    """Return the files where a submission might leave something."""
    places = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/"))
    return {str(path) for place in places for path in place.iterdir()}


def processes() -> set[tuple[int, str]]:
    """Return the processes that a submission may have started, with their command lines."""
    return {
        (number, words)
        for number, words in command_lines().items()
        if any(name in words for name in ("/osmem/program", "sleep 100000", "bwrap --unshare"))
    }


BATCHES = [
    # A group is graded once, wherever its tests run.
    pytest.param(name, marks=pytest.mark.xdist_group(f"grade {name}"))
    for name in ("as I am", "as somebody")
]


@pytest.fixture(scope="module", params=BATCHES)
def batch(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Grade all submissions with one command; the folder of results."""
    other = request.param == "as somebody"
    if other and os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    top = Path(tempfile.mkdtemp(prefix="test-grade-"))
    listener = socket.socket()
    with contextlib.suppress(OSError):  # another test listens there already
        listener.bind(("127.0.0.1", 47100))
        listener.listen()
    try:
        top.chmod(0o755)
        root = ROOT
        if other:
            root = top / "osmem"
            ignore = shutil.ignore_patterns("build", ".git", ".hypothesis", "__pycache__")
            shutil.copytree(ROOT, root, ignore=ignore)
        (top / "submissions").mkdir()
        write_submissions(top / "submissions")
        suite = write_suite(top / "short.toml", root)
        (top / "mine").mkdir()
        before = snapshot()
        command: list[str | Path] = [
            root / "checker.py",
            "grade",
            top / "submissions",
            "--out",
            top / "mine" / "out",
        ]
        temporary = top / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        env = {**os.environ, "SECRET": "secret", "HOME": str(top), "TMPDIR": str(temporary)}
        if other:
            os.chown(top / "mine", SOMEBODY, SOMEBODY)
            env["OSMEM_BUILD"] = str(top / "mine" / "build")
            become = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups"]
            command = [*become, *command]
        ended = subprocess.run(
            [*command, "--suite", suite, "--seed", "test", "--format", "junit", "--no-style"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        (top / "mine" / "out" / "stdout").write_text(ended.stdout)
        assert list(temporary.iterdir()) == []
        left = {Path(path).name for path in snapshot() - before}
        assert {
            name for name in left if name.startswith(("osmem-was-here", "osmem-filler"))
        } == set()
        running = processes()
        deadline = time.monotonic() + 10  # the kernel takes a moment to end a sandbox
        while running & processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert running & processes() == set()
        yield top / "mine" / "out"
    finally:
        listener.close()
        shutil.rmtree(top)


@pytest.fixture(scope="module")
def grades(batch: Path) -> dict[str, dict[str, str]]:
    """The gradebook's rows by submission."""
    with (batch / "gradebook.csv").open(newline="") as table:
        return {row["submission"]: row for row in csv.DictReader(table)}


def outcomes(batch: Path, submission: str) -> set[str]:
    """The outcomes of a submission's tests."""
    graded = json.loads((batch / "results.json").read_text())
    (found,) = (each for each in graded if each["submission"] == submission)
    return {test["outcome"] for test in found["tests"]}


def test_there_is_an_expectation_for_each() -> None:
    assert {*HARMLESS, *OUTCOMES, CANNED, EDITED} == set(ATTACKS)
    makefiles = (ROOT / "tests" / "hostile" / "makefiles").glob("*.mk")
    assert {*BUILDS_WELL, *NOT_BUILT} == {path.stem for path in makefiles}


def test_every_submission_has_its_grade(batch: Path, grades: dict[str, dict[str, str]]) -> None:
    assert len(grades) == len(list((batch.parent.parent / "submissions").iterdir())) >= 60
    assert len(list((batch / "submissions").iterdir())) == len(grades)


@pytest.mark.parametrize("attack", OUTCOMES)
def test_an_attack_earns_nothing(
    batch: Path, grades: dict[str, dict[str, str]], attack: str
) -> None:
    row = grades[f"attack-{attack}"]
    assert (row["status"], row["total"]) == ("graded", "0")
    if OUTCOMES[attack]:
        assert outcomes(batch, f"attack-{attack}") == {OUTCOMES[attack]}


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        ("loop", "used more than 0.3 s of processor time, inside os_"),
        ("deaf-loop", "used more than 0.3 s of processor time, inside os_"),
        ("sleep", "slept for more than 1.5 s, inside os_"),
    ],
)
def test_a_timeout_names_the_limit_and_the_call(batch: Path, attack: str, reason: str) -> None:
    report = batch / "submissions" / f"attack-{attack}" / "report.txt"
    assert reason in report.read_text()


@pytest.mark.parametrize("attack", HARMLESS)
def test_an_attack_in_vain_changes_nothing_and_is_noticed(
    grades: dict[str, dict[str, str]], attack: str
) -> None:
    row = grades[f"attack-{attack}"]
    assert (row["status"], row["points"], row["flags"]) == ("graded", str(ALL), HARMLESS[attack])


def test_who_keeps_no_contents_can_not_hide_it_from_the_caller(
    batch: Path, grades: dict[str, dict[str, str]]
) -> None:
    assert int(grades[f"attack-{EDITED}"]["points"]) == ALL - TESTS["realloc-arrays"]
    report = (batch / "submissions" / f"attack-{EDITED}" / "report.txt").read_text()
    assert ": after the call byte " in report


def test_a_test_that_is_passed_with_known_sizes_only_costs_its_points(
    batch: Path, grades: dict[str, dict[str, str]]
) -> None:
    row = grades[f"attack-{CANNED}"]
    assert int(row["points"]) == ALL - TESTS["malloc-arrays"]
    assert row["flags"] == "passes malloc-arrays, but not with randomized sizes"
    report = (batch / "submissions" / f"attack-{CANNED}" / "report.txt").read_text()
    assert "passes with the published sizes, but not with others: call " in report


@pytest.mark.parametrize("name", ["canned", "canned-in-makefile"])
def test_the_published_answers_earn_nothing_and_are_flagged(
    grades: dict[str, dict[str, str]], name: str
) -> None:
    row = grades[name]
    assert (row["status"], row["total"]) == ("graded", "0")
    assert all(test in row["flags"] for test in TESTS)
    assert "but not with randomized sizes" in row["flags"]


@pytest.mark.parametrize("build", NOT_BUILT)
def test_a_hostile_build_is_reported(grades: dict[str, dict[str, str]], build: str) -> None:
    row = grades[f"build-{build}"]
    assert (row["status"], row["total"]) == ("not-built", "0")
    assert row["reason"].startswith(NOT_BUILT[build])


@pytest.mark.parametrize("build", BUILDS_WELL)
def test_a_build_that_does_no_harm_is_as_good_as_any(
    grades: dict[str, dict[str, str]], build: str
) -> None:
    assert grades[f"build-{build}"]["points"] == str(ALL)


@pytest.mark.parametrize("name", ["plain-zip.zip", "plain-tar.tar.gz"])
def test_hostile_neighbours_cost_no_points(grades: dict[str, dict[str, str]], name: str) -> None:
    assert (grades[name]["points"], grades[name]["flags"]) == (str(ALL), "")


def test_what_was_handed_in_twice_is_noticed(grades: dict[str, dict[str, str]]) -> None:
    assert grades["plain"]["points"] == str(ALL)
    assert grades["plain"]["flags"].startswith("the same sources as ")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("climbs.zip", "../../osmem-was-here"),
        ("bomb.zip", ""),
        ("truncated.zip", ""),
        ("empty.tar", ""),
        ("words.txt", ""),
        ("leads-out", "osmem.c: a link to /etc/passwd"),
    ],
)
def test_what_is_no_submission_is_refused(
    grades: dict[str, dict[str, str]], name: str, reason: str
) -> None:
    row = grades[name]
    assert (row["status"], row["total"]) == ("refused", "0")
    assert reason in row["reason"] != ""


def test_names_and_words_of_submissions_are_only_ever_text(batch: Path) -> None:
    texts = [batch / "stdout", batch / "gradebook.csv", batch / "results.json"]
    texts += [path for path in (batch / "submissions").rglob("*") if path.is_file()]
    for path in texts:
        content = path.read_text()
        assert "\x1b" not in content, path
        if path.suffix == ".xml":
            assert "<script" not in content and "<b>" not in content
    with (batch / "gradebook.csv").open(newline="") as table:
        for cells in csv.reader(table):
            assert not any(cell.startswith(("=", "-", "+", "@")) for cell in cells)


# ---- The summary at the end ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def summary(batch: Path) -> dict[str, list[str]]:
    """The sections that the command printed, by their first lines."""
    sections = (batch / "stdout").read_text().split("\n\n")
    return {head: lines for head, *lines in map(str.splitlines, sections)}


@pytest.fixture(scope="module")
def timeouts(batch: Path, grades: dict[str, dict[str, str]]) -> dict[str, int]:
    """The number of tests that timed out, for each submission."""
    results = json.loads((batch / "results.json").read_text())
    return {
        name: sum(test["outcome"] == "timeout" for test in each["tests"])
        for name, each in zip(grades, results, strict=True)
    }


def test_the_summary_counts_submissions(
    summary: dict[str, list[str]], grades: dict[str, dict[str, str]]
) -> None:
    counts = Counter(row["status"] for row in grades.values())
    statuses = ", ".join(f"{counts[name]} {name}" for name in ("graded", "not-built", "refused"))
    assert summary[f"{len(grades)} graded"] == [f"{len(grades)} submissions: {statuses}"]


def test_the_summary_draws_how_points_are_distributed(
    summary: dict[str, list[str]], grades: dict[str, dict[str, str]]
) -> None:
    totals = [int(row["total"]) for row in grades.values()]
    numbers = []
    for label, number, *bar in map(str.split, summary["points"]):
        low, high = map(int, label.split("-"))
        assert int(number) == sum(low <= total <= high for total in totals)
        assert bool(bar) == (number != "0")
        numbers.append(int(number))
    assert sum(numbers) == len(grades)


def test_the_summary_names_the_tests_failed_most(
    batch: Path, summary: dict[str, list[str]]
) -> None:
    failed = Counter(
        test["name"]
        for each in json.loads((batch / "results.json").read_text())
        for test in each["tests"]
        if each["status"] == "graded" and test["outcome"] != "passed"
    )
    order = sorted(failed.items(), key=lambda item: (-item[1], item[0]))
    shown = [line.split() for line in summary["tests failed most"]]
    assert shown == [[str(number), name] for name, number in order]


def test_the_summary_names_who_needs_to_be_looked_at(
    summary: dict[str, list[str]], grades: dict[str, dict[str, str]], timeouts: dict[str, int]
) -> None:
    expected = []
    for name, row in grades.items():
        reasons = [row["flags"]] if row["flags"] else []
        if row["status"] != "graded":
            reasons.insert(0, f"{row['status']}: {row['reason']}")
        elif late := timeouts[name]:
            reasons.append(f"{late} {'test' if late == 1 else 'tests'} timed out")
        if reasons:
            # A quote in the gradebook keeps a spreadsheet from taking a name for a formula.
            expected.append(f"  {name.removeprefix(QUOTE)}: {'; '.join(reasons)}")
    lines = summary["to be looked at"]
    assert lines[:20] == expected[:20]
    assert lines[20] == f"  and {len(expected) - 20} more, see gradebook.csv"


def test_the_summary_ends_with_the_slowest_and_the_gradebook(
    batch: Path, summary: dict[str, list[str]], grades: dict[str, dict[str, str]]
) -> None:
    slowest, written = summary["to be looked at"][-2:]
    assert written == f"Written: {batch / 'gradebook.csv'}"
    names, seconds = zip(
        *(each.rsplit(" ", 2)[:2] for each in slowest.removeprefix("Slowest: ").split(", "))
    )
    assert len(names) == 3 and set(names) <= set(grades)
    assert list(seconds) == sorted(seconds, key=float, reverse=True)


# ---- One call after another ----------------------------------------------------------------------


@pytest.fixture
def folder() -> Iterator[Path]:
    """A few ordinary submissions, and a suite."""
    top = Path(tempfile.mkdtemp(prefix="test-grade-"))
    top.chmod(0o755)
    (top / "submissions").mkdir()
    for mistake in MISTAKES[::24]:
        mistaken(top / "submissions" / mistake / "src", mistake)
    plain(top / "submissions" / "plain" / "src")
    plain(top / "submissions" / "plain-again" / "src")
    write_suite(top / "short.toml", ROOT)
    yield top
    shutil.rmtree(top)


def command(top: Path, out: str, *more: str) -> list[str]:
    words = [ROOT / "checker.py", "grade", f"{top}/submissions", "--out", f"{top}/{out}"]
    options = ["--suite", f"{top}/short.toml", "--seed", "test", "--no-style"]
    return [*map(str, words), *options, *more]


def grade(top: Path, out: str, *more: str) -> str:
    """Run the command, and return its output."""
    ended = subprocess.run(command(top, out, *more), capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


# Judging style takes longer than all else, so it is judged for these only.


def graded_with_style(folder: Path, *names: str) -> dict[str, dict[str, str]]:
    """The rows of these submissions."""
    only = [word for name in names for word in ("--only", name)]
    grade(folder, "out", *only, "--style")
    with (folder / "out" / "gradebook.csv").open(newline="") as table:
        return {row["submission"]: row for row in csv.DictReader(table)}


def test_a_library_without_a_c_file_has_no_style(folder: Path) -> None:
    canned(folder / "submissions" / "canned" / "src")
    canned_in_makefile(folder / "submissions" / "canned-in-makefile" / "src")
    rows = graded_with_style(folder, "canned", "canned-in-makefile")
    flags = rows["canned-in-makefile"]["flags"]
    assert "its style could not be judged: expected all of the library in C files" in flags
    assert "could not be judged" not in rows["canned"]["flags"]


def test_what_a_compiler_says_is_reported_once(folder: Path) -> None:
    makefile = ROOT / "tests" / "hostile" / "makefiles" / "include.mk"
    building(folder / "submissions" / "build-include" / "src", makefile)
    graded_with_style(folder, "build-include")
    report = (folder / "out" / "submissions" / "build-include" / "report.txt").read_text()
    (line,) = (line for line in report.splitlines() if line.startswith("  steal.c:1:10:"))
    assert "fatal error" in line


def results(out: Path) -> dict[str, bytes]:
    """All files in a folder of results, except the database, which holds times."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "sqlite" not in path.name
    }


def test_what_was_graded_is_not_graded_again(folder: Path) -> None:
    count = len(list((folder / "submissions").iterdir()))
    assert grade(folder, "out").startswith(f"{count} graded\n")
    before = results(folder / "out")
    assert grade(folder, "out").startswith(f"{count} known before\n")
    assert results(folder / "out") == before
    mistaken(folder / "submissions" / "new" / "src", MISTAKES[1])
    assert grade(folder, "out").startswith(f"1 graded, {count} known before\n")
    assert grade(folder, "out", "--fresh").startswith(f"{count + 1} graded\n")


def test_only_those_named_are_graded(folder: Path) -> None:
    assert grade(folder, "out", "--only", "plain").startswith("1 graded\n")
    with (folder / "out" / "gradebook.csv").open(newline="") as table:
        assert [row["submission"] for row in csv.DictReader(table)] == ["plain"]


def test_one_submission_can_be_graded_again(folder: Path) -> None:
    grade(folder, "out")
    before = results(folder / "out")
    assert grade(folder, "out", "--fresh", "--only", "plain").startswith("1 graded\n")
    assert results(folder / "out") == before


@pytest.mark.parametrize(("attack", "limit"), [("doze", "2 s"), ("chatter", "1 MiB of output")])
def test_what_no_longer_fits_the_budget_is_not_run_and_earns_nothing(
    folder: Path, attack: str, limit: str
) -> None:
    attacking(folder / "submissions" / attack / "src", attack)
    with (folder / "short.toml").open("a") as suite:
        suite.write("[budget]\nseconds = 2\noutput_mib = 1\n")
    names = ("--only", attack, "--only", "plain")
    assert grade(folder, "out", *names).startswith("2 graded\n")
    with (folder / "out" / "gradebook.csv").open(newline="") as table:
        rows = {row["submission"]: row for row in csv.DictReader(table)}
    assert (rows["plain"]["points"], rows["plain"]["flags"]) == (str(ALL), "")
    assert (rows[attack]["status"], rows[attack]["points"]) == ("graded", "0")
    assert outcomes(folder / "out", attack) == {"not-run"}
    assert f"not run: the submission had used its {limit}" in rows[attack]["flags"]
    assert grade(folder, "out", *names).startswith("2 known before\n")


@pytest.mark.parametrize(
    ("out", "options", "message"),
    [
        ("out", ("--only", "plain", "--style"), "was graded with another suite"),
        ("submissions/out", (), "expected a place outside of"),
        ("submissions", (), "expected a place outside of"),
        ("out", ("--only", "plian"), "did you mean 'plain'?"),
    ],
)
def test_what_would_spoil_a_gradebook_is_refused(
    folder: Path, out: str, options: tuple[str, ...], message: str
) -> None:
    grade(folder, "out")
    before = results(folder / "out")
    ended = subprocess.run(command(folder, out, *options), capture_output=True, text=True)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert results(folder / "out") == before
    assert not (folder / "submissions" / "out").exists()


def test_a_folder_out_of_reach_of_sandboxes_costs_no_submission_its_grade(folder: Path) -> None:
    temporary = folder / "private" / "tmp"
    temporary.mkdir(parents=True)
    temporary.chmod(0o1777)
    (folder / "private").chmod(0o700)
    env = {**os.environ, "TMPDIR": str(temporary)}
    ended = subprocess.run(
        command(folder, "out"), env=env, capture_output=True, text=True, check=False
    )
    if os.geteuid() == 0:  # whose sandboxes run as another user
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.startswith(f"Error: {temporary}: expected a folder that every user")
        assert ended.stderr.count("\n") == 1
        assert not (folder / "out" / "gradebook.csv").exists()
    else:
        count = len(list((folder / "submissions").iterdir()))
        assert (ended.returncode, ended.stderr) == (0, "")
        assert f"{count} submissions: {count} graded\n" in ended.stdout


def test_killed_at_random_moments_it_ends_with_the_same_gradebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = folder / "temporary"
    temporary.mkdir()
    temporary.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(temporary))
    grade(folder, "undisturbed")
    moments = random.Random(1)
    kills = 0
    while kills < 20:
        running = subprocess.Popen(
            command(folder, "killed", *(["--fresh"] if kills % 10 == 0 else [])),
            stdout=subprocess.DEVNULL,
        )
        try:
            running.wait(moments.uniform(0.2, 1.5))
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            kills += 1
        else:
            shutil.rmtree(folder / "killed")
        running.wait()
    grade(folder, "killed")
    assert results(folder / "killed") == results(folder / "undisturbed")
    assert list(temporary.iterdir()) == []


def test_two_at_a_time_do_not_mix(folder: Path) -> None:
    first = subprocess.Popen(command(folder, "out"), stdout=subprocess.DEVNULL)
    while not (folder / "out" / ".scratch").exists():
        time.sleep(0.01)
    time.sleep(0.1)
    second = subprocess.run(command(folder, "out"), capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert "another batch is at work here" in second.stderr
    assert first.wait() == 0


def test_it_says_why_it_can_not_run(folder: Path) -> None:
    (folder / "nobody").mkdir()
    for words, message in (
        ([folder / "nobody", "--out", folder / "out"], "expected submissions, found none"),
        ([folder / "none", "--out", folder / "out"], "does not exist"),
        ([folder / "submissions", "--out", folder / "out", "--only", "x"], "named 'x', found none"),
        (
            [folder / "submissions", "--out", folder / "out", "--db", "nosuch://x"],
            "nosuch database",
        ),
        ([folder / "submissions", "--out", "/proc/out"], "/proc/out"),
    ):
        call = [str(ROOT / "checker.py"), "grade", *map(str, words)]
        ended = subprocess.run(call, capture_output=True, text=True, check=False)
        assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
        assert message in ended.stderr


def test_nothing_runs_without_a_sandbox_unless_the_user_says_so(folder: Path) -> None:
    tools = folder / "tools"
    tools.mkdir()
    for path in (*Path("/usr/bin").iterdir(), *Path("/usr/sbin").iterdir()):
        if path.name != "bwrap" and not (tools / path.name).exists():
            (tools / path.name).symlink_to(path)
    env = {**os.environ, "PATH": str(tools)}
    refused = subprocess.run(
        command(folder, "out"), env=env, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "bwrap: not found" in refused.stderr
    ended = subprocess.run(
        command(folder, "out", "--no-sandbox"), env=env, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
