"""Recording the trace of any program, comparing two traces, and their figures."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from command import assert_could_not_run, checker
from linked import link

REFERENCE = ROOT / "tests" / "ref" / "default" / "test-all.trace"
BEFORE = """\
os_malloc(1000) = heap+0x20
  sbrk(131072) = heap+0x0
os_malloc(200000) = map1+0x20
  mmap(NULL, 200032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map1
os_realloc(heap+0x20, 3000) = heap+0x20
os_free(map1+0x20)
  munmap(map1, 200032) = 0
os_calloc(2, 8) = heap+0xbf8
exit 0
"""
AFTER = BEFORE.replace("131072", "132000")


def kept(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def figures(*args: str | Path) -> dict[str, float]:
    ended = checker("stat", *args, "--json", "-")
    assert ended.returncode == 0, ended.stderr
    text = ended.stdout
    found: dict[str, float] = json.loads(text[text.index("{") :])["figures"]
    return found


def test_the_figures_of_a_trace(tmp_path: Path) -> None:
    assert figures(kept(tmp_path / "a", BEFORE)) == {
        "calls": 5,
        "sbrk": 1,
        "sbrk_bytes": 131072,
        "mmap": 1,
        "mmap_bytes": 200032,
        "munmap": 1,
        "munmap_bytes": 200032,
        "other": 0,
        "peak_heap": 131072,
        "peak_mapped": 49 * 4096,
        "peak_held": 131072 + 49 * 4096,
        "peak_live": 203000,
        "live": 3016,
        "fragmentation": 1.634,
    }


def test_refused_requests_are_counted_but_not_their_bytes(tmp_path: Path) -> None:
    refused = "os_malloc(10) = NULL\n  sbrk(131072) = -1\nos_realloc(NULL, 9) = NULL\nexit 0\n"
    found = figures(kept(tmp_path / "a", refused))
    assert (found["sbrk"], found["sbrk_bytes"], found["peak_held"]) == (1, 0, 0)
    assert (found["peak_live"], found["fragmentation"]) == (0, 0)


def test_equal_traces_are_the_same(tmp_path: Path) -> None:
    ended = checker("diff", REFERENCE, REFERENCE)
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (0, "The traces are the same.")


@pytest.mark.parametrize(
    ("allowed", "status"),
    [
        ([], 1),
        (["all=+2%"], 0),
        (["all=928"], 0),
        (["all=+0.5%"], 1),
        (["all=-2%"], 0),
        (["all=+2%", "peak_heap=-2%", "sbrk_bytes=0"], 1),
        (["peak_heap=+2%"], 1),
        (["sbrk_bytes=1%", "peak_heap=+1%", "peak_held=+928", "fragmentation=+0.01"], 0),
        (["all=+2%", "peak_heap=+1"], 1),
    ],
)
def test_a_change_fails_unless_it_is_allowed(
    tmp_path: Path, allowed: list[str], status: int
) -> None:
    before, after = kept(tmp_path / "before", BEFORE), kept(tmp_path / "after", AFTER)
    ended = checker("diff", before, after, *(f"--allow={text}" for text in allowed))
    assert (ended.returncode, ended.stderr) == (status, "")
    told = "First difference: line 2, call 1, os_malloc(1000): expected sbrk(131072)"
    assert ended.stdout.startswith(told)


def test_a_difference_is_printed_and_written_as_json(tmp_path: Path) -> None:
    before, after = kept(tmp_path / "before", BEFORE), kept(tmp_path / "after", AFTER)
    ended = checker("diff", before, after, "--json", tmp_path / "json")
    rows = [line.split() for line in ended.stdout.splitlines()]
    assert ["peak_heap", "131,072", "132,000", "+928", "(+0.7%)", "!"] in rows
    assert ["peak_live", "203,000", "203,000"] in rows
    found = json.loads((tmp_path / "json").read_text())
    assert found["passed"] is False
    assert found["refused"] == ["sbrk_bytes", "peak_heap", "peak_held", "fragmentation"]
    assert (found["first_difference"]["line"], found["first_difference"]["call"]) == (2, 1)
    assert found["after"]["figures"]["peak_heap"] == 132000


def test_another_end_is_never_allowed(tmp_path: Path) -> None:
    before = kept(tmp_path / "before", BEFORE)
    after = kept(tmp_path / "after", BEFORE.replace("exit 0", "killed by SIGSEGV"))
    ended = checker("diff", before, after, "--allow", "all=100%")
    assert ended.returncode == 1
    rows = [line.split() for line in ended.stdout.splitlines()]
    assert ["end", "exit", "0", "killed", "by", "SIGSEGV", "!"] in rows


def test_bad_input_is_an_error_in_one_line(tmp_path: Path) -> None:
    cut = kept(tmp_path / "cut", "# osmem trace 1\nos_malloc(1) = NULL\nexit 0\n")
    assert_could_not_run(checker("stat", cut), f"{cut}:4: expected", "cut short")
    assert_could_not_run(checker("diff", REFERENCE, cut), f"{cut}:4: expected")
    assert_could_not_run(checker("diff", REFERENCE, tmp_path / "none"), "none", "does not exist")
    for allowed in ("peak=+2%", "peak_heap", "peak_heap=+2%%", "peak_heap=two"):
        ended = checker("diff", REFERENCE, REFERENCE, "--allow", allowed)
        assert_could_not_run(ended, "--allow", "expected", f"found '{allowed.split('=')[0]}")


def test_recorded_traces_can_be_compared(tmp_path: Path) -> None:
    program = link(
        tmp_path,
        "for (int i = 0; i < argc; i++) { puts(argv[i]); os_free(os_malloc(100 * (i + 1))); }",
    )
    before, after = tmp_path / "before.trace", tmp_path / "after.trace.gz"
    ended = checker("record", "-o", before, "--", program, "--json")
    assert (ended.returncode, ended.stdout) == (0, f"{program}\n--json\n")
    assert ended.stderr == f"{before}: 4 calls, exit 0\n"
    assert before.read_text().startswith("# osmem trace 1\nos_malloc(100) = heap+0x20\n")
    assert checker("record", "-o", after, "--", program, "x").returncode == 0
    assert gzip.open(after, "rt").read() == before.read_text()
    assert checker("diff", before, after).returncode == 0


def test_a_recording_that_fails_leaves_no_file(tmp_path: Path) -> None:
    output = tmp_path / "a.trace"
    quiet = link(tmp_path, "return 0;")
    assert_could_not_run(checker("record", "-o", output, "--", quiet), "no call of os_malloc()")
    assert_could_not_run(checker("record", "-o", output, "--", "README.md"), "has to be a program")
    assert_could_not_run(checker("record", "-o", output, "--", "none"), "none", "found no file")
    assert_could_not_run(checker("record", "-o", output), "expected a program to record")
    missing = tmp_path / "none" / "a.trace"
    ended = checker("record", "-o", missing, "--", quiet)
    assert_could_not_run(ended, f"{missing}: expected a folder {missing.parent}, found none")
    assert ".a.trace" not in ended.stderr
    assert [path.name for path in tmp_path.glob("*a.trace*")] == []


def test_a_program_that_is_killed_is_recorded_and_fails(tmp_path: Path) -> None:
    program = link(tmp_path, "os_malloc(10); raise(SIGKILL);")
    ended = checker("record", "-o", tmp_path / "a.trace", "--", program)
    assert ended.returncode == 1
    assert ended.stderr.endswith("1 calls, killed by SIGKILL\n")
    assert figures(tmp_path / "a.trace")["live"] == 10


@pytest.mark.parametrize("flags", [["-Wl,-z,now", "-Wl,-z,ibtplt"], ["-fno-plt"]])
def test_a_program_that_ltrace_can_not_trace_is_refused_with_advice(
    tmp_path: Path, flags: list[str]
) -> None:
    program = link(tmp_path, "os_free(os_malloc(10));", flags)
    recorded = checker("record", "-o", tmp_path / "a.trace", "--", program)
    for ended in (checker("trace", program), recorded):
        assert_could_not_run(ended, f"{program}: ltrace does not see", "os_free, os_malloc")
        assert "-Wl,-z,lazy" in ended.stderr and "--tracer uftrace" in ended.stderr
        assert ended.stdout == "" and ended.stderr.count("\n") == 1
