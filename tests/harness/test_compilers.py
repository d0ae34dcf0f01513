"""Sources that only some compilers refuse build everywhere, and are reported."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from command import assert_could_not_run, checker
from harness.execution.build import ROOT
from submissions import plain

LENIENT = "implicit-function-declaration, incompatible-pointer-types, int-conversion"
SLOPPY = """
void *sloppy(void)
{
    int *number = 5;
    long *wider = number;
    return later(wider) ? wider : 0;
}

int later(void *pointer) { return pointer != 0; }
"""
"""gcc 14 refuses three things in it, of which gcc 12 only warns."""
TRANSPOSED = """
#include <stdlib.h>

void *transposed(void) { return calloc(sizeof(int), 4); }

void unwanted(int array[4]);
void unwanted(int *array) { (void)array; }
"""
"""With -Wall -Wextra, gcc 14 warns of the first function and gcc 11 of the second."""


TENTATIVE = "int calls_so_far;\n"
"""In a header that several files include, it is defined in each of them."""
COMMON = "a variable defined in several files, which needs -fcommon"


def adding(folder: Path, source: str, flags: str = "") -> Path:
    """Write the plain implementation with more source in it, built with more flags."""
    plain(folder)
    with (folder / "osmem.c").open("a") as file:
        file.write(source)
    makefile = folder / "Makefile"
    makefile.write_text(makefile.read_text().replace("-fPIC", f"-fPIC {flags}"))
    return folder


@pytest.mark.parametrize("sandbox", [(), ("--sandbox",)], ids=["plain", "sandbox"])
def test_what_newer_compilers_refuse_is_built_and_reported(
    tmp_path: Path, sandbox: tuple[str, ...]
) -> None:
    source = adding(tmp_path / "src", SLOPPY)
    ended = checker("check", "--src", source, *sandbox, "malloc-arrays")
    assert ended.returncode == 0
    assert "1 of 1 tests passed" in ended.stdout
    assert f"newer compilers refuse this library: {LENIENT}" in ended.stdout


@pytest.mark.parametrize("sandbox", [(), ("--sandbox",)], ids=["plain", "sandbox"])
def test_a_variable_defined_in_a_header_is_linked_and_reported(
    tmp_path: Path, sandbox: tuple[str, ...]
) -> None:
    source = plain(tmp_path / "src")
    with (source / "plain.h").open("a") as header:
        header.write(TENTATIVE)
    ended = checker("check", "--src", source, *sandbox, "malloc-arrays")
    assert ended.returncode == 0
    assert "1 of 1 tests passed" in ended.stdout
    assert f"newer compilers refuse this library: {COMMON}" in ended.stdout


@pytest.mark.parametrize("definition", ["int twice = 1;", "int twice(void) { return 1; }"])
def test_what_no_compiler_links_is_not_built(tmp_path: Path, definition: str) -> None:
    source = adding(tmp_path / "src", definition)
    (source / "list.c").write_text((source / "list.c").read_text() + definition)
    ended = checker("check", "--src", source, "malloc-arrays")
    assert ended.returncode == 1
    assert "make failed" in ended.stdout and "multiple definition of `twice'" in ended.stdout


def test_nothing_is_reported_of_what_all_compilers_accept(tmp_path: Path) -> None:
    source = adding(tmp_path / "src", TRANSPOSED, "-Werror")
    ended = checker("check", "--src", source, "malloc-arrays")
    assert ended.returncode == 0
    assert "compilers" not in ended.stdout


def test_the_flags_of_a_makefile_win(tmp_path: Path) -> None:
    allowed = " ".join(f"-Wno-{name}" for name in LENIENT.split(", "))
    source = adding(tmp_path / "src", SLOPPY, allowed)
    ended = checker("check", "--src", source, "malloc-arrays")
    assert ended.returncode == 0
    assert "compilers" not in ended.stdout


def test_a_suite_may_allow_no_second_try(tmp_path: Path) -> None:
    suite = tmp_path / "strict.toml"
    suite.write_text(f'extends = "{ROOT}/tests/suite.toml"\n[compiler]\nsecond_try = []\n')
    source = adding(tmp_path / "src", SLOPPY)
    ended = checker("check", "--src", source, "--suite", suite, "malloc-arrays")
    assert ended.returncode == 1
    assert "could not be built" in ended.stdout
    suite.write_text(suite.read_text().replace("[]", "5"))
    assert_could_not_run(checker("list", "--suite", suite), "second_try: expected a list", "5")


def test_lenient_flags_cost_no_points_but_are_flagged(tmp_path: Path) -> None:
    adding(tmp_path / "submissions" / "sloppy" / "src", SLOPPY)
    tentative_header = plain(tmp_path / "submissions" / "tentative" / "src") / "plain.h"
    tentative_header.write_text(tentative_header.read_text() + TENTATIVE)
    adding(tmp_path / "submissions" / "wrong" / "src", SLOPPY + "int x = ;\n")
    out = tmp_path / "out"
    assert checker("grade", tmp_path / "submissions", "--out", out, "--no-style").returncode == 0
    with (out / "gradebook.csv").open(newline="") as table:
        sloppy, tentative, wrong = csv.DictReader(table)
    assert sloppy["points"] == "90"
    assert sloppy["flags"].endswith(f"with lenient flags (newer compilers refuse it: {LENIENT})")
    assert (tentative["points"], tentative["flags"]) == (
        "90",
        f"builds only with lenient flags (newer compilers refuse it: {COMMON})",
    )
    assert wrong["status"] == "not-built"
    source = (tmp_path / "submissions" / "wrong" / "src" / "osmem.c").read_text()
    assert wrong["reason"] == (
        f"make failed: osmem.c:{len(source.splitlines())}: error:"
        " expected expression before ';' token"
    )
