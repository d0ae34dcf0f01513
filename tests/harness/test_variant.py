"""`checker.py variant` makes suites for other policies, which judge as the original does."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from command import assert_could_not_run, checker
from kits import found_in, in_kit
from harness.variants.settings import draw_policy, parse_settings, read_students
from harness.diagnosis.table import table_of
from harness.errors import UserError
from harness.execution.build import ROOT
from harness.specification.assignment import render_assignment
from harness.specification.policy import Policy
from harness.specification.rules import RULES, rules_of
from harness.suite import load_suite
from submissions import mistaken, plain

FEW = f"""
extends = "{ROOT}/tests/suite.toml"
only = ["malloc-split-first", "malloc-preallocate"]
"""


@pytest.fixture(scope="module")
def variant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A variant without a table of known mistakes."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "few.toml").write_text(FEW)
    settings = (
        *("order=lifo", "alignment=16", "mmap_threshold=65536", "prealloc_malloc=65536"),
        "header_magic=0xFEEDFACE",
    )
    words = [word for setting in settings for word in ("--set", setting)]
    made = checker(
        "variant", folder / "lifo", "--suite", folder / "few.toml", "--no-diagnosis", *words
    )
    assert made.returncode == 0, made.stderr
    assert "2 tests, 5 points; two right allocators pass all" in made.stdout
    assert re.search(r"A right solution of the suite it extends gets \d points", made.stdout)
    return folder / "lifo"


def test_a_variant_is_a_suite_with_its_own_references(variant: Path) -> None:
    suite = load_suite(variant / "suite.toml")
    assert suite.policy == Policy(
        order="lifo",
        alignment=16,
        mmap_threshold=65536,
        prealloc_malloc=65536,
        header_magic=0xFEEDFACE,
    )
    reference = (variant / "ref" / "test-malloc-preallocate.trace").read_text()
    assert "sbrk(65536)" in reference
    assert "os_malloc(32768)" in reference


@pytest.mark.parametrize("source", ["src", "tests/plain"])
def test_right_allocators_pass_a_variant(variant: Path, source: str) -> None:
    ended = checker("check", "--suite", variant / "suite.toml", "--src", ROOT / source)
    assert ended.returncode == 0
    assert "2 of 2 tests passed: 5 of 5 points" in ended.stdout


def test_a_header_without_the_magic_number_is_found(variant: Path, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    text = (source / "list.c").read_text()
    (source / "list.c").write_text(text.replace("= HEADER_MAGIC", "= HEADER_MAGIC - 1"))
    ended = checker("check", "--suite", variant / "suite.toml", "--src", source)
    assert ended.returncode == 1
    assert "begins with 0xfeedfacd, expected the magic number 0xfeedface" in ended.stdout


@pytest.mark.parametrize(("own", "told"), [("0xBEEFu", True), ("0xFEEDFACEu", False)])
def test_another_magic_number_than_that_of_the_tests_is_told(
    variant: Path, tmp_path: Path, own: str, told: bool
) -> None:
    source = plain(tmp_path / "src")
    text = (ROOT / "utils" / "block_meta.h").read_text()
    (tmp_path / "utils").mkdir()
    (tmp_path / "utils" / "block_meta.h").write_text(text.replace("_MAGIC     0", f"_MAGIC {own}"))
    ended = checker("check", "--suite", variant / "suite.toml", "--src", source)
    assert "2 of 2 tests passed" in ended.stdout
    words = "Utils: built with the magic number 0xfeedfaceu in headers, not with its own 0xBEEFu"
    assert (words in ended.stdout) == told
    assert ("Utils:" in ended.stdout) == told


def test_a_kit_of_a_variant_is_of_its_own_assignment(variant: Path, tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    ended = checker("kit", kit, "--suite", variant / "suite.toml")
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert (kit / "docs" / "specification.md").read_text() == (
        variant / "specification.md"
    ).read_text()
    assert "0 of 2 tests passed: 0 of 5 points" in in_kit(kit, "./checker.py", "check").stdout
    told = in_kit(kit, "./checker.py", "explain", "malloc-threshold").stdout
    assert "whose total is 64 KiB or more" in told and "mmap(NULL, 65536," in told
    assert not any(found_in(path.read_bytes()) for path in kit.rglob("*") if path.is_file())
    shutil.rmtree(kit / "src")
    plain(kit / "src")
    for command in (("make", "-s", "-C", "src"), ("./checker.py", "check")):
        ended = in_kit(kit, *command)
        assert (ended.stderr, ended.returncode) == ("", 0)
    assert "2 of 2 tests passed: 5 of 5 points" in ended.stdout


def test_the_assignment_of_a_variant_has_its_own_numbers(variant: Path) -> None:
    text = (variant / "specification.md").read_text()
    assert "header takes 48 bytes.\n  Its first word, `magic`, is 0xfeedface" in text
    assert "multiple of 16" in text and "64 KiB or more" in text
    assert "among equals, the one\n   that became free last" in text
    assert "OSMEM_CONF" not in text and "128 KiB" not in text


def test_a_kit_of_another_policy_needs_no_text_beside_its_suite(tmp_path: Path) -> None:
    (tmp_path / "suite.toml").write_text(f'{FEW}[policy]\nfit = "worst"\n')
    kit = tmp_path / "kit"
    made = checker(
        "variant", tmp_path / "worst", "--suite", tmp_path / "suite.toml", "--no-diagnosis"
    )
    assert made.returncode == 0, made.stderr
    assert "fit-worst" not in made.stdout + (tmp_path / "worst" / "matrix.csv").read_text()
    (tmp_path / "worst" / "specification.md").unlink()
    ended = checker("kit", kit, "--suite", tmp_path / "worst" / "suite.toml")
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert "**Worst fit.**" in (kit / "docs" / "specification.md").read_text()
    told = in_kit(kit, "./checker.py", "explain", "best-fit").stdout
    assert "2. Worst fit." in told and "fit-first " in told and "fit-worst " not in told


def test_rules_are_explained_as_the_variant_has_them(variant: Path) -> None:
    ended = checker("explain", "lowest-of-equals", "--suite", variant / "suite.toml")
    assert ended.returncode == 0
    assert "the one freed last is taken" in ended.stdout
    assert "that became free last" in ended.stdout


def test_a_variant_has_a_matrix_of_what_mistakes_cost(variant: Path) -> None:
    matrix = (variant / "matrix.csv").read_text()
    assert "fit-last-of-equals,lowest-of-equals,ordinary," in matrix
    assert table_of(load_suite(variant / "suite.toml")) is None


@pytest.mark.slow
def test_mistakes_are_named_in_a_variant(tmp_path: Path) -> None:
    (tmp_path / "few.toml").write_text(FEW.replace(', "malloc-preallocate"', ""))
    made = checker(
        *("variant", tmp_path / "made", "--suite", tmp_path / "few.toml", "--set", "order=lifo")
    )
    assert made.returncode == 0, made.stderr
    source = mistaken(tmp_path / "src", "fit-last-of-equals")
    ended = checker("check", "--suite", tmp_path / "made" / "suite.toml", "--src", source)
    assert ended.returncode == 1
    assert "1 mistake explains" in ended.stdout


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("fit=frist", "--set fit: expected best, first, next, worst, found 'frist'"),
        ("fitt=first", "expected one of mmap_threshold, .*, found 'fitt'; did you mean fit?"),
        ("alignment=12", "--set alignment: expected one of 8, 16, 32, found 12"),
        ("alignment=x", "--set alignment=x: expected a whole number, found 'x'"),
        ("mmap_threshold=1000", "mmap_threshold: expected a multiple of 8 from 32768 to"),
        ("prealloc_malloc=262144", "prealloc_malloc: expected 0, or a multiple of 8 from 4096"),
        ("smallest_rest=500", "smallest_rest: expected 1 to 128, found 500"),
    ],
)
def test_settings_that_make_no_sense_are_refused(setting: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_settings([setting], Policy())


def test_a_refused_setting_leaves_nothing_behind(tmp_path: Path) -> None:
    ended = checker("variant", tmp_path / "made", "--set", "fit=frist")
    assert_could_not_run(ended, "--set fit: expected best, first, next, worst, found 'frist'")
    assert ended.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_next_fit_needs_the_order_of_addresses() -> None:
    with pytest.raises(UserError, match="order: expected address"):
        parse_settings(["fit=next", "order=lifo"], Policy())


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine")
    assert_could_not_run(checker("variant", tmp_path / "kept"), "expected nothing there")
    assert (tmp_path / "kept").read_text() == "mine"


def test_the_text_of_the_usual_policy_is_the_specification() -> None:
    page = ROOT / "docs" / "specification.md"
    assert render_assignment(Policy(), variant=False) == page.read_text()
    assert rules_of(Policy()) == RULES


def test_each_choice_changes_the_text() -> None:
    usual = render_assignment(Policy(), variant=True)
    for key, value in (("fit", "next"), ("order", "lifo"), ("merge", "need"), ("trim", 1000)):
        policy = replace(Policy(), **{key: value})
        assert render_assignment(policy, variant=True) != usual
        assert rules_of(policy) != RULES


def test_students_get_numbers_of_their_own_that_stay() -> None:
    drawn = [draw_policy(Policy(), ["alignment"], "2026", f"s{n}") for n in range(50)]
    assert drawn == [draw_policy(Policy(), ["alignment"], "2026", f"s{n}") for n in range(50)]
    assert len(set(drawn)) > 40
    assert {policy.alignment for policy in drawn} == {8}
    assert drawn != [draw_policy(Policy(), ["alignment"], "2027", f"s{n}") for n in range(50)]


def test_each_student_is_graded_by_numbers_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "few.toml").write_text(FEW.replace('"malloc-split-first", ', ""))
    (tmp_path / "students.txt").write_text("anna\nbert\n")
    source = plain(tmp_path / "submissions" / "anna" / "src")
    for name in ("bert", "carl"):
        shutil.make_archive(str(tmp_path / "submissions" / name), "zip", source.parent)
    made = checker(
        *("variant", tmp_path / "autumn", "--suite", tmp_path / "few.toml", "--set", "fit=first"),
        *("--per-student", "2026", "--students", tmp_path / "students.txt"),
    )
    assert made.returncode == 0, made.stderr
    policies = [load_suite(tmp_path / "autumn" / n / "suite.toml").policy for n in ("anna", "bert")]
    assert policies[0] != policies[1]
    assert {policy.fit for policy in policies} == {"first"}
    header, anna, _ = (tmp_path / "autumn" / "students.csv").read_text().splitlines()
    assert header.startswith("student,mmap_threshold,")
    assert anna.startswith(f"anna,{policies[0].mmap_threshold},")
    graded = checker(
        *("grade", tmp_path / "submissions", "--out", tmp_path / "out", "--no-style"),
        *("--per-student", tmp_path / "autumn"),
    )
    assert graded.returncode == 2, graded.stderr
    assert "Left out, without a suite of their own: carl.zip" in graded.stdout
    rows = csv.DictReader((tmp_path / "out" / "gradebook.csv").open(encoding="utf-8"))
    points = {row["submission"]: row["points"] for row in rows}
    assert points == {"anna": "3", "bert.zip": "3"}
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    suites = [each["origin"]["suite"] for each in results]
    assert suites[0] != suites[1]


@pytest.mark.parametrize(("names", "said"), [("../up\n", "student 1"), ("a\na\n", "each once")])
def test_names_that_no_folder_can_have_are_refused(tmp_path: Path, names: str, said: str) -> None:
    (tmp_path / "students.txt").write_text(names)
    with pytest.raises(UserError, match=said):
        read_students(tmp_path / "students.txt")
