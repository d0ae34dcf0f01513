"""The command line: what it prints, what it writes, and its exit status."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
import tomllib
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from command import assert_could_not_run, checker, outside_make
from linked import link
from processes import left_of, processes_of
from submissions import attacking, mistaken, plain


ONLY_GROWS = """
#include <unistd.h>
#include "osmem.h"
void *os_malloc(size_t size)
{
    return size == 0 ? NULL : (char *)sbrk((size + 15) / 16 * 16 + 16) + 16;
}
void *os_calloc(size_t nmemb, size_t size)
{
    return os_malloc(nmemb * size);
}
void *os_realloc(void *ptr, size_t size)
{
    return ptr == NULL ? os_malloc(size) : NULL;
}
void os_free(void *ptr)
{
    (void)ptr;
}
"""


def own(folder: Path, source: str) -> Path:
    """A folder with an allocator in one file."""
    folder.mkdir()
    shutil.copy(ROOT / "harness" / "execution" / "default.mk", folder / "Makefile")
    (folder / "osmem.c").write_text(source)
    return folder


HEAD = "void *os_malloc(size_t size)\n{\n"
PRINTS = '    write(2, "hello \\033[31m\\n", 12);\n'


def test_a_library_that_names_no_other_one_passes(tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    makefile = (source / "Makefile").read_text()
    assert "-shared" in makefile
    (source / "Makefile").write_text(makefile.replace("-shared", "-nostdlib -shared"))
    ended = checker("check", "malloc-arrays", "calloc-arrays", "--src", source)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_all_passed(tmp_path: Path) -> None:
    ended = checker("check", "malloc-arrays", "all", "--json", tmp_path / "out.json")
    assert ended.returncode == 0
    assert "2 of 2 tests passed: 10 of 10 points" in ended.stdout
    assert json.loads((tmp_path / "out.json").read_text()) == {
        "points": 10,
        "max": 10,
        "diagnosis": [],
        "observed": [],
        "tests": [
            {
                "name": name,
                "outcome": "passed",
                "points": 5,
                "max": 5,
                "reason": "",
                "advice": "",
                "line": 0,
            }
            for name in ("malloc-arrays", "all")
        ],
    }


def test_a_failure_shows_both_traces_and_the_rule(tmp_path: Path) -> None:
    source = mistaken(tmp_path / "src", "fit-first")
    ended = checker("check", "--src", source, "malloc-split-last", "malloc-arrays")
    assert ended.returncode == 1
    lines = [" ".join(line.split()) for line in ended.stdout.splitlines()]
    assert "malloc-arrays passed 5/5" in lines
    assert any(
        line.startswith("malloc-split-last differs 0/2 mistake 1: call 1, os_malloc(504): expected")
        for line in lines
    )
    assert any("best fit takes the smallest free block" in line for line in lines)
    assert "> 1 os_malloc(504) = block7 > 1 os_malloc(504) = block1" in lines
    assert "1 of 2 tests passed: 5 of 7 points" in lines
    assert f"checker.py check --src {source} -v malloc-split-last" in ended.stdout
    assert "exit 0" not in ended.stdout
    assert "exit 0" in checker("check", "--src", source, "malloc-split-last", "-v").stdout


def test_it_begins_with_what_is_wrong(tmp_path: Path) -> None:
    source = mistaken(tmp_path / "src", "header-24-bytes", "coalesce-never")
    ended = checker("check", "--src", source, "--json", tmp_path / "out")
    lines = ended.stdout.splitlines()
    assert (
        lines[0] == "What is wrong: 2 mistakes explain all 29 failed tests and all 12 extra tests"
    )
    assert lines[1] == "  With the first taken as given, which shows in every test, one remains."
    assert lines[3] == " 1. struct block_meta has no prev pointer: a header takes 24 bytes, not 32."
    second = lines.index(" 2. Free blocks that touch are never merged.")
    assert lines[second + 1] == "    Rule merge: Free blocks that touch count as one."
    assert lines[second + 2].startswith("    Look at ")
    place = re.search(r"First seen in (.*):(\d+): call \d+, (os_\w+)\(", lines[second + 3])
    assert place is not None
    line = (ROOT / place[1]).read_text().splitlines()[int(place[2]) - 1]
    assert place[3].removeprefix("os_") in line
    rows = [line for line in lines if line.startswith("malloc-coalesce ")]
    assert "  mistakes 1, 2: call " in rows[0]
    diagnosis = json.loads((tmp_path / "out").read_text())["diagnosis"]
    assert [cause["name"] for cause in diagnosis] == ["header-24-bytes", "coalesce-never"]
    assert diagnosis[1]["rule"] == "merge"
    assert "malloc-coalesce" in diagnosis[1]["tests"]
    assert diagnosis[1]["points"] == 15


def test_what_no_known_mistake_explains_is_observed(tmp_path: Path) -> None:
    source = own(tmp_path / "src", ONLY_GROWS)
    ended = checker("check", "--src", source, "--json", tmp_path / "out")
    heading = "What is wrong: none of 181 known mistakes, nor two of them; this much is certain"
    assert ended.stdout.splitlines()[0] == heading
    result = json.loads((tmp_path / "out").read_text())
    assert result["diagnosis"] == []
    observed = {each["rule"]: each["sentence"] for each in result["observed"]}
    assert "the header seems to take 16 bytes" in observed["header"]
    assert "Sizes are rounded up to a multiple of 16 bytes" in observed["alignment"]
    assert "The free block at block1 holds 131032 bytes (freed in line 17)." in observed["free"]
    assert "the heap grew by" in observed["free"]


def test_tests_that_fail_alike_share_a_row(tmp_path: Path) -> None:
    source = own(tmp_path / "src", "void os_malloc(void);\nvoid os_malloc(void) {}\n")
    ended = checker("check", "--src", source)
    rows = [line for line in ended.stdout.splitlines() if " not-built " in line]
    assert len(rows) == 1
    assert re.match(r"\d+ tests ", rows[0])
    assert "does not define" in rows[0]


def test_it_stops_at_the_first_failure_and_runs_what_failed_again(tmp_path: Path) -> None:
    source = mistaken(tmp_path / "src", "fit-worst")
    assert (
        "No test failed the last time: all run." in checker("check", "--src", source, "--lf").stdout
    )
    stopped = checker("check", "--src", source, "-x")
    assert stopped.returncode == 1
    assert "5 of 6 tests passed: 15 of 17 points; stopped after 6 of 52 tests" in stopped.stdout
    again = checker("check", "--src", source, "--last-failed")
    assert "0 of 10 tests passed: 0 of 26 points" in again.stdout
    plain(tmp_path / "right")
    for file in (tmp_path / "right").iterdir():
        (source / file.name).write_bytes(file.read_bytes())
    assert "10 of 10 tests passed" in checker("check", "--src", source, "--lf").stdout
    assert "No test failed the last time" in checker("check", "--src", source, "--lf").stdout


def test_what_a_library_prints_is_shown_with_its_call(tmp_path: Path) -> None:
    source = mistaken(tmp_path / "src", "munmap-never")
    file = source / "osmem.c"
    file.write_text("#include <unistd.h>\n" + file.read_text().replace(HEAD, HEAD + PRINTS))
    shown = checker("check", "--src", source, "malloc-block-reuse").stdout
    assert (
        "malloc-block-reuse: printed\n  call 1 of the program, os_malloc(8) | hello \ufffd[31m\n"
        in shown
    )
    assert "hello" not in checker("check", "--src", source).stdout
    assert (
        "call 1 of the program, os_malloc(8) | hello"
        in checker("check", "--src", source, "-v").stdout
    )


def test_json_names_outcome_and_reason(tmp_path: Path) -> None:
    source = mistaken(tmp_path / "src", "munmap-never")
    ended = checker("check", "--src", source, "malloc-no-preallocate", "--json", tmp_path / "out")
    assert ended.returncode == 1
    (test,) = json.loads((tmp_path / "out").read_text())["tests"]
    assert (test["outcome"], test["points"], test["max"]) == ("leaked", 0, 2)
    assert "were never unmapped" in test["reason"]


def test_a_library_that_is_not_built_fails_and_is_reported_once(tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    (source / "osmem.c").write_text("int broken(\n")
    ended = checker("check", "--src", source)
    assert ended.returncode == 1
    assert "0 of 40 tests passed: 0 of 90 points" in ended.stdout
    assert ended.stdout.count("The library could not be built") == 1
    assert "  1 | int broken(" in ended.stdout
    assert "malloc-arrays" not in ended.stdout


def test_it_says_why_it_can_not_run(tmp_path: Path) -> None:
    assert_could_not_run(
        checker("check", "malloc-array"), "malloc-array", "did you mean 'malloc-arrays'"
    )
    assert_could_not_run(checker("check", "--src", tmp_path / "none"), "none", "does not exist")
    assert_could_not_run(checker("check", "--suite", tmp_path / "none"), "none", "can't be read")
    assert_could_not_run(checker("check", "--jobs", "0"), "--jobs")
    assert_could_not_run(checker("check", "--tracer", "dtrace"), "dtrace", "ltrace")
    assert_could_not_run(checker("check", "all", "--json", "/nonexistent/x"), "/nonexistent/x")
    assert_could_not_run(checker("trace", tmp_path / "none"), "none", "does not exist")
    assert_could_not_run(checker("checks"), "checks")


def test_without_ltrace_it_says_what_to_install(tmp_path: Path) -> None:
    for tool in ("make", "gcc", "nm", "prlimit"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    ended = checker("check", env={"PATH": str(tmp_path)})
    assert_could_not_run(ended, "ltrace: not found", "packages.txt")


@pytest.fixture
def own_suite(tmp_path: Path) -> Path:
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "test-mine.c").write_text(
        '#include "osmem.h"\nint main(void) { os_free(os_malloc(10)); return 0; }\n'
    )
    path = tmp_path / "own.toml"
    path.write_text(
        f'extends = "{ROOT}/tests/suite.toml"\nsnippets = "snippets"\nreferences = "ref"\n'
        'only = ["mine"]\n[[test]]\nname = "mine"\npoints = 1\n'
    )
    return path


def test_what_is_recorded_is_passed_afterwards(own_suite: Path) -> None:
    assert checker("check", "--suite", own_suite).returncode == 2
    first = checker("record", "--suite", own_suite)
    assert first.returncode == 0
    assert ["mine", "new"] in [line.split() for line in first.stdout.splitlines()]
    assert "ref: 1 new" in first.stdout
    reference = own_suite.parent / "ref" / "test-mine.trace"
    assert reference.read_text() == (
        "os_malloc(10) = heap+0x20\n  sbrk(131072) = heap+0x0\nos_free(heap+0x20)\nexit 0\n"
    )
    assert checker("check", "--suite", own_suite).returncode == 0
    again = checker("record", "--suite", own_suite)
    assert "ref: 1 unchanged" in again.stdout


def test_a_bad_run_is_not_recorded(own_suite: Path) -> None:
    checker("record", "--suite", own_suite)
    reference = own_suite.parent / "ref" / "test-mine.trace"
    before = reference.read_text()
    (own_suite.parent / "snippets" / "test-mine.c").write_text(
        '#include "osmem.h"\nint main(void) { os_malloc(10); return *(volatile int *)8; }\n'
    )
    ended = checker("record", "--suite", own_suite)
    assert ended.returncode == 1
    assert "killed by SIGSEGV" in ended.stdout
    assert reference.read_text() == before


def test_a_test_that_starts_a_process_fails_and_is_not_recorded(own_suite: Path) -> None:
    (own_suite.parent / "snippets" / "test-mine.c").write_text(
        '#include <unistd.h>\n#include "osmem.h"\n'
        "int main(void) { os_free(os_malloc(10)); if (fork() == 0) _exit(0); return 0; }\n"
    )
    recorded, checked = (checker(verb, "--suite", own_suite) for verb in ("record", "check"))
    for ended in (recorded, checked):
        assert ended.returncode == 1
        assert "started another process or thread" in ended.stdout
    assert "exit 0, 1 thread or process not traced" in checked.stdout
    assert not (own_suite.parent / "ref").exists()


def test_a_trace_that_the_model_does_not_give_is_recorded_by_force_only(
    own_suite: Path, tmp_path: Path
) -> None:
    (own_suite.parent / "snippets" / "test-mine.c").write_text(
        '#include "osmem.h"\nint main(void) {\n'
        "void *large = os_malloc(200), *between = os_malloc(10), *small = os_malloc(100);\n"
        "void *last = os_malloc(10); os_free(large); os_free(small); small = os_malloc(100);\n"
        "os_free(small); os_free(between); os_free(last); return 0; }\n"
    )
    assert checker("record", "--suite", own_suite).returncode == 0
    reference = own_suite.parent / "ref" / "test-mine.trace"
    right = reference.read_text()
    options = ("--suite", own_suite, "--src", mistaken(tmp_path / "src", "fit-first"))
    refused = checker("record", *options)
    assert refused.returncode == 1
    assert "ref: 1 refused" in refused.stdout
    rows = [" ".join(line.split()) for line in refused.stdout.splitlines()]
    assert (
        "mine refused the model disagrees: call 7, os_malloc(100): expected heap+0x138, found"
        " heap+0x20; --force records it nevertheless"
    ) in rows
    assert reference.read_text() == right
    forced = checker("record", *options, "--force")
    assert (forced.returncode, "ref: 1 changed" in forced.stdout) == (0, True)
    assert reference.read_text().splitlines()[7] == "os_malloc(100) = heap+0x20"
    assert checker("check", *options).returncode == 0


def test_a_program_that_makes_no_call_is_not_recorded(own_suite: Path) -> None:
    (own_suite.parent / "snippets" / "test-mine.c").write_text("int main(void) { return 0; }\n")
    ended = checker("record", "--suite", own_suite)
    assert ended.returncode == 1
    assert "makes no call of the allocator" in ended.stdout
    assert not (own_suite.parent / "ref").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_check_ends_at_once_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    source = attacking(tmp_path / "src", "sleep")
    running = subprocess.Popen(
        [ROOT / "checker.py", "check", "--src", source],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not processes_of(tmp_path / "osmem-"):
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(number)
    assert running.communicate(timeout=4)[1].strip() == "interrupted"
    assert running.returncode == 130
    assert left_of(tmp_path) == []
    assert list(tmp_path.glob("osmem-*")) == []


def test_output_that_can_not_be_written_is_an_error() -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [ROOT / "checker.py", "check", "all"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (2, "Error: No space left on device\n")


@pytest.mark.parametrize("variable", ["OSMEM_BUILD", "TMPDIR"])
@pytest.mark.skipif(os.geteuid() != 0, reason="only the sandboxes of root run as another user")
def test_a_folder_out_of_reach_of_sandboxes_is_named_with_its_variable(
    tmp_path: Path, variable: str
) -> None:
    out_of_reach = tmp_path / "private" / "folder"
    out_of_reach.mkdir(parents=True)
    (tmp_path / "private").chmod(0o700)
    ended = checker("check", "--sandbox", "malloc-arrays", env={variable: str(out_of_reach)})
    message = f"Error: {out_of_reach}: expected a folder that every user can reach"
    assert_could_not_run(ended, message, f"set {variable} to such a folder")


@pytest.mark.skipif(os.geteuid() != 0, reason="only the sandboxes of root run as another user")
def test_a_forged_statement_is_seen_in_a_sandbox_whatever_the_umask(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    forging = attacking(tmp_path / "src", "forge-statement")
    check = [str(ROOT / "checker.py"), "check", "--sandbox", "--src", str(forging), "malloc-arrays"]
    ended = subprocess.run(
        ["sh", "-c", 'umask 077 && exec "$@"', "sh", *check],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "0 of 1 tests passed: 0 of 5 points" in ended.stdout


def test_what_submissions_could_read_is_no_place_for_the_solution() -> None:
    ended = checker("check", "--sandbox", env={"OSMEM_BUILD": "/usr/lib/nowhere/build"})
    assert_could_not_run(ended, "Error: /usr/lib/nowhere/build: ", "move it elsewhere")
    assert not Path("/usr/lib/nowhere").exists()


def test_what_is_built_can_go_elsewhere(tmp_path: Path) -> None:
    assert checker("check", "all", env={"OSMEM_BUILD": str(tmp_path)}).returncode == 0
    assert (tmp_path / "snippets" / "test-all").exists()


def test_trace_prints_any_programs_trace(tmp_path: Path) -> None:
    (tmp_path / "p.c").write_text(
        '#include <stdio.h>\n#include "osmem.h"\n'
        "int main(int argc, char **argv) { puts(argv[argc - 1]); os_free(os_malloc(8)); }\n"
    )
    checker("check", "all")
    stub = ROOT / "build" / "snippets" / "stub"
    for name, flag in (("seen", "-Wl,-z,lazy"), ("unseen", "-fno-plt")):
        subprocess.run(
            ["gcc", "p.c", f"-I{ROOT}/utils", f"-L{stub}", "-losmem", "-o", name, flag],
            cwd=tmp_path,
            check=True,
        )
    ended = checker("trace", tmp_path / "seen", "--jobs")
    assert (ended.returncode, ended.stderr) == (0, "--jobs\n")
    assert ended.stdout == (
        "os_malloc(8) = heap+0x20\n  sbrk(131072) = heap+0x0\nos_free(heap+0x20)\nexit 0\n"
    )
    assert_could_not_run(checker("trace", ROOT / "README.md"), "README.md", "has to be a program")
    assert_could_not_run(checker("trace", tmp_path / "unseen"), "-Wl,-z,lazy")


def test_a_trace_whose_reader_goes_away_ends_in_silence(tmp_path: Path) -> None:
    # More of it than fits into the pipe.
    program = link(tmp_path, "for (int i = 0; i < 2000; i++) os_free(os_malloc(100));")
    running = subprocess.Popen(
        [ROOT / "checker.py", "trace", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None and running.stderr is not None
    with running.stdout, running.stderr:
        assert running.stdout.readline() == "os_malloc(100) = heap+0x20\n"
        running.stdout.close()
        assert running.stderr.read() == ""
    running.wait()


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ("os_malloc(10); raise(SIGKILL);", "killed by SIGKILL"),
        ("os_free((void *)64);", "killed by SIGSEGV in os_free(?)"),
        ('os_malloc(10); execl("/bin/true", "true", NULL);', "exec"),
    ],
)
def test_the_trace_of_a_program_that_does_not_come_to_its_end_fails(
    tmp_path: Path, body: str, end: str
) -> None:
    ended = checker("trace", link(tmp_path, body))
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.splitlines()[-1] == end


def test_list_names_every_test_and_its_points() -> None:
    ended = checker("list")
    assert ended.returncode == 0
    assert ["malloc-arrays", "5", "tests/snippets/test-malloc-arrays.c"] in [
        line.split() for line in ended.stdout.splitlines()
    ]
    assert "40 tests, 90 points; 12 extra tests" in ended.stdout


def test_a_pattern_runs_all_tests_that_match() -> None:
    ended = checker("check", "malloc-*")
    assert ended.returncode == 0
    assert "13 of 13 tests passed" in ended.stdout


def test_a_pattern_that_matches_no_test_is_an_error() -> None:
    assert_could_not_run(
        checker("check", "malloc-arrayz*"),
        "no test is named 'malloc-arrayz*'; did you mean 'malloc-arrays'?",
    )
    assert_could_not_run(checker("check", "x-*"), "no test is named 'x-*'; see ./checker.py list")


# ---- Help ----------------------------------------------------------------------------------------


def help_paragraphs(*command: str) -> list[str]:
    """The paragraphs of a help text, each in one line."""
    ended = checker(*command, "--help")
    assert ended.returncode == 0
    return [" ".join(text.split()) for text in ended.stdout.split("\n\n")]


def test_help_shows_the_whole_summary_of_each_command() -> None:
    lines = checker("--help").stdout.partition("\nCommands:\n")[2].splitlines()
    summaries = {name: summary for name, summary in (line.split(None, 1) for line in lines)}
    assert list(summaries) == [
        *("check", "list", "explain", "show", "debug", "watch", "trace", "record", "diff", "stat"),
        *("replay", "grade", "table", "why", "similar", "matrix", "kit", "variant"),
    ]
    for name, summary in summaries.items():
        assert help_paragraphs(name)[1] == summary
        assert summary.endswith(".") and not summary.endswith("..")


def test_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ended = checker("--version")
    assert (ended.returncode, ended.stdout) == (0, f"osmem {project['version']}\n")


def test_a_misspelt_command_gets_a_suggestion() -> None:
    assert_could_not_run(checker("chekc"), "no command is named 'chekc'; did you mean 'check'?")
    assert_could_not_run(checker("xyz"), "no command is named 'xyz'; see --help")


@pytest.mark.parametrize(
    "command",
    [
        "./checker.py check malloc-split-last --src {}",
        "/usr/bin/python3 checker.py check malloc-split-last --src {}",
        "make check TESTS=malloc-split-last SRC={}",
    ],
)
def test_the_command_in_the_hint_can_be_typed_as_it_is(tmp_path: Path, command: str) -> None:
    source = mistaken(tmp_path / "src", "fit-first")
    words = shlex.split(command.format(source))
    ended = subprocess.run(
        words, cwd=ROOT, env=outside_make(), capture_output=True, text=True, check=False
    )
    (hint,) = (line for line in ended.stdout.splitlines() if "from beginning to end" in line)
    typed = hint.partition(": ")[2]
    assert typed == f"./checker.py check --src {source} -v malloc-split-last"
    again = subprocess.run(
        shlex.split(typed), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1
    assert "exit 0" in again.stdout


def test_an_interrupt_while_the_checker_loads_ends_it_at_once(tmp_path: Path) -> None:
    shutil.copy(ROOT / "checker.py", tmp_path)
    slow = tmp_path / "harness" / "cli" / "main.py"
    slow.parent.mkdir(parents=True)
    slow.write_text("import time\nprint('loading', flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen(
        [tmp_path / "checker.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as loading:
        assert loading.stdout is not None and loading.stdout.readline() == "loading\n"
        loading.send_signal(signal.SIGINT)
        assert loading.communicate(timeout=30) == ("", "")
    assert loading.returncode == -signal.SIGINT
