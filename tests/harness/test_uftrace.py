"""uftrace gives the traces that ltrace gives, of more programs; if strace disagrees, an error."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from glob import glob
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.checking.check import check, set_up
from harness.suite import load_suite
from harness.trace.trace import Trace
from harness.tracers.tracer import Tracer, TracerError
from harness.tracers.ltrace import Ltrace
from harness.tracers.uftrace_output import read_records
from harness.tracers.uftrace import Uftrace
from harness.results.verdict import Outcome
from command import assert_could_not_run, checker
from linked import link
from processes import command_lines
from submissions import attacking

pytestmark = pytest.mark.needs("uftrace", "strace")

TIMES = "os_free(os_malloc(10)); os_free(os_realloc(os_calloc(2000, 8), 200000));"


def traces(suite: str, tracer: Tracer) -> dict[str, Trace | None]:
    setup = set_up(load_suite(ROOT / "tests" / f"{suite}.toml"), ROOT / "src", tracer, 2)
    verdicts = list(check(setup, 2))
    assert {verdict.outcome for verdict in verdicts} == {Outcome.PASSED}
    return {verdict.test.name: verdict.found for verdict in verdicts}


@pytest.mark.parametrize("suite", ["suite", "classic"])
def test_both_tracers_give_the_same_trace_of_all_tests(suite: str) -> None:
    by_uftrace = traces(suite, Uftrace())
    assert len(by_uftrace) == 52
    assert by_uftrace == traces(suite, Ltrace())


@pytest.mark.parametrize(
    "body",
    [
        "os_malloc(10); exit(3);",
        "os_malloc(10); raise(SIGKILL);",
        "os_malloc(200000); abort();",
        "os_malloc(10); return *(volatile int *)8;",
        "os_malloc(10); os_free((void *)64);",
        'os_malloc(10); execl("/bin/true", "true", NULL);',
        "os_malloc(10); sbrk(4096); os_malloc(200); os_malloc(131000); sbrk(-4096);",
        "os_free(os_malloc(1UL << 62)); os_malloc(-1); os_realloc(os_malloc(1), 1UL << 62);",
        "return 0;",
    ],
)
def test_both_tracers_give_the_same_trace_of_programs_that_end_in_other_ways(
    tmp_path: Path, body: str
) -> None:
    program = link(tmp_path, body)
    by_uftrace, by_ltrace = (
        checker("trace", "--tracer", name, program) for name in ("uftrace", "ltrace")
    )
    assert by_ltrace.stdout != ""
    assert by_uftrace.stdout == by_ltrace.stdout
    came_to_its_end = by_ltrace.stdout.splitlines()[-1] in ("exit 0", "exit 3")
    assert by_uftrace.returncode == by_ltrace.returncode == (not came_to_its_end)


@pytest.mark.parametrize("flags", [["-Wl,-z,now", "-Wl,-z,ibtplt"], ["-fno-plt"]])
def test_uftrace_sees_calls_that_ltrace_can_not_see(tmp_path: Path, flags: list[str]) -> None:
    blind, lazy = link(tmp_path, TIMES, flags), link(tmp_path, TIMES, name="lazy")
    ended = checker("trace", "--tracer", "uftrace", blind)
    assert (ended.returncode, ended.stdout) == (0, checker("trace", lazy).stdout)


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("raw-growth", "uftrace and strace disagree on call 3, os_malloc()"),
        ("libc-malloc", "the library calls libc's malloc()"),
    ],
)
def test_requests_that_only_the_kernel_saw_are_an_error(
    tmp_path: Path, attack: str, said: str
) -> None:
    source = attacking(tmp_path / "src", attack)
    program = link(tmp_path, "for (int i = 0; i < 4; i++) os_malloc(50);")
    options = ("--src", source, "--tracer", "uftrace")
    output = tmp_path / "a.trace"
    ended = checker("record", *options, "-o", output, "--", program)
    assert_could_not_run(ended, said, "use --tracer ltrace")
    assert ended.stderr.count("\n") == 1 and not output.exists()
    assert checker("trace", "--src", source, program).returncode == 0


def test_a_test_with_such_requests_is_skipped(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "raw-growth")
    ended = checker("check", "all", "malloc-arrays", "--src", source, "--tracer", "uftrace")
    assert ended.returncode == 2
    rows = [line.split(maxsplit=3) for line in ended.stdout.splitlines()]
    for row, points in zip(rows, ("0/5", "0/5")):
        assert row[1:3] == ["skipped", points]
        assert row[3].startswith("uftrace and strace disagree on call 3, os_")
    assert "0 of 2 tests passed: 0 of 10 points" in ended.stdout


def test_a_program_out_of_time_is_a_timeout(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "sleep")
    ended = checker("check", "malloc-arrays", "--src", source, "--tracer", "uftrace")
    assert ended.returncode == 1
    assert "timeout      0/5  slept for more than 2 s" in ended.stdout


SHARED_MEMORY = re.compile(r"/dev/shm/uftrace-[^-\s]+")


def shared_memory() -> set[str]:
    """The shared memory of the recordings that run below this process, without the last part of its
    names, which tells the memory of one thread from that of another."""
    found = set()
    for process in command_lines():
        with contextlib.suppress(OSError):  # it has just ended
            found.update(SHARED_MEMORY.findall(Path(f"/proc/{process}/maps").read_text()))
    return found


def test_an_interrupted_recording_leaves_nothing(tmp_path: Path) -> None:
    program = link(tmp_path, "for (;;) os_free(os_malloc(1));")
    running = subprocess.Popen(
        [ROOT / "checker.py", "record", "--tracer", "uftrace", "-o", "a.trace", "--", program],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (shared := shared_memory()):
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=10)[1].strip() == "interrupted"
    assert running.returncode == 130
    assert not any(glob(f"{name}*") for name in shared)
    assert {path.name for path in tmp_path.iterdir()} == {"program", "program.c"}


def tools(folder: Path, *names: str) -> dict[str, str]:
    """An environment with only these commands."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(f"/usr/bin/{name}")
    return {"PATH": str(folder)}


