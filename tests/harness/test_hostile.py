"""Hostile submissions, graded beside honest ones: as root and as an ordinary user.

Each gets the verdict that its file says, earns no point that it should not, leaves nothing behind,
and does not change what others earn.
"""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks import ATTACKS, KINDS, Attack
from batches import ALL, NAMES, TESTS, graded, outcomes
from harness.reports.formats import FORMATS
from submissions import HOSTILE, hidden, plain

QUOTE = "'"
FORMULAS = ("=", "-", "+", "@", "\uff1d")
"""What a spreadsheet takes for the beginning of a formula."""


AS_SOMEBODY = [
    # A group is graded once, wherever its tests run.
    pytest.param(False, id="as I am", marks=pytest.mark.xdist_group("grade as I am")),
    pytest.param(
        True,
        id="as somebody",
        marks=[pytest.mark.xdist_group("grade as somebody"), pytest.mark.slow],
    ),
]


@pytest.fixture(scope="module", params=AS_SOMEBODY)
def batch(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The results of grading submissions of every kind."""
    if request.param and os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with graded(request.param) as out:
        yield out


def rows_of(out: Path) -> dict[str, dict[str, str]]:
    """The gradebook's rows by submission."""
    with (out / "gradebook.csv").open(newline="") as table:
        return {row["submission"]: row for row in csv.DictReader(table)}


@pytest.fixture(scope="module")
def grades(batch: Path) -> dict[str, dict[str, str]]:
    return rows_of(batch)


WAYS_TO_HIDE = {
    "decoy": "found that what they make fails ",
    "bytes": "found that what they make fails ",
    "section": "expected C, found ",
    "incbin": "expected C, found ",
}
"""What hostile/points/hidden hides sources from judges of style with, and what these find."""


def test_every_file_is_part_of_an_attack() -> None:
    assert len(ATTACKS) >= 60
    files = {path for kind in KINDS for path in (HOSTILE / kind).rglob("*") if path.is_file()}
    hidden, canned = HOSTILE / "points" / "hidden", HOSTILE / "points" / "canned"
    others = [*(hidden / f"{name}.c" for name in WAYS_TO_HIDE), hidden / "Makefile"]
    assert files == {attack.path for attack in ATTACKS} | {*others, canned / "osmem.c"}


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_an_attack_gets_what_it_should(
    batch: Path, grades: dict[str, dict[str, str]], attack: Attack
) -> None:
    attack.check(grades[attack.name], outcomes(batch, attack.name), TESTS)


def test_every_submission_has_its_grade(batch: Path, grades: dict[str, dict[str, str]]) -> None:
    assert len(grades) == len(list((batch.parent.parent / "submissions").iterdir())) >= 60
    assert len(list((batch / "submissions").iterdir())) == len(grades)


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        ("loop", "used more than 0.3 s of processor time, inside os_"),
        ("deaf-loop", "used more than 0.3 s of processor time, inside os_"),
        ("sleep", "slept for more than 1.5 s, inside os_"),
    ],
)
def test_a_timeout_names_the_limit_and_the_call(batch: Path, attack: str, reason: str) -> None:
    report = batch / "submissions" / f"cost {attack}.c" / "report.txt"
    assert reason in report.read_text()


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        ("edit-frame", ": after the call byte "),
        ("canned-answers", "passes with the published sizes, but not with others: call "),
    ],
)
def test_a_point_not_earned_is_explained(batch: Path, attack: str, reason: str) -> None:
    report = batch / "submissions" / f"points {attack}.c" / "report.txt"
    assert reason in report.read_text()


@pytest.mark.parametrize(
    "as_somebody", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["as I am", "somebody"]
)
def test_only_what_makes_the_library_earns_points_for_style(as_somebody: bool) -> None:
    if as_somebody and os.geteuid() != 0:
        pytest.skip("only root can become somebody else")

    def write(folder: Path) -> None:
        plain(folder / "plain" / "src")
        for name in WAYS_TO_HIDE:
            hidden(folder / name / "src", name)

    with graded(as_somebody, write=write, style=10) as out:
        rows = rows_of(out)
    assert (rows["plain"]["style"], rows["plain"]["flags"]) == ("10", "")
    for name, reason in WAYS_TO_HIDE.items():
        row = rows[name]
        assert (row["points"], row["style"]) == (rows["plain"]["points"], "0")
        assert "its style could not be judged: expected C" in row["flags"]
        assert reason in row["flags"]


@pytest.mark.parametrize("name", ["canned", "canned-in-makefile"])
def test_the_published_answers_earn_nothing_and_are_flagged(
    grades: dict[str, dict[str, str]], name: str
) -> None:
    row = grades[name]
    assert (row["status"], row["total"]) == ("graded", "0")
    assert all(test in row["flags"] for test in TESTS)
    assert "but not with randomized sizes" in row["flags"]


@pytest.mark.parametrize("name", ["plain-zip.zip", "plain-tar.tar.gz"])
def test_hostile_neighbours_cost_no_points(grades: dict[str, dict[str, str]], name: str) -> None:
    assert (grades[name]["points"], grades[name]["flags"]) == (str(ALL), "")


def test_what_was_handed_in_twice_is_noticed(grades: dict[str, dict[str, str]]) -> None:
    alike = [row for row in grades.values() if row["flags"].startswith("the same sources as ")]
    assert len(alike) == len(("plain", *NAMES))
    assert {row["points"] for row in alike} == {str(ALL)}


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


def test_there_is_a_report_in_every_format(batch: Path) -> None:
    for folder in (batch / "submissions").iterdir():
        assert {path.name for path in folder.iterdir()} >= set(FORMATS)


def test_names_and_words_of_submissions_are_only_ever_text(batch: Path) -> None:
    texts = [batch / "stdout", batch / "gradebook.csv", batch / "results.json"]
    texts += [path for path in (batch / "submissions").rglob("*") if path.is_file()]
    for path in texts:
        content = path.read_text()
        assert content.replace("\n", "").replace("\t", "").isprintable(), path
        if path.suffix == ".xml":
            assert "<script" not in content and "<b>" not in content
    with (batch / "gradebook.csv").open(newline="") as table:
        for cells in csv.reader(table):
            assert not any(cell.lstrip().startswith(FORMULAS) for cell in cells)


def test_words_of_submissions_are_no_commands(batch: Path) -> None:
    commands = ("::error ", "::warning ", "::notice ")
    for path in (batch / "submissions").glob("*/github/*"):
        for line in path.read_text().splitlines():
            assert line.startswith(commands) and "##[" not in line, path


def test_words_of_submissions_are_no_grades(batch: Path) -> None:
    for path in (batch / "submissions").glob("*/vpl/*"):
        lines = path.read_text().splitlines()
        assert [line.startswith("Grade :=>>") for line in lines].count(True) == 1, path
        assert lines.count("<|--") == lines.count("--|>") == 1, path


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
