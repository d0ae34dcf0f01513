"""Real programs run as usual when LD_PRELOAD gives them the allocator."""

from __future__ import annotations

import gzip
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.client import HTTPSConnection
from itertools import cycle, islice
from pathlib import Path

import pytest

from building import HERE, build
from harness.execution.build import ROOT


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("build"), target="all").folder / "libosmem-preload.so"


@pytest.fixture(params=["", "check:1"], ids=["default", "check"])
def env(request: pytest.FixtureRequest, library: Path, tmp_path: Path) -> dict[str, str]:
    """The environment that preloads the library, by default and with all checks."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "LD_PRELOAD": str(library),
        "OSMEM_CONF": request.param,
    }


def output_of(
    command: Sequence[str | Path], env: dict[str, str], folder: Path, text: str = ""
) -> str:
    ended = subprocess.run(
        command, env=env, cwd=folder, input=text, capture_output=True, text=True, timeout=300
    )
    assert "libosmem" not in ended.stderr and "ld.so" not in ended.stderr
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_bash(env: dict[str, str], tmp_path: Path) -> None:
    script = """
        for i in {1..2000}; do words[i]="word $i $(( i * i ))"; done
        printf '%s\\n' "${words[@]}" | sort -n | tail -n 1
        for i in 1 2 3; do (echo "child $i" | cat) & wait; done
    """
    said = output_of(["bash", "-c", script], env, tmp_path)
    assert said.splitlines()[1:] == ["child 1", "child 2", "child 3"]


@pytest.mark.needs("libpython{python}-testsuite")
@pytest.mark.parametrize("module", ["test_json", "test_dict", "test_threading"])
def test_python(env: dict[str, str], tmp_path: Path, module: str) -> None:
    said = output_of(
        ["/usr/bin/python3", "-m", "test", module], env | {"PYTHONMALLOC": "malloc"}, tmp_path
    )
    assert "SUCCESS" in said


@pytest.mark.needs("sqlite3")
def test_sqlite(env: dict[str, str], tmp_path: Path) -> None:
    said = output_of(
        ["sqlite3", "data.db"],
        env,
        tmp_path,
        """create table t(a integer primary key, b text);
        with recursive c(x) as (select 1 union all select x + 1 from c limit 20000)
            insert into t select x, hex(randomblob(x % 500)) from c;
        create index i on t(b);
        select count(*), max(a) from (select * from t order by b);
        pragma integrity_check;""",
    )
    assert said.split() == ["20000|20000", "ok"]


def test_git(env: dict[str, str], tmp_path: Path) -> None:
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    output_of(["git", "init", "-q", "repo"], env, tmp_path)
    repo = tmp_path / "repo"
    for number in range(5):
        for name in range(50):
            (repo / f"file{name}").write_text(f"{name} {number}\n" * 200)
        output_of(["git", "add", "."], env, repo)
        output_of(["git", *author, "commit", "-q", "-m", f"Commit {number}"], env, repo)
    output_of(["git", "gc", "-q"], env, repo)
    assert output_of(["git", "log", "--format=%s"], env, repo).splitlines() == [
        f"Commit {number}" for number in (4, 3, 2, 1, 0)
    ]
    output_of(["git", "fsck", "--strict"], env, repo)


def test_gcc(env: dict[str, str], tmp_path: Path) -> None:
    source = str(ROOT / "src" / "heap.c")
    command = ["gcc", "-O2", "-D_GNU_SOURCE", f"-I{ROOT / 'utils'}", "-c", source]
    output_of([*command, "-o", "ours.o"], env, tmp_path)
    output_of([*command, "-o", "libc.o"], {"PATH": env["PATH"]}, tmp_path)
    assert (tmp_path / "ours.o").read_bytes() == (tmp_path / "libc.o").read_bytes()


@pytest.mark.needs("perl")
def test_perl(env: dict[str, str], tmp_path: Path) -> None:
    script = (
        "my %h; $h{$_} = $_ x 20 for 1..50000; print join ',', (sort {$a <=> $b} keys %h)[0,-1]"
    )
    assert output_of(["perl", "-e", script], env, tmp_path) == "1,50000"


@pytest.mark.needs("g++")
def test_the_whole_malloc_family_from_cplusplus(env: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "family"
    subprocess.run(
        ["g++", "-O2", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-Wno-alloc-size-larger-than"]
        + [str(HERE / "family.cc"), "-o", str(program), "-pthread"],
        check=True,
    )
    assert output_of([program], env, tmp_path) == "ok\nbye\n"


@pytest.mark.needs("g++")
def test_a_library_with_its_own_operators(env: dict[str, str], tmp_path: Path) -> None:
    library = tmp_path / "own_delete.so"
    subprocess.run(
        ["g++", "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]
        + [str(HERE / "own_delete.cc"), "-o", str(library)],
        check=True,
    )
    script = f"import ctypes; print(ctypes.CDLL({str(library)!r}).delete_some())"
    assert output_of(["/usr/bin/python3", "-c", script], env, tmp_path) == "10\n"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Return when a server listens at a port."""
    for _ in range(100):
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise TimeoutError(f"expected a server at port {port}, found none")


