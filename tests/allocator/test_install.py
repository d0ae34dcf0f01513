"""'make install': programs build and run with what it installs, which exports nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from building import copy_source
from harness.execution.build import ROOT

PUBLIC = {
    *("os_malloc", "os_calloc", "os_realloc", "os_free"),
    *("os_malloc_check", "os_malloc_trim", "os_malloc_stats"),
}
FAMILY = set(
    "malloc free calloc realloc memalign posix_memalign aligned_alloc valloc pvalloc reallocarray"
    " malloc_usable_size malloc_trim malloc_stats malloc_info mallinfo mallinfo2 mallopt"
    " cfree _ZdlPvm".split()
)
PROGRAM = """
#include <osmem.h>
int main(void)
{
    os_free(os_realloc(os_calloc(10, 10), 1000));
    os_malloc_check();
    os_malloc_trim();
    os_malloc_stats();
    return 0;
}
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation."""
    folder = tmp_path_factory.mktemp("install")
    for part in ("src", "utils", "docs"):
        copy_source(ROOT / part, folder / part)
    shutil.copy(ROOT / "Makefile", folder)
    stage = folder / "stage"
    subprocess.run(
        ["make", "-s", "install", "PREFIX=/opt/osmem", f"DESTDIR={stage}"], cwd=folder, check=True
    )
    return stage / "opt" / "osmem"


@pytest.mark.needs("pkgconf or pkg-config")
def test_a_program_builds_and_runs_with_it(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "program.c").write_text(PROGRAM)
    env = {
        **os.environ,
        "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig"),
        "PKG_CONFIG_SYSROOT_DIR": str(prefix.parent.parent),
    }
    found = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "osmem"], env=env, capture_output=True, text=True
    )
    subprocess.run(
        ["gcc", "program.c", *found.stdout.split(), "-o", "program"], cwd=tmp_path, check=True
    )
    needed = subprocess.run(["readelf", "-d", "program"], cwd=tmp_path, capture_output=True)
    assert b"libosmem.so.1]" in needed.stdout
    ended = subprocess.run(
        [tmp_path / "program"],
        env={"LD_LIBRARY_PATH": str(prefix / "lib")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(r"live +0 bytes +0 blocks", ended.stderr)
    assert re.search(r"free +0 bytes +0 blocks", ended.stderr)
    assert re.search(r"fragmentation +0 %", ended.stderr)


def test_a_program_runs_with_the_static_library(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "program.c").write_text(PROGRAM)
    library = prefix / "lib" / "libosmem.a"
    subprocess.run(
        ["gcc", f"-I{prefix / 'include'}", "program.c", library, "-o", "program"],
        cwd=tmp_path,
        check=True,
    )
    ended = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True)
    assert re.search(r"live +0 bytes +0 blocks", ended.stderr)


CMAKE = """
cmake_minimum_required(VERSION 3.13)
project(program C)
find_package(osmem REQUIRED)
add_executable(shared program.c)
target_link_libraries(shared osmem::osmem)
add_executable(static program.c)
target_link_libraries(static osmem::static)
"""


@pytest.mark.needs("cmake")
def test_cmake_finds_both_libraries(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "program.c").write_text(PROGRAM)
    (tmp_path / "CMakeLists.txt").write_text(CMAKE)
    found = f"-Dosmem_DIR={prefix / 'lib' / 'cmake' / 'osmem'}"
    subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path, found], check=True)
    subprocess.run(["cmake", "--build", tmp_path], check=True)
    for name in ("shared", "static"):
        ended = subprocess.run([tmp_path / name], capture_output=True, text=True, check=True)
        assert re.search(r"live +0 bytes +0 blocks", ended.stderr)


@pytest.mark.parametrize("name", ["libosmem", "libosmem-preload"])
def test_libraries_have_a_soname(prefix: Path, name: str) -> None:
    library = prefix / "lib" / f"{name}.so"
    listed = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True)
    assert f"soname: [{name}.so.1]" in listed.stdout
    assert (prefix / "lib" / f"{name}.so.1").resolve() == library.resolve()


@pytest.mark.parametrize(
    ("library", "symbols"), [("libosmem.so", PUBLIC), ("libosmem-preload.so", PUBLIC | FAMILY)]
)
def test_only_the_public_functions_are_exported(
    prefix: Path, library: str, symbols: set[str]
) -> None:
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", "--format=just-symbols", prefix / "lib" / library],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(listed.stdout.split()) == symbols


@pytest.mark.needs("mandoc")
@pytest.mark.parametrize("name", ["osmem.3", "osmem-check.1", "osmem-grade.1"])
def test_the_manual_page_is_sound(prefix: Path, name: str) -> None:
    page = prefix / "share" / "man" / f"man{name[-1]}" / name
    subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], check=True)
