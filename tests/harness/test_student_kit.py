"""The kit for students works where nothing else of the project is, and holds no solution."""

from __future__ import annotations

import base64
import gzip
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from command import assert_could_not_run, checker
from kits import SOLUTIONS, alone, found_in, in_kit, lines_of
from harness.execution.build import ROOT
from harness.suite import load_suite
from submissions import mistaken, plain

pytestmark = pytest.mark.xdist_group("kit")  # one process: a kit's programs are built once
SUITE = load_suite(ROOT / "tests" / "suite.toml")
POINTS = 90


@pytest.fixture(name="kit", scope="module")
def fixture_kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kit = tmp_path_factory.mktemp("kit") / "osmem"
    ended = checker("kit", kit)
    assert (ended.stdout, ended.stderr, ended.returncode) == (f"Written: {kit}\n", "", 0)
    return kit


@pytest.fixture(name="fresh", scope="module")
def fixture_fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kit that no test runs anything in."""
    kit = tmp_path_factory.mktemp("fresh") / "osmem"
    assert checker("kit", kit).returncode == 0
    return kit


def step(kit: Path, name: str) -> str:
    """The command of a step of the kit's action for GitHub."""
    action = yaml.safe_load((kit / ".github" / "workflows" / "check.yml").read_text())
    (found,) = (s["run"] for s in action["jobs"]["check"]["steps"] if s.get("name") == name)
    return str(found)


