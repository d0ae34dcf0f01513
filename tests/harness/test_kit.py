"""Submissions are built as they lay in the kit: with utils and the headers of tests beside them,
and with copies of utils that are theirs or ours, but never a mixture."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from command import checker
from harness.execution.build import ROOT
from submissions import plain

MAKEFILE = """
libosmem.so:
\t$(CC) -I../utils -fPIC -shared -g -o $@ *.c $(wildcard utils/*.c) ../utils/printf.c
"""
WITH_WHAT_THERE_IS = """
UTILS_PATH = ../utils
libosmem.so:
\t$(CC) -I$(UTILS_PATH) -fPIC -shared -g -o $@ *.c $(wildcard $(UTILS_PATH)/*.c)
"""
ONLY_SOURCES = """
libosmem.so:
\t$(CC) -I../utils -fPIC -shared -g -o $@ *.c
"""
PRINTS = '#include <stdio.h>\n#include "printf.h"\nvoid print(void) { printf("%d", 1); }\n'
OTHER_PRINTF = {
    "printf.h": "int print_own(const char *format, ...);\n#define printf print_own\n",
    "printf.c": '#include "printf.h"\nint print_own(const char *format, ...) { return !format; }\n',
}
"""A printf() whose halves fit each other, and not ours."""


def ours(name: str) -> str:
    return (ROOT / "utils" / name).read_text()


OTHER_OSMEM = ours("osmem.h").replace("os_malloc_stats", "os_malloc_statistics")
LARGER_BLOCK = ours("block_meta.h").replace("int status;", "int status; int colour;")
COLOURS = '#include "block_meta.h"\nint colour(struct block_meta *b) { return b->colour; }\n'
COMPLETE = {**OTHER_PRINTF, "osmem.h": ours("osmem.h"), "block_meta.h": ours("block_meta.h")}


def beside(files: dict[str, str]) -> dict[str, str]:
    return {f"utils/{name}": text for name, text in files.items()}


def among(files: dict[str, str]) -> dict[str, str]:
    return {f"src/{name}": text for name, text in files.items()}


def submission(folder: Path, files: dict[str, str], makefile: str = MAKEFILE) -> Path:
    """Write the plain implementation with a function that prints, and with these files."""
    plain(folder / "src")
    for name, text in {"src/print.c": PRINTS, "src/Makefile": makefile, **files}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        with (folder / name).open("w", newline="") as file:
            file.write(text)
    return folder


def half(name: str) -> dict[str, str]:
    return {name: OTHER_PRINTF[name]}


OURS = "built with our utils, not with its own"
THEIRS = "built with its own"

BROUGHT: dict[str, tuple[dict[str, str], str, str]] = {
    "nothing": ({}, MAKEFILE, ""),
    "printf.h": (beside(half("printf.h")), MAKEFILE, f"{OURS} printf.h: with its own, make failed"),
    "printf.c": (beside(half("printf.c")), MAKEFILE, f"{OURS} printf.c: with its own, make failed"),
    "osmem.h": (beside({"osmem.h": OTHER_OSMEM}), MAKEFILE, f"{OURS} osmem.h: with its own, make"),
    "printf.h, and a Makefile that links what there is": (
        beside(COMPLETE | {"printf.c": ours("printf.c")} | half("printf.h")),
        WITH_WHAT_THERE_IS,
        f"{OURS} printf.h: with its own, make failed: ../utils/printf.c:",
    ),
    "no printf.c, and a Makefile that links what there is": (
        beside({name: text for name, text in COMPLETE.items() if name != "printf.c"}),
        WITH_WHAT_THERE_IS,
        f"{OURS} printf.h: with its own, the library lacks print_own",
    ),
    "all of utils": (
        beside(COMPLETE),
        MAKEFILE,
        f"{THEIRS} printf.c, printf.h, not with ours: nothing is missing",
    ),
    "all of utils, from Windows": (
        beside({name: ours(name).replace("\n", "\r\n") for name in COMPLETE}),
        MAKEFILE,
        "",
    ),
    "another magic number in headers": (
        beside({"block_meta.h": ours("block_meta.h").replace("_MAGIC     0", "_MAGIC 0xBEEFu")}),
        MAKEFILE,
        "built with no magic number in headers, not with its own 0xBEEFu",
    ),
    "an equal part of utils": (beside({"printf.h": ours("printf.h")}), MAKEFILE, ""),
    "more in utils": (
        beside({"list.h": "int list;\n"}) | among({"list.h": '#include "../utils/list.h"\n'}),
        MAKEFILE,
        "",
    ),
    "more in utils, and printf.h": (
        beside({"more.h": "extern int more;\n"} | half("printf.h"))
        | among({"more.c": '#include "more.h"\nint more = 1;\n'}),
        MAKEFILE,
        f"{OURS} printf.h",
    ),
    "printf.h among the sources": (among(half("printf.h")), MAKEFILE, f"{OURS} printf.h"),
    "printf.c among the sources": (among(half("printf.c")), ONLY_SOURCES, f"{OURS} printf.c"),
    "both halves among the sources": (
        among(OTHER_PRINTF),
        ONLY_SOURCES,
        f"{THEIRS} printf.c, printf.h, not with ours",
    ),
    "a larger block among the sources": (
        among({"block_meta.h": LARGER_BLOCK, "colour.c": COLOURS}),
        MAKEFILE,
        f"{THEIRS} block_meta.h, not with ours",
    ),
    "a larger block among the sources, and printf.h": (
        among({"block_meta.h": LARGER_BLOCK, "colour.c": COLOURS}) | beside(half("printf.h")),
        MAKEFILE,
        f"{OURS} printf.h",
    ),
    "all of utils among the sources": (among(COMPLETE), ONLY_SOURCES, f"{THEIRS} printf.c"),
    "printf.h in a folder among the sources": (
        {"src/utils/printf.h": OTHER_PRINTF["printf.h"]},
        MAKEFILE.replace("../utils ", "utils -I../utils "),
        f"{OURS} printf.h",
    ),
    "a printf.h that is something else": (
        among({"printf.h": "void print(void);\n#define printf(...)\n"}),
        ONLY_SOURCES,
        f"{THEIRS} printf.h, not with ours",
    ),
}


@pytest.mark.parametrize("brought", BROUGHT)
def test_utils_are_theirs_or_ours(tmp_path: Path, brought: str) -> None:
    files, makefile, note = BROUGHT[brought]
    source = submission(tmp_path, files, makefile) / "src"
    ended = checker("check", "--sandbox", "--src", source, "malloc-arrays")
    assert "1 of 1 tests passed" in ended.stdout, ended.stdout
    notes = [line for line in ended.stdout.splitlines() if line.startswith("Utils: ")]
    assert len(notes) == bool(note)
    assert all(line.startswith(f"Utils: {note}") for line in notes), notes


BY_PATH = """
#include "../utils/osmem.h"
#include "../utils/block_meta.h"
#include "../tests/snippets/snippet.h"

int alignment = ALIGNMENT;
"""


def test_headers_are_where_they_are_in_the_kit(tmp_path: Path) -> None:
    source = submission(tmp_path, among({"kit.c": BY_PATH}))
    ended = checker("check", "--sandbox", "--src", source / "src", "malloc-arrays")
    assert "1 of 1 tests passed" in ended.stdout, ended.stdout


def test_nothing_else_of_the_tests_is_there(tmp_path: Path) -> None:
    listing = "\t@echo error: $$(cd .. && find * -not -path 'src*' -type f | sort) && false\n"
    source = submission(tmp_path, {}, f"libosmem.so:\n{listing}")
    ended = checker("check", "--sandbox", "--src", source / "src", "malloc-arrays")
    (found,) = [line for line in ended.stdout.splitlines() if "make failed" in line]
    files = [name for name in found.split() if "/" in name and not name.startswith("compilers/")]
    headers = [f"utils/{name}" for name in ("block_meta.h", "osmem.h", "printf.c", "printf.h")]
    assert files == ["tests/snippets/snippet.h", *headers]


def test_an_error_with_either_utils_is_reported(tmp_path: Path) -> None:
    wrong = beside(half("printf.h")) | among({"wrong.c": "int x = ;\n"})
    source = submission(tmp_path, wrong) / "src"
    ended = checker("check", "--sandbox", "--src", source, "malloc-arrays")
    assert "make failed: ../utils/" in ended.stdout
    assert "in utils; with our utils, make failed: wrong.c:1: error: " in ended.stdout


def test_a_flag_and_the_report_name_the_utils_that_were_taken(tmp_path: Path) -> None:
    submission(tmp_path / "submissions" / "half", beside(half("printf.h")))
    submission(tmp_path / "submissions" / "whole", beside(COMPLETE))
    submission(tmp_path / "submissions" / "none", among({"kit.c": BY_PATH}))
    out = tmp_path / "out"
    ended = checker("grade", tmp_path / "submissions", "--out", out)
    assert ended.returncode == 0, ended.stderr
    with (out / "gradebook.csv").open(newline="") as table:
        rows = {row["submission"]: row for row in csv.DictReader(table)}
    reports = {name: (out / "submissions" / name / "report.txt").read_text() for name in rows}
    assert {(row["points"], row["style"]) for row in rows.values()} == {("90", "10")}
    assert rows["half"]["flags"].startswith(f"{OURS} printf.h: with its own, make failed: ")
    assert rows["half"]["flags"] in reports["half"]
    taken = f"{THEIRS} printf.c, printf.h, not with ours: nothing is missing"
    assert rows["whole"]["flags"] == taken
    assert rows["whole"]["flags"] in reports["whole"]
    assert rows["none"]["flags"] == ""
    assert "utils" not in reports["none"]
    assert not any("does not compile" in report for report in reports.values())
