"""Whatever a submission's library does, every test ends with a verdict that says what happened."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.checking.check import check, set_up
from harness.suite import Suite, load_suite
from harness.tracers.ltrace import Ltrace
from harness.results.verdict import Outcome, Verdict
from processes import processes_of
from submissions import attacking, plain

NAMES = ("malloc-arrays", "calloc-arrays", "realloc-arrays")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Three tests, with less time than is given to students."""
    path = tmp_path_factory.mktemp("suite") / "short.toml"
    tests = ROOT / "tests"
    path.write_text(
        f'extends = "{tests}/suite.toml"\n[limits.run]\nprocessor_seconds = 1\n'
        "sleep_seconds = 1.5\nmemory_mib = 128\nfile_mib = 4\n[limits.build]\nseconds = 10\n"
    )
    return load_suite(path).select(NAMES)


def verdicts(suite: Suite, source: Path) -> list[Verdict]:
    return list(check(set_up(suite, source, Ltrace(), 2), 2))


# Of tests/hostile; test_hostile.py tries all of them, in sandboxes.
WHAT_HAPPENS = {
    "segfault": (
        Outcome.CRASHED,
        r"^killed by SIGSEGV inside os_\w+\(.*\), call 3 of the program$",
    ),
    "bad-pointer": (
        Outcome.CRASHED,
        r"^killed by SIGSEGV outside the allocator, after call 3 of the program, os_\w+\(.*\)$",
    ),
    "static-memory": (
        Outcome.INVALID,
        "^call 1 of the program, os_.*: its result lies neither in the heap nor in a mapping",
    ),
    "abort": (
        Outcome.CRASHED,
        r"^killed by SIGABRT inside os_\w+\(.*\), call 3 of the program: [^\x1b\a]+$",
    ),
    "loop": (
        Outcome.TIMEOUT,
        r"^used more than 1 s of processor time, inside os_\w+\(.*\), call 3 of the program$",
    ),
    "deaf-loop": (
        Outcome.TIMEOUT,
        r"^used more than 1 s of processor time, inside os_\w+\(.*\), call 3 of the program$",
    ),
    "busy-children": (Outcome.CRASHED, "^started another process or thread$"),
    "sleep": (
        Outcome.TIMEOUT,
        r"^slept for more than 1\.5 s, inside os_\w+\(.*\), call 3 of the program$",
    ),
    "nap": (Outcome.PASSED, "^$"),
    "stop": (Outcome.PASSED, "^$"),
    "exec": (
        Outcome.CRASHED,
        r"^became another program by exec\(\) inside os_\w+\(.*\), call 3 of the program$",
    ),
    "exit-inside": (
        Outcome.CRASHED,
        r"^exit with status 0 inside os_\w+\(.*\), call 3 of the program$",
    ),
    "no-call": (Outcome.DIFFERS, "the program ended before call 1"),
    "fake-trace": (Outcome.DIFFERS, "the program ended before call 1"),
    "closed-stderr": (Outcome.PASSED, "^$"),
    "flood": (
        Outcome.CRASHED,
        r"^killed for writing more than 4 MiB, inside os_\w+\(.*\), call 3 of the program$",
    ),
    "memory-hog": (
        Outcome.CRASHED,
        r"^exit with status 9 inside os_\w+\(.*\), call 3 of the program$",
    ),
}


@pytest.mark.parametrize("attack", WHAT_HAPPENS)
def test_an_attack_ends_in_a_verdict(suite: Suite, tmp_path: Path, attack: str) -> None:
    outcome, reason = WHAT_HAPPENS[attack]
    found = verdicts(suite, attacking(tmp_path / "src", attack))
    assert [verdict.test.name for verdict in found] == list(NAMES)
    for verdict in found:
        assert (verdict.outcome, verdict.points > 0) == (outcome, outcome is Outcome.PASSED)
        assert re.search(reason, verdict.reason), verdict.reason


@pytest.mark.parametrize(
    ("attack", "oddities"),
    [("handle-signal", {("handled signals: SIGSEGV",)}), ("segfault", {()}), ("stop", {()})],
)
def test_a_signal_is_odd_only_if_it_is_handled(
    suite: Suite, tmp_path: Path, attack: str, oddities: set[tuple[str, ...]]
) -> None:
    found = verdicts(suite, attacking(tmp_path / "src", attack))
    assert {verdict.oddities for verdict in found} == oddities


def test_programs_that_never_end_are_ended(suite: Suite, tmp_path: Path) -> None:
    setup = set_up(suite, attacking(tmp_path / "src", "sleep"), Ltrace(), 2)
    started = time.monotonic()
    list(check(setup, 3))
    assert 0.5 < time.monotonic() - started < 20


def looping_in_calloc(folder: Path) -> Path:
    source = plain(folder)
    text = (source / "osmem.c").read_text()
    head = "void *os_calloc(size_t nmemb, size_t size)\n{\n"
    assert head in text
    (source / "osmem.c").write_text(text.replace(head, f"{head}for (;;)\n;\n"))
    return source


