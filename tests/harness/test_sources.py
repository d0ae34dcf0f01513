"""Where several folders could be meant as the sources, a flag names them and the user decides."""

from __future__ import annotations

import csv
import shutil
import zipfile
from pathlib import Path

import pytest

from command import assert_could_not_run, checker
from harness.execution.build import ROOT
from harness.grading.archive.unpack import ArchiveLimits, unpack
from submissions import mistaken, plain

LIMITS = ArchiveLimits(archive_mib=4, unpacked_mib=8, files=200, depth=6, ratio=100)
DEFINES = "void *os_malloc(size_t size)\n{\n    return 0;\n}\n"
CALLS = (
    "void *os_malloc(size_t size); // os_malloc(size_t size) {\nint main(void) { os_malloc(1); }"
)
COMMENTED = f"/* {DEFINES} */ int old;\n"


def note_on(folder: Path, files: dict[str, str], source: str = "") -> str:
    """Unpack a submission of these files; return the note on its sources."""
    for name, text in files.items():
        (folder / "it" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "it" / name).write_text(text)
    return unpack(folder / "it", folder / "to", LIMITS, source)


@pytest.mark.parametrize(
    ("files", "note"),
    [
        (
            ["osmem/src/osmem.c", "backup/src/osmem.c"],
            "backup/src, which comes first by name; osmem/src",
        ),
        (["src/osmem.c", "old/osmem.c"], "src, which is called src; old"),
        (["src/osmem.c", "src (copy)/osmem.c"], "src, which is called src; src (copy)"),
        (["src/osmem.c", "src/old/osmem.c"], "src, which is called src; src/old"),
        (["a/osmem.c", "b/osmem.c", "b/Makefile"], "b, which has a Makefile; a"),
        (["a/Makefile", "src/Makefile", "a/osmem.c"], "src, which is called src; a"),
        (["osmem.c", "old/osmem.c"], "., which is nearer to the top; old"),
        (
            [f"{name}/src/osmem.c" for name in "abcde"],
            "a/src, which comes first by name; b/src, c/src, d/src and 1 more",
        ),
    ],
)
def test_a_note_names_all_folders_and_the_reason(
    tmp_path: Path, files: list[str], note: str
) -> None:
    content = {name: DEFINES if name.endswith(".c") else "all:\n" for name in files}
    assert note_on(tmp_path, content) == f"built from {note} could be meant, too"


@pytest.mark.parametrize(
    "files",
    [
        {"src/osmem.c": DEFINES},
        {"src/osmem.c": DEFINES, "tests/snippets/test.c": CALLS, "tests/Makefile": "all:\n"},
        {"src/osmem.c": DEFINES, "old/osmem.c": COMMENTED},
        {"src/Makefile": "all:\n", "src/heap/osmem.c": DEFINES},
        {"src/osmem.c": DEFINES, "utils/osmem.c": DEFINES, ".git/osmem.c": DEFINES},
    ],
)
def test_there_is_no_note_on_what_can_not_be_meant(tmp_path: Path, files: dict[str, str]) -> None:
    assert note_on(tmp_path, files) == ""


def test_there_is_no_note_on_the_whole_kit(tmp_path: Path) -> None:
    for name in ("src", "utils", "tests/snippets"):
        shutil.copytree(ROOT / name, tmp_path / "it" / name)
    assert note_on(tmp_path, {}) == ""


def test_the_named_folder_is_taken(tmp_path: Path) -> None:
    files = {"src/osmem.c": DEFINES, "old/osmem.c": DEFINES + "int old;\n", "utils/list.h": ""}
    note = note_on(tmp_path, files, "old")
    assert note == "built from old, as --source says; src could be meant, too"
    assert "int old" in (tmp_path / "to" / "src" / "osmem.c").read_text()
    assert (tmp_path / "to" / "utils" / "list.h").exists()


