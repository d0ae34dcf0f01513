"""Submissions that share code are found, however they are packed, named and commented."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from command import assert_could_not_run, checker
from harness.course.settings import load_course
from harness.course.similarity import Pair, compare_submissions
from harness.execution.build import ROOT
from harness.execution.walls import AUTO, NO_WALLS
from harness.reports.gradebook import write_gradebook
from harness.results.diagnosis import Cause, Diagnosis
from harness.results.grade import Grade, Graded, Status, Style, TestResult
from harness.results.verdict import Outcome
from harness.suite import load_suite

pytestmark = pytest.mark.needs("similarity-tester")

SUITE = load_suite(ROOT / "tests" / "suite.toml")
NAMES = ("ada", "ben", "cy", "di")
SETTINGS = """
[names]
pattern = "(?P<id>[a-z]+)(\\\\..*)?"
[similarity]
kit = ["given"]
"""


def graded(name: str, mistake: str) -> Graded:
    """A grade with a mistake."""
    tests = tuple(
        TestResult(test.name, Outcome.PASSED, test.points, test.points, "", "", "")
        for test in SUITE.tests
    )
    causes = (Cause((mistake,), ("A mistake.",), ("best-fit",), ("all",)),) if mistake else ()
    diagnosis = Diagnosis(causes)
    return Graded(name, Grade(Status.GRADED, "", tests, Style(0, 0, ()), (), diagnosis=diagnosis))


def disguise(folder: Path) -> None:
    """Rename what is in the C of a folder, comment it, and put it into one file."""
    text = "".join(path.read_text() for path in sorted(folder.glob("*.c")))
    text = re.sub(r"\b(size|block|next|prev|list|rest)\b", r"my_\1", text).replace(";", "; // mine")
    for path in folder.glob("*.[ch]"):
        path.unlink()
    (folder / "all_of_it.c").write_text(text.replace("    ", "\t"))


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Ada's code, the same disguised and packed by Ben, and two others who share but the kit."""
    given, handed_in = tmp_path / "given", tmp_path / "submissions"
    shutil.copytree(ROOT / "src", given, ignore=lambda _, names: set(names) - {"size_tree.c"})
    for name in ("ada", "hidden"):
        shutil.copytree(ROOT / "tests" / "plain", handed_in / name / "src")
    disguise(handed_in / "hidden" / "src")
    packed = shutil.make_archive(str(tmp_path / "ben"), "gztar", handed_in / "hidden")
    shutil.move(packed, handed_in / "ben.tar.gz")
    shutil.rmtree(handed_in / "hidden")
    for name, source in (("cy", "bins.c"), ("di", "pairing.c")):
        (handed_in / name).mkdir()
        for each in (source, "size_tree.c"):
            shutil.copy(ROOT / "src" / each, handed_in / name / each)
    (tmp_path / "roster.csv").write_text("id,name\n" + "".join(f"{n},{n}\n" for n in NAMES))
    (tmp_path / "course.toml").write_text(SETTINGS)
    return tmp_path


def pairs(course: Path, **mistakes: str) -> dict[tuple[str, str], Pair]:
    names = {"ben": "ben.tar.gz"}
    grades = [graded(names.get(name, name), mistakes.get(name, "")) for name in NAMES]
    write_gradebook(course / "results", grades)
    found = compare_submissions(load_course(course / "course.toml"), AUTO).pairs
    return {(pair.left.students[0], pair.right.students[0]): pair for pair in found}


def test_a_disguise_is_seen_through_and_the_kit_is_left_out(course: Path) -> None:
    (first, pair), *others = pairs(course).items()
    assert set(first) == {"ada", "ben"}
    assert pair.percent > 80
    place = pair.left.place(pair.passages[0].left.first)
    assert re.fullmatch(r"\w+\.[ch]:\d+", place)
    assert all(other.percent < 50 for _, other in others)
    assert ("cy", "di") not in dict(others)


