"""Workloads, and what playing them through allocators shows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.errors import UserError
from harness.execution.build import LIBRARY, ROOT, build_library
from harness.workloads.allocators import named_allocator
from harness.suite import load_suite
from command import assert_could_not_run, checker
from submissions import attacking, mistaken, plain

WORKLOADS = ROOT / "bench" / "workloads"
MADE_UP = {
    "best-fit",
    "bimodal",
    "coalescing",
    "long-lived",
    "powers-of-two",
    "queue",
    "realloc-ladder",
    "sawtooth",
    "skewed",
    "stack",
    "threshold",
    "uniform",
}
RECORDED = {"cc1", "perl", "sqlite3"}
OTHERS = {
    "jemalloc": "libjemalloc2",
    "mimalloc": "libmimalloc3 or libmimalloc2.0",
    "tcmalloc": "libtcmalloc-minimal4t64 or libtcmalloc-minimal4",
}
"""The packages of other allocators, as packages.txt names them."""
SOUND = "1000\n3\n6\n1\na 0 100\na 1 200\nr 0 300\nf 1\na 1 50\nf 0\n"


def workload(folder: Path, text: str = SOUND) -> Path:
    path = folder / "mine.rep"
    path.write_text(text)
    return path


def table(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines()]


# ---- What is printed


def test_a_row_for_each_allocator_with_ratios_to_the_first(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    files = [WORKLOADS / "stack.rep", WORKLOADS / "queue.rep"]
    ended = checker("replay", *files, "--rounds", "2", "--json", out)
    assert (ended.returncode, ended.stderr) == (0, "")
    header, *rows = table(ended.stdout)
    assert header == ["workload", "ns/call", "ratio", "use", "ratio"]
    stack, stack_glibc, queue, queue_glibc, mean = rows
    assert (stack[:2], queue[:2]) == (["stack", "osmem"], ["queue", "osmem"])
    assert (stack_glibc[0], queue_glibc[0], mean[:2]) == ("glibc", "glibc", ["all", "glibc"])
    ours, theirs = (played["figures"] for played in json.loads(out.read_text())["played"][:2])
    assert stack[3] == f"{ours['utilisation']:.1%}"
    shown = [float(figure) for figure in (stack[2], stack_glibc[2], stack_glibc[4])]
    assert shown == pytest.approx(
        [
            1e9 / ours["calls_per_second"],
            theirs["seconds"] / ours["seconds"],
            theirs["utilisation"] / ours["utilisation"],
        ],
        abs=0.06,
    )


def test_measurements_as_json(tmp_path: Path) -> None:
    mine = workload(tmp_path)
    ended = checker("replay", mine, "--json", tmp_path / "out")
    assert ended.returncode == 0
    ours, theirs = json.loads((tmp_path / "out").read_text())["played"]
    assert (ours["workload"], ours["allocator"], ours["fault"]) == (str(mine), "osmem", "")
    assert theirs["allocator"] == "glibc"
    figures = ours["figures"]
    assert (figures["operations"], figures["peak_live"]) == (6, 500)
    assert figures["utilisation"] == pytest.approx(500 / figures["peak_held"], abs=0.0001)
    assert figures["calls_per_second"] == pytest.approx(6 / figures["seconds"], rel=0.001)


def test_utilisation_shows_memory_that_is_not_used_again(tmp_path: Path) -> None:
    never = mistaken(tmp_path / "src", "free-never")
    coalescing = WORKLOADS / "coalescing.rep"
    once = "--rounds", "1", "--json", tmp_path / "out"
    ended = checker("replay", coalescing, "--against", never, *once)
    assert ended.returncode == 0
    ours, theirs = (
        played["figures"] for played in json.loads((tmp_path / "out").read_text())["played"]
    )
    assert ours["peak_live"] == theirs["peak_live"] == 51200
    assert ours["peak_held"] < 2 * 51200
    assert theirs["peak_held"] > 5 * 51200


# ---- Allocators


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.needs(OTHERS[name])) for name in OTHERS]
)
def test_another_malloc_takes_the_place_of_glibcs(tmp_path: Path, name: str) -> None:
    once = "--rounds", "1", "--json", tmp_path / "out"
    ended = checker("replay", WORKLOADS / "sawtooth.rep", "--against", f"glibc,{name}", *once)
    assert ended.returncode == 0, ended.stderr
    played = json.loads((tmp_path / "out").read_text())["played"]
    assert [result["allocator"] for result in played] == ["osmem", "glibc", name]
    held = [result["figures"]["peak_held"] for result in played]
    assert held[2] != held[1]


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Hide all libraries from a look-up."""
    (tmp_path / "ldconfig").write_text("#!/bin/sh\n")
    (tmp_path / "ldconfig").chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}