ALWAYS = ("make", "gcc", "nm", "readelf", "ldd", "prlimit")


def test_auto_is_uftrace_if_installed_and_otherwise_ltrace(tmp_path: Path) -> None:
    program = link(tmp_path, TIMES, ["-fno-plt"])
    both = tools(tmp_path / "both", *ALWAYS, "uftrace", "strace", "ltrace")
    assert checker("trace", "--tracer", "auto", program, env=both).returncode == 0
    for alone in (("ltrace",), ("ltrace", "uftrace"), ("ltrace", "strace")):
        env = tools(tmp_path / "-".join(alone), *ALWAYS, *alone)
        ended = checker("trace", "--tracer", "auto", program, env=env)
        assert_could_not_run(ended, "ltrace does not see")


def test_without_uftrace_it_says_what_to_install(tmp_path: Path) -> None:
    env = tools(tmp_path / "bin", *ALWAYS, "ltrace", "strace")
    ended = checker("check", "all", "--tracer", "uftrace", env=env)
    assert_could_not_run(ended, "uftrace: not found", "tools/install-packages", "trace")


def test_uftrace_refuses_sandboxes() -> None:
    ended = checker("check", "all", "--sandbox", "--tracer", "uftrace")
    assert_could_not_run(ended, "uftrace can't trace programs in a sandbox", "--tracer ltrace")
    assert checker("check", "all", "--sandbox", "--tracer", "auto").returncode == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("        /* LOST 3 records!! */\n", "could not keep up"),
        ("    15075.295771260 | os_malloc() {\n", "1 arguments of os_malloc(), found ''"),
        ("    15075.295771260 | os_calloc(0x1) {\n", "2 arguments of os_calloc(), found '0x1'"),
    ],
)
def test_incomplete_records_are_an_error(line: str, said: str) -> None:
    with pytest.raises(TracerError) as error:
        list(read_records([line]))
    assert said in str(error.value)


def test_a_program_that_ends_before_main_does_not_hang(tmp_path: Path) -> None:
    source = attacking(tmp_path / "src", "no-call")
    program = link(tmp_path, TIMES)
    ended = checker("trace", "--tracer", "uftrace", "--src", source, program)
    assert (ended.returncode, ended.stdout) == (0, "exit 0\n")
    assert "no call of os_malloc()" in ended.stderr