_CODE = "\n".join(path.read_text() for path in (ROOT / "tests" / "plain").glob("*.c"))
_WORDS = " ".join(line for line in _CODE.split("\n") if not line.startswith("#"))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (b"a;" * 20_000, "takes too long to compare"),
        (b"int x;\n" * 60_000, "takes too long to compare"),
        (b"x" * (1 << 20), "more than 512 KiB of C"),
        (_WORDS.encode(), ""),
        (_CODE.replace("size", "gr\xf6\xdfe").encode(), ""),
        (b"\xff\xfe" + _CODE.replace(";", ";\0").encode(), ""),
        (b"", ""),
        (_CODE.encode() + b'"', ""),
    ],
    ids=["few words", "many words", "large", "one line", "letters", "bytes", "nothing", "open"],
)
def test_no_code_keeps_others_from_being_compared(course: Path, code: bytes, reason: str) -> None:
    (course / "submissions" / "cy" / "bins.c").write_bytes(code)
    pages = ("--json", course / "pairs.json", "--html", course / "pairs.html")
    write_gradebook(course / "results", [graded(name, "") for name in NAMES])
    assert checker("similar", "--course", course / "course.toml", *pages).stderr == ""
    found = json.loads((course / "pairs.json").read_text())
    assert found["not_compared"] == ({"cy": reason} if reason else {})
    names = [{who["name"] for who in pair["submissions"]} for pair in found["pairs"]]
    assert {"ada", "ben.tar.gz"} in names
    assert (course / "pairs.html").stat().st_size < 4 << 20


def test_rare_mistakes_that_both_make_move_a_pair_up(course: Path) -> None:
    before = pairs(course)
    rare = pairs(course, ada="fit-first", ben="fit-first")
    common = pairs(course, **dict.fromkeys(NAMES, "fit-first"))
    (names, *_) = before
    assert rare[names].rank == before[names].rank + 5
    assert rare[names].mistakes == {"fit-first": 2}
    assert common[names].rank == before[names].rank
    assert rare[names].percent == before[names].percent


def test_pairs_are_written_for_programs_and_browsers(course: Path) -> None:
    pairs(course, ada="fit-first", ben="fit-first")
    (course / "submissions" / "cy" / "other").mkdir()
    shutil.copy(ROOT / "src" / "pairing.c", course / "submissions" / "cy" / "other")
    settings = ("similar", "--course", course / "course.toml")
    written = ("--json", course / "pairs.json", "--html", course / "pairs.html")
    ended = checker(*settings, *written, "--source", "cy=other")
    assert (ended.stderr, ended.returncode) == ("", 0)
    told = json.loads((course / "pairs.json").read_text())
    first = told["pairs"][0]
    assert first["flagged"] and first["mistakes"] == {"fit-first": 2}
    both = [
        {each["name"] for each in pair["submissions"]} for pair in told["pairs"] if pair["flagged"]
    ]
    assert {"ada", "ben.tar.gz"} in both and {"cy", "di"} in both
    page = (course / "pairs.html").read_text()
    assert "ben.tar.gz (ben)" in page and "fit-first (made by 2)" in page
    assert first["passages"][0]["places"][0] in page
    wrong = checker(*settings, "--source", "eve=src")
    assert_could_not_run(wrong, "--source eve=src: expected a submission named 'eve', found none")


@pytest.mark.parametrize("sandbox", [["--sandbox-kind", "landlock"], ["--no-sandbox"]])
def test_pairs_are_the_same_in_any_sandbox_and_come_with_its_walls(
    course: Path, sandbox: list[str]
) -> None:
    pairs(course)
    settings = ("similar", "--course", course / "course.toml")
    usual, other = checker(*settings).stdout, checker(*settings, *sandbox).stdout
    assert other.splitlines()[:-1] == usual.splitlines()[:-1]
    assert "process namespace" in usual.splitlines()[-1]
    walls = other.splitlines()[-1]
    assert walls == NO_WALLS if sandbox == ["--no-sandbox"] else walls.startswith("Walls: Landlock")


def test_nothing_is_compared_without_a_sandbox_unless_asked_for(course: Path) -> None:
    pairs(course)
    command: list[str | Path] = [ROOT / "checker.py", "similar", "--course", course / "course.toml"]
    kind = ["--sandbox-kind", "bubblewrap"]
    before = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    script = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
    refused = subprocess.run(
        [*before, script, "sh", *command, *kind], capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("Error: no sandbox can be made here: bubblewrap: ")
    both = checker("similar", "--course", course / "course.toml", *kind, "--no-sandbox")
    assert_could_not_run(both, "expected --sandbox-kind or --no-sandbox, found both")


def test_files_that_can_not_be_written_are_refused_and_a_dash_is_standard_output(
    course: Path,
) -> None:
    pairs(course)
    settings = ("similar", "--course", course / "course.toml")
    nowhere = course / "nowhere" / "pairs.json"
    refused = checker(*settings, "--json", nowhere)
    assert_could_not_run(refused, f"Invalid value for '--json': '{nowhere}': No such file")
    text = checker(*settings, "--json", "-").stdout
    assert json.loads(text[text.rindex("\n{\n") :])["submissions"] == 4