def test_an_allocator_that_is_not_installed_is_an_error_with_advice(
    tmp_path: Path, bare: dict[str, str]
) -> None:
    install = "tools/install-packages"
    missing = subprocess.run(
        [ROOT / install, "--missing", "bench"], env=bare, capture_output=True, text=True, check=True
    ).stdout
    for name in OTHERS:
        ended = checker("replay", workload(tmp_path), "--against", name, env=bare)
        assert_could_not_run(ended, f"{name}: ", f"'{install} bench' installs it")
        assert ended.stderr.count("\n") == 1
        assert f"lib{name}" in missing


def test_a_benchmark_names_and_leaves_out_those_that_are_not_installed(
    tmp_path: Path, bare: dict[str, str]
) -> None:
    out = tmp_path / "out"
    once = ["--runs", "1", "--calls", "1000", "--live", "100", "--json", str(out)]
    ended = subprocess.run(
        [ROOT / "bench" / "allocators.py", *once], env=bare, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    lines = [line.split(":")[:2] for line in ended.stderr.splitlines()]
    assert lines == [["Left out", f" {name}"] for name in OTHERS]
    measured = json.loads(out.read_text())["ns_per_call"]["churn"]["100"]
    assert list(measured) == ["osmem", "osmem-preload", "glibc"]


def test_libraries_by_their_file_folder_or_sources(tmp_path: Path) -> None:
    sources = plain(tmp_path / "sources")
    built = build_library(sources, load_suite(ROOT / "tests" / "suite.toml").build_limits).folder
    against = f"{built},{built / LIBRARY},{sources}"
    options = "--against", against, "--json", tmp_path / "out"
    ended = checker("replay", workload(tmp_path), "--src", sources, *options)
    assert ended.returncode == 0, ended.stderr
    played = json.loads((tmp_path / "out").read_text())["played"]
    names = [result["allocator"] for result in played]
    assert names == [str(sources), str(built), str(built / LIBRARY), str(sources)]


def test_the_library_that_takes_the_place_of_malloc(tmp_path: Path) -> None:
    for folder in ("src", "utils"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    library = tmp_path / "src" / "libosmem-preload.so"
    subprocess.run(["make", "-s", "-C", library.parent, library.name], check=True)
    ended = checker("replay", workload(tmp_path), "--against", library, "--rounds", "1")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [row[0] for row in table(ended.stdout)[2:]] == [str(library), "all"]


def test_what_is_no_allocator(tmp_path: Path) -> None:
    mine = workload(tmp_path)
    (tmp_path / "folder").mkdir()
    unknown = checker("replay", mine, "--against", "glibc,hoard")
    assert_could_not_run(unknown, "--against: expected glibc, jemalloc,", "found 'hoard'")
    assert_could_not_run(checker("replay", mine, "--against", ""), "found ''")
    folder = checker("replay", mine, "--against", tmp_path / "folder")
    assert_could_not_run(folder, "folder: expected a Makefile", "found none")
    assert_could_not_run(checker("replay", mine, "--against", mine), "mine.rep: ")
    assert checker("replay", mine, "--against", mine).stdout == ""
    with pytest.raises(UserError):
        named_allocator("", load_suite(ROOT / "tests" / "suite.toml").build_limits)


def test_a_library_that_lacks_a_function(tmp_path: Path) -> None:
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-xc", "-", "-o", tmp_path / LIBRARY],
        input="void *os_malloc(unsigned long size) { return (void *)size; }",
        text=True,
        check=True,
    )
    ended = checker("replay", workload(tmp_path), "--against", tmp_path)
    assert_could_not_run(ended, f"{LIBRARY}: expected the function os_realloc(), found none")


# ---- Allocators that are wrong


@pytest.mark.parametrize(
    ("mistake", "file", "message"),
    [
        ("realloc-copies-nothing", "realloc-ladder", "to keep its bytes, found byte"),
        ("realloc-copies-too-little", "realloc-ladder", "to keep its bytes, found byte"),
        ("align-never", "uniform", "expected an address that is a multiple of 8, found 0x"),
        ("coalesce-ignores-status", "uniform", "to keep its bytes, found byte"),
    ],
)
def test_wrong_memory_is_noticed(tmp_path: Path, mistake: str, file: str, message: str) -> None:
    source = mistaken(tmp_path / "src", mistake)
    ended = checker("replay", WORKLOADS / f"{file}.rep", "--src", source, "--rounds", "1")
    assert ended.returncode == 1
    assert f"failed: {WORKLOADS}/{file}.rep:" in ended.stdout
    assert message in ended.stdout


def test_a_mistake_that_harms_no_memory_is_no_failure(tmp_path: Path) -> None:
    source = mistaken(tmp_path / "src", "threshold-page-for-malloc")
    ended = checker("replay", WORKLOADS / "stack.rep", "--src", source, "--rounds", "1")
    assert ended.returncode == 0
    assert "failed" not in ended.stdout


def test_no_memory_is_noticed(tmp_path: Path) -> None:
    ended = checker("replay", workload(tmp_path, "0\n1\n2\n1\na 0 50000000000\nf 0\n"))
    assert ended.returncode == 1
    assert "mine.rep:5: a 0 50000000000: expected a block, found NULL" in ended.stdout
    assert [row[:2] for row in table(ended.stdout)[1:]] == [["mine", "osmem"], ["glibc", "failed:"]]


def test_a_crash_fails_one_allocator_and_names_the_call(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "segfault")
    out = tmp_path / "out"
    ended = checker("replay", workload(tmp_path), "--src", source, "--json", out)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "failed: " in ended.stdout
    crashed, sound = json.loads(out.read_text())["played"]
    assert crashed["figures"] is None
    assert crashed["fault"].endswith("mine.rep:7: r 0 300: killed by SIGSEGV")
    assert (sound["allocator"], sound["fault"]) == ("glibc", "")
    assert sound["figures"]["operations"] == 6


def test_an_exit_is_not_taken_for_an_end(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "exit-inside")
    ended = checker("replay", workload(tmp_path), "--src", source)
    assert ended.returncode == 1
    assert "exited with status 0" in ended.stdout


def test_an_allocator_that_floods_its_output_is_stopped(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "flood")
    ended = checker("replay", workload(tmp_path), "--src", source)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "failed: it wrote more than 1 MiB" in ended.stdout


def test_an_allocator_that_never_ends_is_stopped(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "sleep")
    ended = checker("replay", workload(tmp_path), "--src", source, "--seconds", "0.5")
    assert ended.returncode == 1
    assert "failed: it was still running after 0.5 s" in ended.stdout
    assert ["glibc"] in [row[:1] for row in table(ended.stdout)]


# ---- Files that are no workloads

HEADER = "1000\n3\n3\n1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: expected a heap size from 0 to 18446744073709551615, found the end of the file"),
        ("1000\n3\n", "2: expected a number of operations from 1 to 16777216, found the end"),
        ("1000\nthree\n", "2: expected a number of ids from 0 to 16777216, found 'three'"),
        ("1000\n-3\n", "2: expected a number of ids from 0 to 16777216, found '-3'"),
        ("1000\n3\n0\n1\n", "3: expected a number of operations from 1 to"),
        ("1\n99999999999999999999\n", "2: expected a number of ids from 0 to 16777216"),
        (HEADER + "a 0 8\nf 0\n", "6: expected 3 operations, as line 3 says, found 2"),
        (HEADER + "a 0 8\nf 0\na 1", "7: expected a size from 1 to 274877906944, found the end of"),
        (HEADER + "a 0 8\nf\nf 0\n", "6: expected an id from 0 to 2, found the end of the line"),
        (HEADER + "a 0 8\n" * 1 + "f 0\na 0 8\n\nf 0\n", "9: expected 3 operations, as line 3"),
        (HEADER + "a 0 8\nq 0\n", "6: expected one of a, r and f, found 'q'"),
        (HEADER + "a 0 8\nfree 0\n", "6: expected one of a, r and f, found 'free'"),
        (HEADER + "a 3 8\n", "5: expected an id from 0 to 2, found '3'"),
        (HEADER + "a -1 8\n", "5: expected an id from 0 to 2, found '-1'"),
        (HEADER + "a 0 0\n", "5: expected a size from 1 to 274877906944, found '0'"),
        (HEADER + "a 0 8 9\n", "5: expected the end of the line, found '9'"),
        (
            HEADER + "a 0 8\nf 0\nf 0\n",
            "7: expected an id that is in use, found 0, freed in line 6",
        ),
        (HEADER + "a 0 8\nf 0\nr 0 9\n", "7: expected an id that is in use, found 0, freed in"),
        (HEADER + "f 2\n", "5: expected an id that is in use, found 2, never allocated"),
        (HEADER + "r 2 9\n", "5: expected an id that is in use, found 2, never allocated"),
        (
            HEADER + "a 0 8\nr 0 9\na 0 8\n",
            "7: expected an id that is free, found 0, in use since line 5",
        ),
        ("1 0 1 1\na 0 8\n", "2: expected no operation on any of 0 ids, found one"),
        (HEADER + "\x1b[2J\x00 0\n", "5: expected one of a, r and f, found '?[2J?'"),
    ],
)
def test_a_bad_workload_is_rejected_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    bad = workload(tmp_path, text)
    ended = checker("replay", WORKLOADS / "stack.rep", bad)
    assert_could_not_run(ended, f"Error: {bad}:{message}")
    assert (ended.stdout, ended.stderr.count("\n")) == ("", 1)


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    assert_could_not_run(checker("replay", tmp_path / "none.rep"), "none.rep", "does not exist")
    assert_could_not_run(
        checker("replay", tmp_path), f"{tmp_path}: expected a file, found a folder"
    )
    assert_could_not_run(checker("replay", "/dev/zero"), "/dev/zero: expected a file")
    assert_could_not_run(checker("replay"), "FILE")


