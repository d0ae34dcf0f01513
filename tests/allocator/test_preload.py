"""Real programs on our heap, by LD_PRELOAD: they do what they do without it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from building import HERE, Built, build
from harness.execution.build import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("build"))


@pytest.fixture(params=["", "check:1"], ids=["default", "check"])
def env(request: pytest.FixtureRequest, built: Built, tmp_path: Path) -> dict[str, str]:
    """What preloads the library; as it is, and with all its checks."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "LD_PRELOAD": str(built.preload),
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


@pytest.mark.parametrize("module", ["test_json", "test_dict", "test_threading"])
def test_python(env: dict[str, str], tmp_path: Path, module: str) -> None:
    said = output_of(
        ["/usr/bin/python3", "-m", "test", module], env | {"PYTHONMALLOC": "malloc"}, tmp_path
    )
    assert "SUCCESS" in said


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


def test_perl(env: dict[str, str], tmp_path: Path) -> None:
    script = (
        "my %h; $h{$_} = $_ x 20 for 1..50000; print join ',', (sort {$a <=> $b} keys %h)[0,-1]"
    )
    assert output_of(["perl", "-e", script], env, tmp_path) == "1,50000"


def test_all_of_the_family_in_cplusplus(env: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "family"
    subprocess.run(
        ["g++", "-O2", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-Wno-alloc-size-larger-than"]
        + [str(HERE / "family.cc"), "-o", str(program), "-pthread"],
        check=True,
    )
    assert output_of([program], env, tmp_path) == "ok\nbye\n"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_redis(env: dict[str, str], tmp_path: Path) -> None:
    port = str(free_port())
    server = subprocess.Popen(
        ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", tmp_path, "--save", ""],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    client = ["redis-cli", "-p", port]
    plain = {"PATH": env["PATH"]}
    try:
        for _ in range(100):
            if subprocess.run([*client, "ping"], env=plain, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        load = ["redis-benchmark", "-p", port, "-q", "-n", "20000", "-r", "5000", "-d", "300"]
        said = output_of([*load, "-t", "set,get,lpush,lpop,hset,zadd"], env, tmp_path)
        assert said.count("requests per second") >= 6
        assert output_of([*client, "bgsave"], plain, tmp_path) == "Background saving started\n"
        assert int(output_of([*client, "dbsize"], plain, tmp_path)) > 4000
    finally:
        subprocess.run([*client, "shutdown", "nosave"], env=plain, capture_output=True)
        _, said_by_server = server.communicate(timeout=30)
    assert server.returncode == 0
    assert "libosmem" not in said_by_server