def test_hostile_sources_are_read_in_no_time(tmp_path: Path) -> None:
    hostile = ["/*" * 400_000, "/* " * 300_000, "os_malloc(" * 80_000, "os_malloc" + " " * 900_000]
    hostile += ["os_malloc()" * 80_000, "/**/" * 200_000, "//" * 400_000]
    files = {f"src/{number}.c": text for number, text in enumerate(hostile)}
    assert note_on(tmp_path, files) == ""


# ---- The command ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Submissions of which some have two folders of sources, the first with a mistake."""
    top = tmp_path_factory.mktemp("sources")
    for name in ("ana", "dan=2"):
        mistaken(top / "submissions" / name / "backup" / "src", "preallocate-whole")
        plain(top / "submissions" / name / "osmem" / "src")
    plain(top / "submissions" / "eva" / "src")
    with zipfile.ZipFile(top / "submissions" / "broken.zip", "w") as archive:
        archive.writestr("../osmem.c", "")
    suite = f'extends = "{ROOT}/tests/suite.toml"\nonly = ["malloc-preallocate"]\n'
    (top / "short.toml").write_text(suite)
    return top


def grade(folder: Path, *options: str) -> str:
    """Grade the submissions; return the first line that the command prints."""
    out, suite = folder / "out", folder / "short.toml"
    submissions = folder / "submissions"
    ended = checker("grade", submissions, "--out", out, "--suite", suite, "--no-style", *options)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()[0]


def rows(folder: Path) -> dict[str, tuple[str, str]]:
    """The number of passed tests and the flags of each submission."""
    with (folder / "out" / "gradebook.csv").open(newline="") as table:
        return {row["submission"]: (row["tests"], row["flags"]) for row in csv.DictReader(table)}


def test_the_user_decides_and_what_changes_is_graded_again(folder: Path) -> None:
    first = "built from backup/src, which comes first by name; osmem/src could be meant, too"
    chosen = "built from osmem/src, as --source says; backup/src could be meant, too"
    assert grade(folder) == "4 graded"
    assert rows(folder)["eva"] == ("1", "")
    assert rows(folder)["ana"] == ("0", f'{first}; the same sources as "dan=2"')
    report = folder / "out" / "submissions" / "ana" / "report.txt"
    assert first in report.read_text()

    assert grade(folder, "--source", "ana=osmem/src/") == "1 graded, 3 known before"
    assert rows(folder)["ana"] == ("1", chosen)
    assert chosen in report.read_text()
    assert rows(folder)["dan=2"] == ("0", first)

    both = ("--source", "ana=osmem/src", "--source", "dan=2=./osmem/src")
    assert grade(folder, *both) == "4 known before"
    assert rows(folder)["dan=2"] == ("1", f'{chosen}; the same sources as "ana"')

    assert grade(folder) == "4 known before"
    assert rows(folder)["ana"] == ("0", f'{first}; the same sources as "dan=2"')


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["ana"], "--source ana: expected NAME=PATH, found no '='"),
        (["anna=src"], "expected a submission named 'anna', found none; did you mean 'ana'?"),
        (
            ["nobody=src"],
            "expected a submission named 'nobody', found none; name one that is to be",
        ),
        (["ana="], "--source ana=: expected a folder after '=', found nothing"),
        (["ana=src"], "found none called src; name another, such as backup/src, osmem/src"),
        (["ana=../dan=2/osmem/src"], "found none called ../dan=2/osmem/src"),
        (["ana=/etc"], "found none called /etc"),
        (["ana=osmem/src/osmem.c"], "found none called osmem/src/osmem.c"),
        (["ana=osmem/src", "ana=backup/src"], "expected each submission once, found ana again"),
        (["broken.zip=src"], "broken.zip can't be unpacked: ../osmem.c: a name that leads out"),
    ],
)
def test_what_does_not_exist_is_refused_in_one_line(
    folder: Path, options: list[str], message: str
) -> None:
    words = [word for option in options for word in ("--source", option)]
    ended = checker("grade", folder / "submissions", "--out", folder / "none", *words)
    assert_could_not_run(ended, message)
    assert len(ended.stderr.splitlines()) == 1
    assert not (folder / "none" / "gradebook.csv").exists()