def test_the_layout_of_a_workload_may_vary(tmp_path: Path) -> None:
    """Headers in one line, line ends of Windows, empty lines, no line end at the end."""
    text = "1000 1 2 1\r\n\r\n\ta  0 8\r\n\nf 0"
    assert checker("replay", workload(tmp_path, text)).returncode == 0


# ---- The workloads that come with it


def test_generated_workloads_are_what_the_generator_writes(tmp_path: Path) -> None:
    subprocess.run([WORKLOADS / "generate.py", "--out", tmp_path], check=True)
    assert {path.stem for path in tmp_path.iterdir()} == MADE_UP
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (WORKLOADS / path.name).read_bytes(), path.stem


@pytest.mark.slow
def test_heavy_workloads_hold_30_mib_and_more(tmp_path: Path) -> None:
    subprocess.run([WORKLOADS / "heavy.py", tmp_path], check=True)
    heaps = {path.stem: int(path.open().readline()) for path in tmp_path.iterdir()}
    assert heaps.keys() == {"interpreter", "server", "store"}
    assert min(heaps.values()) >= 30 << 20


def test_all_are_played(tmp_path: Path) -> None:
    files = sorted(WORKLOADS.glob("*.rep"))
    assert {path.stem for path in files} == MADE_UP | RECORDED
    ended = checker("replay", *files, "--rounds", "1", "--json", tmp_path / "out")
    assert ended.returncode == 0, ended.stdout
    played = json.loads((tmp_path / "out").read_text())["played"]
    assert all(1000 <= result["figures"]["operations"] <= 20_000 for result in played)