def test_a_kit_earns_nothing_until_an_allocator_is_in_it(kit: Path) -> None:
    assert in_kit(kit, *step(kit, "install").split()).stdout == ""
    settings = "export GITHUB_STEP_SUMMARY=build/summary.md"
    ended = in_kit(kit, "bash", "-ec", f"{settings}\n{step(kit, 'check')}")
    assert (ended.stderr, ended.returncode) == ("", 1)
    assert f"0 of 40 tests passed: 0 of {POINTS} points" in ended.stdout
    assert "What is wrong: 2 mistakes explain all 40 failed tests" in ended.stdout
    cases = list(ElementTree.parse(kit / "build" / "junit.xml").iter("testcase"))
    assert len(cases) == len(SUITE.tests)
    for case in cases:
        (failure,) = case
        assert failure.get("type") == "invalid"
        reason = failure.get("message", "")
        assert re.search(r"os_\w+\(.*\): returned NULL, expected a block", reason), reason
    marked = r"^::error file=tests/snippets/test-[\w-]+\.c,line=\d+,title=[\w-]+%3A invalid::"
    assert re.search(marked, ended.stdout, re.MULTILINE)
    assert ended.stdout.endswith(f"::notice title=src::0 of {POINTS} points\n")
    summary = (kit / "build" / "summary.md").read_text()
    assert summary.startswith(f"## src: 0 of {POINTS} points\n")
    assert r"| malloc\-arrays | invalid | 0/5 | " in summary

    skeleton = kit / "src"
    moved = skeleton.rename(kit / "skeleton")
    plain(skeleton)
    with_points = ("malloc-*", "calloc-*", "realloc-*", "all")
    ended = in_kit(kit, "./checker.py", "check", *with_points)
    assert f"40 of 40 tests passed: {POINTS} of {POINTS} points" in ended.stdout
    assert (ended.stderr, ended.returncode) == ("", 0)
    shutil.rmtree(skeleton)
    moved.rename(skeleton)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("debootstrap") is None, reason="debootstrap needs root"
)
def test_a_kit_works_on_a_bare_debian() -> None:
    command = [str(ROOT / "tools" / "test-debian"), "bookworm", "--kit"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture(name="worst", scope="module")
def fixture_worst(kit: Path) -> Iterator[Path]:
    """An allocator with a mistake, in the kit."""
    yield mistaken(kit / "worst", "fit-worst")
    shutil.rmtree(kit / "worst")


@pytest.mark.parametrize(
    "command",
    [
        ("explain", "fit-worst"),
        ("show", "malloc-split-last", "--at", "2", "--src"),
        pytest.param(("explain", "split"), marks=pytest.mark.slow),
        pytest.param(("explain", "preallocation"), marks=pytest.mark.slow),
        pytest.param(("explain", "malloc-split-last"), marks=pytest.mark.slow),
        pytest.param(("check", "malloc-split-last", "--src"), marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_the_checker_says_in_a_kit_what_it_says_in_the_project(
    kit: Path, worst: Path, command: tuple[str, ...]
) -> None:
    source = command[-1] == "--src"
    here = in_kit(kit, "./checker.py", *command, *(["worst"] if source else []))
    there = checker(*command, *([worst] if source else []))
    assert here.stderr == there.stderr == ""
    said, expected = (
        [line for line in ended.stdout.splitlines() if "./checker.py check --src" not in line]
        for ended in (here, there)
    )
    assert [line for line in expected if "/checker.py check --src" not in line] == said


def test_pages_and_the_debugger_work_in_a_kit(kit: Path, worst: Path) -> None:
    page = ("--html", "build/page.html", "malloc-split-last")
    assert in_kit(kit, "./checker.py", "check", "--src", worst.name, *page).returncode == 1
    assert "<svg" in (text := (kit / "build" / "page.html").read_text()) or "canvas" in text
    debug = ("debug", "--batch", "--src", worst.name, "malloc-split-last")
    stopped = in_kit(kit, "./checker.py", *debug)
    assert (
        "Breakpoint 1, test_malloc_split_last () at test-malloc-split-last.c:23" in stopped.stdout
    ), stopped.stderr


@pytest.mark.slow
def test_the_tests_of_a_kit_are_tests_of_pytest(kit: Path) -> None:
    listed = in_kit(kit, "/usr/bin/python3", "-m", "pytest", "--collect-only")
    assert "test-malloc-split-last.c::malloc-split-last" in listed.stdout, listed.stdout


def test_watch_works_in_a_kit(kit: Path) -> None:
    command = alone(kit, "./checker.py", "watch", "malloc-arrays")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        lines = iter(watching.stdout.readline, "")
        assert any(line.startswith("Waiting for a change in /kit/src") for line in lines)
        watching.kill()


# ---- What must not be in it ----------------------------------------------------------------------


def test_no_solution_is_in_a_kit(fresh: Path) -> None:
    for path in filter(Path.is_file, fresh.rglob("*")):
        assert found_in(path.read_bytes()) == set(), path


@pytest.mark.parametrize("hide", [bytes, gzip.compress, zlib.compress, base64.b64encode])
def test_a_hidden_solution_would_be_found(hide: Callable[[bytes], bytes]) -> None:
    for path in SOLUTIONS:
        if lines_of(path.read_text()):
            assert found_in(hide(path.read_bytes())), path


def test_a_kit_has_no_history_and_nothing_that_was_built(fresh: Path) -> None:
    names = {str(path.relative_to(fresh)) for path in fresh.rglob("*")}
    built = re.compile(r"\.git$|\.git/|__pycache__|\.(pyc|so|o|d|sqlite)$")
    assert not set(filter(built.search, names))
    assert {name for name in names if name.startswith("src/")} == {"src/osmem.c", "src/Makefile"}
    assert not {name for name in names if re.search(r"grading|recorder|\bplain\b|model|seed", name)}


def test_pages_of_a_kit_link_only_to_what_it_has(fresh: Path) -> None:
    pages = [*fresh.glob("*.md"), *(fresh / "docs").iterdir()]
    assert {"specification.md", "specification.html"} <= {page.name for page in pages}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for path, anchor in re.findall(r"(?:\]\(|href=\")([^)\":#]*)(#[^)\"]*)?[)\"]", text):
            assert not path or (page.parent / path).is_file(), (page, path)
            if anchor and page.suffix == ".html":
                target = (page.parent / path).read_text() if path else text
                assert f'id="{anchor[1:]}"' in target, (page, path, anchor)


# ---- Whole or not at all -------------------------------------------------------------------------


def test_a_function_that_no_test_calls_is_none_to_write(tmp_path: Path) -> None:
    suite = tmp_path / "suite.toml"
    suite.write_text(f'extends = "{ROOT}/tests/suite.toml"\nonly = ["malloc-a*", "calloc-a*"]\n')
    assert checker("kit", tmp_path / "kit", "--suite", suite).returncode == 0
    skeleton = (tmp_path / "kit" / "src" / "osmem.c").read_text()
    assert re.findall(r"^\w.*(os_\w+)\(", skeleton, re.MULTILINE) == [
        *("os_malloc", "os_calloc", "os_free")
    ]
    assert "Resizes the block" not in skeleton and skeleton.count("/*") == 4
    readme = (tmp_path / "kit" / "README.md").read_text()
    assert "You write `os_malloc`, `os_calloc` and `os_free`, with" in readme
    note = (
        "In this course, you write `os_malloc`, `os_calloc` and `os_free`: leave out what is said"
    )
    assert note in (tmp_path / "kit" / "docs" / "specification.md").read_text()
    assert in_kit(tmp_path / "kit", "make", "-s", "-C", "src").returncode == 0


def test_a_folder_that_is_not_empty_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    ended = checker("kit", tmp_path)
    assert_could_not_run(ended, f"{tmp_path}: expected a new or an empty folder, found a folder")
    assert ended.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_what_can_not_be_whole_is_not_there(tmp_path: Path) -> None:
    suite = tmp_path / "suite.toml"
    suite.write_text(f'extends = "{ROOT}/tests/suite.toml"\nreferences = "none"\n')
    ended = checker("kit", tmp_path / "kit", "--suite", suite)
    assert_could_not_run(ended, "malloc-no-preallocate: expected its reference", "found none")
    assert [path.name for path in tmp_path.iterdir()] == ["suite.toml"]


def test_a_kit_has_the_tests_of_its_suite_only(tmp_path: Path) -> None:
    suite = tmp_path / "suite.toml"
    suite.write_text(f'extends = "{ROOT}/tests/classic.toml"\nonly = ["malloc-a*"]\n')
    assert checker("kit", tmp_path / "kit", "--suite", suite).returncode == 0
    written = load_suite(tmp_path / "kit" / "tests" / "suite.toml")
    assert [test.name for test in written.tests] == ["malloc-arrays"]
    assert written.policy == load_suite(suite).policy
    assert len(list((tmp_path / "kit" / "tests" / "snippets").glob("test-*.c"))) == 1