def test_a_library_that_never_comes_back_is_not_asked_forever(suite: Suite, tmp_path: Path) -> None:
    whole = load_suite(suite.path)
    source = looping_in_calloc(tmp_path / "src")
    found = verdicts(whole.select(("calloc-*",)), source)
    assert len(found) > 10
    assert {verdict.outcome for verdict in found} == {Outcome.TIMEOUT}
    not_run = [verdict.reason.startswith("not run, because none of") for verdict in found]
    assert not_run == [False] * 10 + [True] * (len(found) - 10)


def test_one_test_that_ends_is_enough_for_all_to_be_run(suite: Suite, tmp_path: Path) -> None:
    whole = load_suite(suite.path)
    source = looping_in_calloc(tmp_path / "src")
    first, *others = verdicts(whole.select(("malloc-arrays", "calloc-*")), source)
    assert first.outcome is Outcome.PASSED
    assert len(others) > 10
    assert all(verdict.reason.startswith("used more than 1 s") for verdict in others)


SLOW_THE_FIRST_TIME = """
#include <fcntl.h>
#include <unistd.h>
#include "attack.h"

/* Until the first run is over, it neither sleeps for long nor uses much of the processor. */
void strike(int call)
{{
    if (call != 3 || open("{seen}", O_CREAT | O_EXCL, 0600) < 0)
        return;
    for (;;) {{
        usleep(300000);
        for (volatile int i = 0; i < 1000000; i++)
            ;
    }}
}}
"""


def suite_of_wall_time(path: Path, seconds: int) -> Suite:
    """A suite of one test, which only the limit of wall time can end."""
    path.write_text(
        f'extends = "{ROOT}/tests/suite.toml"\n'
        f"[limits.run]\nprocessor_seconds = 100\nsleep_seconds = 100\nseconds = {seconds}\n"
    )
    return load_suite(path).select(("malloc-arrays",))


def test_a_program_out_of_wall_time_is_tried_again_alone(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "nap")
    seen = tmp_path / "seen"
    (source / "attack.c").write_text(SLOW_THE_FIRST_TIME.format(seen=seen))
    (verdict,) = verdicts(suite_of_wall_time(tmp_path / "suite.toml", 2), source)
    assert seen.exists()
    assert verdict.outcome is Outcome.PASSED


def test_a_program_out_of_wall_time_twice_has_a_timeout(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "loop")
    (verdict,) = verdicts(suite_of_wall_time(tmp_path / "suite.toml", 1), source)
    assert verdict.outcome is Outcome.TIMEOUT
    assert verdict.reason.startswith("not ended within 1 s, inside os_")


def test_no_process_outlives_its_test(suite: Suite, tmp_path: Path) -> None:
    verdicts(suite, attacking(tmp_path / "src", "sleep"))
    assert processes_of(f"test-{NAMES[0]}") == []


# ---- What can go wrong in building ---------------------------------------------------------------


def failure(suite: Suite, source: Path) -> str:
    found = verdicts(suite, source)
    assert {verdict.outcome for verdict in found} == {Outcome.NOT_BUILT}
    assert len({verdict.reason for verdict in found}) == 1
    return found[0].reason


