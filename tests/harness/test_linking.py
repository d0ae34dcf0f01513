"""A library that does more while it is linked than libraries do is found by its file."""

from __future__ import annotations

import struct
import subprocess
import tracemalloc
from collections.abc import Mapping
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

RELR, RELRSZ, GNU_HASH = 36, 35, 0x6FFFFEF5
"""Tags of the dynamic table."""


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


def section(library: Path, name: str) -> tuple[int, int]:
    """Where a section begins in memory, and in the file."""
    listing = subprocess.run(
        ["readelf", "-SW", library], capture_output=True, text=True, check=True
    )
    (line,) = (line for line in listing.stdout.splitlines() if f" {name} " in line)
    _, address, offset, *_ = line.partition(f" {name} ")[2].split()
    return int(address, 16), int(offset, 16)


def in_file(library: Path, name: str) -> int:
    return section(library, name)[1]


def symbol(library: Path, name: str) -> int:
    """Where a symbol lies in memory."""
    listing = subprocess.run(["nm", library], capture_output=True, text=True, check=True)
    (line,) = (line for line in listing.stdout.splitlines() if line.endswith(f" {name}"))
    return int(line.split()[0], 16)


def retabled(library: Path, values: Mapping[int, int]) -> Path:
    """Change entries of the dynamic table."""
    at = in_file(library, ".dynamic")
    while tag := struct.unpack_from("<Q", library.read_bytes(), at)[0]:
        if tag in values:
            patched(library, at + 8, "<Q", values[tag])
        at += 16
    return library


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("-Wl,-z,now",),
        ("-Wl,--hash-style=sysv",),
        ("-Wl,-z,pack-relative-relocs",),
        ("-Wl,-z,noseparate-code",),
        ("-Wl,-z,norelro",),
        ("-fuse-ld=gold",),
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
    assert links_oddly(patched(library, in_file(library, ".rela.dyn"), "<Q", outside))


@pytest.mark.parametrize("kind", [5, 10, 37])
def test_a_relocation_that_no_library_needs_is_found(tmp_path: Path, kind: int) -> None:
    library = built(tmp_path, ORDINARY)
    assert links_oddly(patched(library, in_file(library, ".rela.dyn") + 8, "<I", kind))


SEGMENT, HEADER = 64, 56
"""Where the segments are listed in a file, and how long an entry is."""
FLAGS, START, SIZE = 4, 16, 40


def test_a_segment_that_lies_elsewhere_is_found(tmp_path: Path) -> None:
    library = built(tmp_path, ORDINARY)
    assert links_oddly(patched(library, SEGMENT + HEADER + START, "<Q", 0x700000))


@pytest.mark.parametrize("size", [0x10, (1 << 64) - 0x2000], ids=hex)
def test_a_segment_that_is_mapped_over_others_is_found(tmp_path: Path, size: int) -> None:
    library = built(tmp_path, ORDINARY)
    last = SEGMENT + 3 * HEADER
    assert links_oddly(patched(library, last + SIZE, "<Q", size))


def test_a_segment_that_shares_a_page_is_found(tmp_path: Path) -> None:
    library = built(tmp_path, ORDINARY)
    _, first_size = struct.unpack_from("<QQ", library.read_bytes(), SEGMENT + SIZE - 8)
    assert links_oddly(patched(library, SEGMENT + HEADER + START, "<Q", first_size))


def test_tables_that_relocations_can_change_are_found(tmp_path: Path) -> None:
    library = built(tmp_path, ORDINARY)
    readable_and_writable = 6
    assert links_oddly(patched(library, SEGMENT + FLAGS, "<I", readable_and_writable))


def test_a_relocation_of_the_dynamic_table_is_found(tmp_path: Path) -> None:
    library = built(tmp_path, ORDINARY)
    dynamic, _ = section(library, ".dynamic")
    assert links_oddly(patched(library, in_file(library, ".rela.dyn"), "<Q", dynamic + 8))


def test_a_chain_of_symbols_that_all_begin_in_takes_little_time(tmp_path: Path) -> None:
    count = 30_000
    words = [count, 1, 1, 0, 0, 0, *[1] * count, *[0] * (count - 1), 1]
    table = f"const unsigned table[] = {{{', '.join(map(str, words))}}};"
    library = built(tmp_path, f"{ORDINARY}\n{table}")
    assert links_oddly(retabled(library, {GNU_HASH: symbol(library, "table")}))


def test_endless_packed_relocations_take_little_memory(tmp_path: Path) -> None:
    count = 60_000
    table = f"const long table[] = {{{', '.join(['-1'] * count)}}};"
    library = built(tmp_path, f"{ORDINARY}\n{table}", "-Wl,-z,pack-relative-relocs")
    retabled(library, {RELR: symbol(library, "table"), RELRSZ: count * 8})
    tracemalloc.start()
    assert links_oddly(library)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20


def test_a_library_that_is_cut_short_can_not_be_read(tmp_path: Path) -> None:
    library = built(tmp_path, ORDINARY)
    library.write_bytes(library.read_bytes()[:100])
    assert links_oddly(library)


def test_other_machines_are_not_looked_at(tmp_path: Path) -> None:
    library = tmp_path / "libosmem.so"
    library.write_bytes(b"\x7fELF\x01\x01" + bytes(100))
    assert not links_oddly(library)