@contextmanager
def apache(env: dict[str, str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until its threads have done their work.

    SIGTERM would not wait for them but close the sockets that they may be freeing: of 100 servers,
    about one crashes then, with glibc's malloc() too.
    """
    with log.open("a") as out:
        server = subprocess.Popen(
            ["/usr/sbin/apache2", "-f", HERE / "apache.conf", "-DFOREGROUND"],
            env=env | {"PORT": str(port), "FOLDER": str(log.parent)},
            stderr=out,
            start_new_session=True,
        )
    try:
        wait_for(port)
        yield server
        server.send_signal(signal.SIGWINCH)
        assert server.wait(timeout=60) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def make_certificate(env: dict[str, str], file: Path) -> None:
    """Write a key and its certificate to a file."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(file)]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    output_of(["openssl", "req", "-x509", *key, *name, "-out", file], env, file.parent)


def malloc_bindings(report: str) -> set[tuple[str, str]]:
    """Return the bindings of malloc() and its family in a report of the dynamic linker: the name of
    the file that calls the function, and the path of the one that defines it."""
    bound = re.findall(r"binding file (\S+) \S+ to (\S+) \S+: normal symbol `(\w+)'", report)
    family = {"malloc", "calloc", "realloc", "free"}
    return {(Path(caller).name, callee) for caller, callee, name in bound if name in family}


@pytest.mark.needs("apache2-bin", "openssl")
def test_apache(env: dict[str, str], tmp_path: Path) -> None:
    """Threads of several processes allocate at the same time, mostly for TLS and compression."""
    port, log, certificate = free_port(), tmp_path / "log", tmp_path / "certificate"
    make_certificate(env, certificate)
    trusting = ssl.create_default_context(cafile=certificate)
    pages = [path for path in Path("/usr/share/common-licenses").iterdir() if path.is_file()]
    wanted = list(islice(cycle(pages), 400))

    def fetch(page: Path) -> bytes:
        with closing(HTTPSConnection("127.0.0.1", port, timeout=60, context=trusting)) as server:
            server.request("GET", f"/{page.name}", headers={"Accept-Encoding": "gzip"})
            return gzip.decompress(server.getresponse().read())

    def fetch_all() -> list[bytes]:
        with ThreadPoolExecutor(16) as clients:
            return list(clients.map(fetch, wanted))

    report = {"LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": str(tmp_path / "bindings")}
    with apache(env | report, port, log) as server:
        before = fetch_all()
        server.send_signal(signal.SIGUSR1)  # loads its modules anew and starts other processes
        after = fetch_all()
    assert before == after == [page.read_bytes() for page in wanted]
    assert "libosmem" not in log.read_text() and "exit signal" not in log.read_text()
    (reported,) = tmp_path.glob("bindings.*")
    bindings = malloc_bindings(reported.read_text())
    assert {callee for _, callee in bindings} == {env["LD_PRELOAD"]}
    assert {"apache2", "libcrypto", "libz"} <= {caller.split(".so")[0] for caller, _ in bindings}