def test_an_error_of_the_compiler_is_shown(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    (source / "osmem.c").write_text("int broken(\n")
    assert re.search(r"^make failed: osmem.c:\d+: error: ", failure(suite, source))


def test_a_folder_without_makefile(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    (source / "Makefile").unlink()
    assert "expected a Makefile" in failure(suite, source)


def test_a_makefile_that_builds_something_else(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    (source / "Makefile").write_text("all:\n\ttouch other.so\n")
    assert "left no libosmem.so" in failure(suite, source)


def test_a_library_that_is_none(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    (source / "Makefile").write_text("all:\n\techo hello >libosmem.so\n")
    assert "expected a shared library, found that nm can't read it" in failure(suite, source)


def test_a_build_that_never_ends(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    (source / "Makefile").write_text("all:\n\twhile :; do :; done\n")
    suite = replace(
        suite, build_limits=replace(suite.build_limits, processor_seconds=2, seconds=60)
    )
    assert failure(suite, source) == "make used more than 2 s of processor time"


def test_a_build_that_sleeps(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    (source / "Makefile").write_text("all:\n\tsleep 1000\n")
    suite = replace(suite, build_limits=replace(suite.build_limits, sleep_seconds=1, seconds=60))
    assert failure(suite, source) == "make slept for more than 1 s"


def test_a_build_that_takes_too_long_beside_others_is_repeated_alone(
    suite: Suite, tmp_path: Path
) -> None:
    source = plain(tmp_path / "src")
    makefile = (source / "Makefile").read_text()
    first = f"slow := $(shell mkdir {tmp_path}/tried && sleep 1000)\n"
    (source / "Makefile").write_text(first + makefile)
    suite = replace(suite, build_limits=replace(suite.build_limits, sleep_seconds=1000, seconds=15))
    (verdict,) = check(set_up(suite.select(("malloc-arrays",)), source, Ltrace(), 1), 1)
    assert verdict.outcome is Outcome.PASSED


def test_a_stale_library_is_built_anew(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    (source / "libosmem.so").write_text("stale")
    (source / "osmem.o").write_text("stale")
    assert {verdict.outcome for verdict in verdicts(suite, source)} == {Outcome.PASSED}


def test_a_missing_function_costs_its_own_tests_only(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    with (source / "mistake.h").open("a") as header:
        header.write("#define os_calloc my_calloc\n")
    found = {verdict.test.name: verdict for verdict in verdicts(suite, source)}
    assert found["malloc-arrays"].outcome is Outcome.PASSED
    assert found["calloc-arrays"].outcome is Outcome.NOT_BUILT
    assert found["calloc-arrays"].reason == "libosmem.so does not define os_calloc"


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_submission_is_left_as_it_was(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    before = snapshot(tmp_path)
    verdicts(suite, source)
    assert snapshot(tmp_path) == before


def test_its_own_headers_beside_it_are_used(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    own = tmp_path / "utils"
    own.mkdir()
    (own / "extra.h").write_text("#define EXTRA 1\n")
    with (source / "mistake.h").open("a") as header:
        header.write('#include "extra.h"\n_Static_assert(EXTRA == 1, "");\n')
    assert {verdict.outcome for verdict in verdicts(suite, source)} == {Outcome.PASSED}


def test_a_path_with_spaces(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "my work").mkdir()
    source = plain(tmp_path / "my work" / "the source")
    assert {verdict.outcome for verdict in verdicts(suite, source)} == {Outcome.PASSED}


def test_printing_in_the_allocator_is_recognised(suite: Suite, tmp_path: Path) -> None:
    source = plain(tmp_path / "src")
    text = (source / "osmem.c").read_text()
    text = text.replace(
        "void *os_malloc(size_t size)\n{\n", 'void *os_malloc(size_t size)\n{\nputs("");\n'
    )
    (source / "osmem.c").write_text("#include <stdio.h>\n" + text)
    (verdict,) = verdicts(load_suite(suite.path).select(("malloc-preallocate",)), source)
    assert verdict.outcome is Outcome.DIFFERS
    advice = verdict.advice
    assert "does your allocator call malloc(), or the C library's printf()" in advice


def test_what_differs_is_told_beside_another_outcome(suite: Suite, tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "segfault")
    with (source / "mistake.h").open("a") as header:
        header.write('#define MISTAKE "preallocate-never"\n')
    (first,) = verdicts(load_suite(suite.path).select(("malloc-preallocate",)), source)
    assert first.outcome is Outcome.CRASHED
    assert "expected sbrk(131072), found sbrk(1040)" in first.advice


# ---- What can go wrong in a suite ----------------------------------------------------------------


@pytest.fixture
def own_suite(tmp_path: Path) -> Path:
    """A suite of one test, without a reference yet."""
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


def own_verdict(path: Path) -> Verdict:
    (verdict,) = verdicts(load_suite(path), ROOT / "src")
    return verdict


def test_without_a_reference_nothing_is_passed(own_suite: Path) -> None:
    verdict = own_verdict(own_suite)
    assert (verdict.outcome, verdict.points) == (Outcome.SKIPPED, 0)
    assert "there is no reference" in verdict.reason


def test_a_reference_that_can_not_be_read_is_told_by_line(own_suite: Path) -> None:
    reference = own_suite.parent / "ref" / "test-mine.trace"
    reference.parent.mkdir()
    reference.write_text("os_malloc(10) = heap+0x20\nnonsense\n")
    verdict = own_verdict(own_suite)
    assert verdict.outcome is Outcome.SKIPPED
    assert f"{reference}:2: expected" in verdict.reason


def test_leaks_are_found_without_a_reference_and_can_be_declared(own_suite: Path) -> None:
    (own_suite.parent / "snippets" / "test-mine.c").write_text(
        '#include "osmem.h"\nint main(void) { os_malloc(10); os_malloc(20); return 0; }\n'
    )
    verdict = own_verdict(own_suite)
    assert verdict.outcome is Outcome.LEAKED
    assert "heap+0x20 from os_malloc(10) was never freed (and 1 more)" in verdict.reason
    own_suite.write_text(own_suite.read_text() + "leaks = 2\n")
    assert own_verdict(own_suite).outcome is Outcome.SKIPPED


def test_a_snippet_that_does_not_compile(own_suite: Path) -> None:
    (own_suite.parent / "snippets" / "test-mine.c").write_text("int main(void) { return x; }\n")
    verdict = own_verdict(own_suite)
    assert verdict.outcome is Outcome.SKIPPED, "it is not the submission's fault"
    assert "'x' undeclared" in verdict.reason
