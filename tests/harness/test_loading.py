"""Which libosmem.so a traced program loads: its own, or the one of --src."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.execution.kit import UTILS
from command import assert_could_not_run, checker
from linked import LAZY

OWN, OURS = "sbrk(48)", "sbrk(131072)"
"""The first request shows which library was loaded: the user's own, or the project's."""
SOURCE = ROOT / "src"
NEW, OLD = "-Wl,--enable-new-dtags", "-Wl,--disable-new-dtags"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with two libraries of the user's: without a soname, and with one."""
    source = tmp_path / "own.c"
    source.write_text(
        "#include <unistd.h>\n"
        "void *os_malloc(size_t size) { (void)size; return sbrk(48); }\n"
        "void os_free(void *block) { (void)block; }\n"
    )
    for kind in ("plain", "versioned"):
        (tmp_path / kind).mkdir()
        library = tmp_path / kind / "libosmem.so"
        soname = ["-Wl,-soname,libosmem.so.1"] if kind == "versioned" else []
        subprocess.run(["gcc", "-shared", "-fPIC", *soname, source, "-o", library], check=True)
    (tmp_path / "versioned" / "libosmem.so.1").symlink_to("libosmem.so")
    return tmp_path


def link(folder: Path, *options: str | Path) -> Path:
    """A program that allocates once, linked with these options."""
    program = folder / "program"
    program.with_suffix(".c").write_text(
        '#include "osmem.h"\nint main(void) { os_free(os_malloc(10)); }\n'
    )
    subprocess.run(
        ["gcc", *LAZY, f"-I{UTILS}", "-o", "program", "program.c", *options], cwd=folder, check=True
    )
    return program


def loaded(*args: str | Path, **env: str) -> str:
    """The first request in a program's trace."""
    ended = checker("trace", *args, env=env)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()[1].strip().partition(" = ")[0]


@pytest.mark.parametrize("kind", ["plain", "versioned"])
def test_a_program_loads_its_own_library_unless_src_is_given(own: Path, kind: str) -> None:
    program = link(own, f"-L{own / kind}", "-losmem", NEW, f"-Wl,-rpath,{own / kind}")
    assert loaded(program) == OWN
    assert loaded("--src", SOURCE, program) == OURS


@pytest.mark.parametrize("kind", ["plain", "versioned"])
def test_a_program_loads_the_library_of_its_environment_unless_src_is_given(
    own: Path, kind: str
) -> None:
    program = link(own, f"-L{own / kind}", "-losmem")
    assert loaded(program, LD_LIBRARY_PATH=f"{own / kind}") == OWN
    assert loaded("--src", SOURCE, program, LD_LIBRARY_PATH=f"{own / kind}") == OURS


@pytest.mark.parametrize("kind", ["plain", "versioned"])
def test_a_program_that_finds_no_library_loads_ours(own: Path, kind: str) -> None:
    program = link(own, f"-L{own / kind}", "-losmem")
    assert loaded(program) == OURS
    assert loaded("--src", SOURCE, program) == OURS


def test_what_is_recorded_is_of_the_same_library(own: Path, tmp_path: Path) -> None:
    folder = own / "versioned"
    program = link(own, f"-L{folder}", "-losmem", NEW, f"-Wl,-rpath,{folder}")
    output = tmp_path / "a.trace"
    checker("record", "-o", output, "--", program)
    assert f"  {OWN} = " in output.read_text()
    checker("record", "--src", SOURCE, "-o", output, "--", program)
    assert f"  {OURS} = " in output.read_text()


@pytest.mark.needs("uftrace", "strace")
def test_uftrace_loads_the_same(own: Path) -> None:
    folder = own / "versioned"
    program = link(own, f"-L{folder}", "-losmem", NEW, f"-Wl,-rpath,{folder}")
    assert loaded("--tracer", "uftrace", program) == OWN
    assert loaded("--tracer", "uftrace", "--src", SOURCE, program) == OURS


@pytest.mark.parametrize("way", ["rpath", "path", "preload"])
def test_a_library_that_can_not_be_replaced_is_named(own: Path, way: str, tmp_path: Path) -> None:
    library = own / "plain" / "libosmem.so"
    found = [f"-L{library.parent}", "-losmem"]
    options = {
        "rpath": [*found, OLD, f"-Wl,-rpath,{library.parent}"],
        "path": [str(library)],
        "preload": found,
    }
    env = {"LD_PRELOAD": str(library)} if way == "preload" else {}
    program = link(own, *options[way])
    assert loaded(program, **env) == OWN
    output = tmp_path / "a.trace"
    for command in (["trace"], ["record", "-o", str(output)]):
        ended = checker(*command, "--src", SOURCE, "--", program, env=env)
        assert_could_not_run(ended, f"{program}: ", f"loads {library},", "leave out --src")
        assert (ended.stdout, ended.stderr.count("\n")) == ("", 1)
    assert not output.exists()


def test_src_for_a_program_that_loads_no_library_is_refused() -> None:
    ended = checker("trace", "--src", SOURCE, "/bin/true")
    assert_could_not_run(ended, "/bin/true: ", "found none", "link it with -losmem")
