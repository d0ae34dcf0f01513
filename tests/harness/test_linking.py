"""A library that does more while it is linked than libraries do is found by its file."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from harness.checking.linking import links_oddly

ORDINARY = """
#include <stdlib.h>
static __thread int own;
static int file;
static int *volatile place = &file;
extern char **environ;
static char ***volatile other = &environ;
void *os_malloc(size_t size) { own++; return place ? malloc(size) : (void *)other; }
"""
CHOOSES = """
static void chosen(void) {}
static void *choose(void) { return chosen; }
{link} void os_free(void *) __attribute__((ifunc("choose")));
{use}
"""


def built(folder: Path, source: str, *flags: str) -> Path:
    (folder / "osmem.c").write_text(source)
    library = folder / "libosmem.so"
    command = ["gcc", "-shared", "-fPIC", *flags, "-o", str(library), str(folder / "osmem.c")]
    subprocess.run(command, check=True)
    return library


def patched(library: Path, at: int, form: str, *words: int) -> Path:
    content = bytearray(library.read_bytes())
    struct.pack_into(form, content, at, *words)
    library.write_bytes(content)
    return library


def section(library: Path, name: str) -> int:
    """Where a section begins in a file."""
    listing = subprocess.run(
        ["readelf", "-SW", library], capture_output=True, text=True, check=True
    )
    (line,) = (line for line in listing.stdout.splitlines() if f" {name} " in line)
    return int(line.partition(f" {name} ")[2].split()[2], 16)


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("-Wl,-z,now",),
        ("-Wl,--hash-style=sysv",),
        ("-Wl,-z,pack-relative-relocs",),
        ("-mtls-dialect=gnu2",),
    ],
    ids=" ".join,
)
def test_what_linkers_write_is_ordinary(tmp_path: Path, flags: tuple[str, ...]) -> None:
    assert not links_oddly(built(tmp_path, ORDINARY, *flags))


@pytest.mark.parametrize(
    ("link", "use"),
    [
        ("", ""),
        ("static", "void (*volatile use)(void *) = os_free;"),
        ("", "void (*volatile use)(void *) = os_free;"),
    ],
    ids=["by name", "by itself", "by both"],
)
@pytest.mark.parametrize("hash_style", ["gnu", "sysv"])
def test_a_function_that_chooses_another_is_found(
    tmp_path: Path, link: str, use: str, hash_style: str
) -> None:
    source = CHOOSES.replace("{link}", link).replace("{use}", use)
    assert links_oddly(built(tmp_path, source, f"-Wl,--hash-style={hash_style}"))


@pytest.mark.parametrize("outside", [0, 0x100000, (1 << 64) - 0x1000], ids=hex)
def test_a_relocation_of_memory_of_others_is_found(tmp_path: Path, outside: int) -> None:
    library = built(tmp_path, ORDINARY)
    assert links_oddly(patched(library, section(library, ".rela.dyn"), "<Q", outside))


@pytest.mark.parametrize("kind", [5, 10, 37])
def test_a_relocation_that_no_library_needs_is_found(tmp_path: Path, kind: int) -> None:
    library = built(tmp_path, ORDINARY)
    assert links_oddly(patched(library, section(library, ".rela.dyn") + 8, "<I", kind))


def test_a_segment_that_lies_elsewhere_is_found(tmp_path: Path) -> None:
    library = built(tmp_path, ORDINARY)
    second = 64 + 56
    assert links_oddly(patched(library, second + 16, "<Q", 0x700000))


def test_a_library_that_is_cut_short_can_not_be_read(tmp_path: Path) -> None:
    library = built(tmp_path, ORDINARY)
    library.write_bytes(library.read_bytes()[:100])
    assert links_oddly(library)


def test_other_machines_are_not_looked_at(tmp_path: Path) -> None:
    library = tmp_path / "libosmem.so"
    library.write_bytes(b"\x7fELF\x01\x01" + bytes(100))
    assert not links_oddly(library)
