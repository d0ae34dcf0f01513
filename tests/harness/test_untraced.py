"""A trace says if it lacks the calls of threads and processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import assert_could_not_run, checker
from linked import LAZY, link

WORK = """
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "osmem.h"
static inline void *work(void *size) { os_free(os_malloc((size_t)size)); return NULL; }
"""
THREADS = """
pthread_t threads[2];
for (int i = 0; i < 2; i++) pthread_create(threads + i, NULL, work, (void *)100);
for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
"""
FORK = "if (!fork()) { work((void *)100); _exit(0); } wait(NULL);"
VFORK = 'if (!vfork()) { execl("/bin/true", "true", NULL); _exit(1); } wait(NULL);'
SYSTEM = 'if (system("exit 3") < 0) return 1;'
POPEN = 'FILE *pipe = popen("exit 3", "r"); pclose(pipe);'
PARENT = "if (!fork()) work((void *)100);"
ONE, TWO = "1 thread or process", "2 threads or processes"

by_every_tracer = pytest.mark.parametrize(
    "tracer",
    ["ltrace", pytest.param("uftrace", marks=pytest.mark.needs("uftrace", "strace"))],
)


def link_with_work(folder: Path, body: str) -> Path:
    """A program whose main() is ``body``, which can let others call work()."""
    header = folder / "work.h"
    header.write_text(WORK)
    return link(folder, body, (*LAZY, "-pthread", "-include", str(header)))


@by_every_tracer
@pytest.mark.parametrize(
    ("body", "others"),
    [(THREADS, TWO), (FORK, ONE), (VFORK, ONE), (SYSTEM, ONE), (POPEN, ONE), (PARENT, ONE)],
    ids=["threads", "fork", "vfork", "system", "popen", "parent"],
)
def test_a_trace_that_lacks_calls_says_so(
    tmp_path: Path, tracer: str, body: str, others: str
) -> None:
    program = link_with_work(tmp_path, f"os_free(os_malloc(10));\n{body}")
    ended = checker("trace", "--tracer", tracer, program)
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1] == f"exit 0, {others} not traced"
    assert ended.stderr == f"{program}: the calls of {others} that it started were not seen\n"


@by_every_tracer
def test_what_is_recorded_says_so_and_can_be_read(tmp_path: Path, tracer: str) -> None:
    program = link_with_work(tmp_path, f"os_free(os_malloc(10));\n{THREADS}")
    output, end = tmp_path / "a.trace", f"exit 0, {TWO} not traced"
    ended = checker("record", "--tracer", tracer, "-o", output, "--", program)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"{output}: 2 calls, {end}\n{program}: the calls of {TWO} that it started were not seen\n"
    )
    assert checker("stat", output).stdout.splitlines()[-1] == end
    whole = tmp_path / "whole.trace"
    whole.write_text(output.read_text().replace(end, "exit 0"))
    assert checker("diff", output, output).returncode == 0
    compared = checker("diff", whole, output, "--allow", "all=100%")
    assert compared.returncode == 1
    assert ["end", "exit", "0", *end.split(), "!"] in [
        line.split() for line in compared.stdout.splitlines()
    ]


def test_the_end_of_a_killed_program_says_both(tmp_path: Path) -> None:
    program = link_with_work(tmp_path, f"{FORK} os_malloc(10); os_free((void *)64);")
    end = checker("trace", program).stdout.splitlines()[-1]
    assert end == f"killed by SIGSEGV in os_free(?), {ONE} not traced"


def test_a_process_that_could_not_be_started_is_not_counted(tmp_path: Path) -> None:
    limited = (
        "os_free(os_malloc(10)); struct rlimit none = { 0, 0 };"
        "setresuid(65534, 65534, 65534); setrlimit(RLIMIT_NPROC, &none); if (!fork()) _exit(0);"
    )
    program = link_with_work(tmp_path, limited)
    tmp_path.chmod(0o755)
    ended = checker("trace", program)
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "exit 0")


@by_every_tracer
def test_where_only_others_make_calls_there_is_nothing_to_record(
    tmp_path: Path, tracer: str
) -> None:
    program = link_with_work(tmp_path, THREADS)
    output = tmp_path / "a.trace"
    ended = checker("record", "--tracer", tracer, "-o", output, "--", program)
    assert_could_not_run(ended, f"{program}: the calls of {TWO} that it started were not seen")
    assert not output.exists()