def recorded(folder: Path, body: str, *options: str) -> str:
    """The workload of a program with this body."""
    program, out = folder / "program", folder / "recorded.rep"
    source = f"#include <stdlib.h>\nint main(void) {{ {body} }}\n"
    gcc = ["gcc", "-O0", "-fno-builtin", "-w", "-xc", "-", "-o", str(program)]
    subprocess.run(gcc, input=source, text=True, check=True)
    subprocess.run([WORKLOADS / "record.py", *options, out, program], check=True)
    return out.read_text()


def test_a_programs_calls_are_recorded(tmp_path: Path) -> None:
    body = """
        char *a = malloc(100), *b = calloc(3, 8);
        a = realloc(a, 100000);
        free(NULL);
        free(b);
        void *c;
        posix_memalign(&c, 64, 128);
        b = realloc(NULL, 7);
        realloc(a, 0);
        free(c);
    """
    calls = ["a 0 100", "a 1 24", "r 0 100000", "f 1", "a 2 128", "a 3 7", "f 0", "f 2"]
    text = recorded(tmp_path, body)
    assert text.splitlines() == ["0", "4", "8", "1", *calls]
    assert checker("replay", workload(tmp_path, text)).returncode == 0
    cut = recorded(tmp_path, body, "--most", "3")
    assert cut.splitlines() == ["0", "2", "3", "1", *calls[:3]]


@pytest.mark.parametrize(
    ("out", "program", "message"),
    [
        ("out", "none", "none: No such file or directory"),
        ("no/out", "/usr/bin/env", "no/out: No such file or directory"),
        ("out", "static", "static: expected a program that is linked with glibc's malloc()"),
    ],
)
def test_what_can_not_be_recorded(tmp_path: Path, out: str, program: str, message: str) -> None:
    static = ["gcc", "-static", "-xc", "-", "-o", str(tmp_path / "static")]
    subprocess.run(static, input="int main(void) { return 0; }", text=True, check=True)
    ended = subprocess.run(
        [WORKLOADS / "record.py", tmp_path / out, tmp_path / program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, (tmp_path / out).exists()) == (2, False)
    assert ended.stderr == f"Error: {tmp_path}/{message}\n"
