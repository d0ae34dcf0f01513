"""Submissions are unpacked as students really pack them, and refused if they try to do harm.

A refused one leaves nothing behind. Nothing is ever written outside of the folder for it.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import UserError
from harness.grading.archive.unpack import ArchiveLimits, Refused, digest, unpack

ROOT = Path(__file__).resolve().parents[2]
LIMITS = ArchiveLimits(archive_mib=4, unpacked_mib=8, files=100, depth=6, ratio=100)
MIB = 1024 * 1024

Files = dict[str, bytes]

OSMEM = b'#include "osmem.h"\nvoid *os_malloc(size_t size) { return (void *)size; }\n'
MAKEFILE = b"libosmem.so: osmem.c\n\t$(CC) -shared -fPIC -I$(UTILS_PATH) -o $@ $<\n"
FLAT: Files = {"Makefile": MAKEFILE, "osmem.c": OSMEM}
USUAL: Files = {f"src/{name}": content for name, content in FLAT.items()}


# ---- Packing -------------------------------------------------------------------------------------


def folder_of(files: Files, path: Path) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def zip_of(files: Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tar_file(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    header = tarfile.TarInfo(name)
    header.size = len(content)
    for field, value in fields.items():
        setattr(header, field, value)
    return header, content


def tar_with(entries: list[tuple[tarfile.TarInfo, bytes]], path: Path) -> Path:
    """A tar of these entries and of the usual files, compressed as its name says."""
    usual = [tar_file(name, content) for name, content in USUAL.items()]
    return _write_tar([*entries, *usual], path)


def tar_of(files: Files, path: Path) -> Path:
    return _write_tar([tar_file(name, content) for name, content in files.items()], path)


def _write_tar(entries: list[tuple[tarfile.TarInfo, bytes]], path: Path) -> Path:
    compression = path.suffix.replace(".t", ".").removeprefix(".")
    with tarfile.open(
        path, f"w:{compression if compression in ('gz', 'xz', 'bz2') else ''}"
    ) as tar:
        for header, content in entries:
            tar.addfile(header, io.BytesIO(content))
    return path


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return tar_file(name, type=tarfile.SYMTYPE, linkname=target)


def seven_zip_of(files: Files, path: Path) -> Path:
    folder = folder_of(files, path.parent / "packed")
    subprocess.run(
        ["bsdtar", "--format=7zip", "-cf", str(path), "-C", str(folder), *os.listdir(folder)],
        check=True,
    )
    shutil.rmtree(folder)
    return path


PACKERS: dict[str, Callable[[Files, Path], Path]] = {
    "folder": folder_of,
    "it.zip": zip_of,
    "it.tar": tar_of,
    "it.tar.gz": tar_of,
    "it.tgz": tar_of,
    "it.tar.xz": tar_of,
    "it.txz": tar_of,
    "it.tar.bz2": tar_of,
    "it.7z": seven_zip_of,
}


# ---- Unpacking -----------------------------------------------------------------------------------


def everything(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Everything below a folder: kinds, permissions and contents."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content: bytes | str = b""
        if stat.S_ISLNK(mode):
            content = os.readlink(path)
        elif stat.S_ISREG(mode):
            content = path.read_bytes()
        found[str(path.relative_to(folder))] = (mode, content)
    return found


def unpacked(submission: Path, limits: ArchiveLimits = LIMITS) -> Files:
    """Unpack a submission, and return its files by their names; nothing else has changed."""
    before = everything(submission.parent)
    to = submission.parent / "to"
    unpack(submission, to, limits)
    assert {path.name for path in to.iterdir()} <= {"src", "utils"}
    files = {}
    for name, (mode, content) in everything(to).items():
        assert stat.S_ISDIR(mode) or stat.S_ISREG(mode)
        if isinstance(content, bytes) and stat.S_ISREG(mode):
            files[name] = content
    after = everything(submission.parent)
    assert {name: after[name] for name in after if name.partition("/")[0] != "to"} == before
    return files


def refused(submission: Path, limits: ArchiveLimits = LIMITS) -> str:
    """Return why a submission is refused; nothing was written."""
    before = everything(submission.parent)
    to = submission.parent / "to"
    with pytest.raises(Refused) as refusal:
        unpack(submission, to, limits)
    if to.exists():
        to.rmdir()
    assert everything(submission.parent) == before
    message = str(refusal.value)
    assert message.isprintable() and len(message) < 300
    return message


# ---- What is accepted ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PACKERS)
def test_every_kind_of_archive(tmp_path: Path, kind: str) -> None:
    assert unpacked(PACKERS[kind](USUAL, tmp_path / kind)) == USUAL


@pytest.mark.parametrize("kind", [kind for kind in PACKERS if kind != "folder"])
def test_the_content_tells_the_kind_not_the_name(tmp_path: Path, kind: str) -> None:
    named_wrong = PACKERS[kind](USUAL, tmp_path / kind).rename(tmp_path / "project.rar")
    assert unpacked(named_wrong) == USUAL


def test_archives_by_the_usual_tools(tmp_path: Path) -> None:
    folder_of(USUAL, tmp_path / "in")
    # The highest level of xz asks for the most memory.
    command = ["tar", "-C", "in", "-cf", "it", "-I", "xz -9e", "."]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert unpacked(tmp_path / "it") == USUAL


def test_an_old_tar_without_a_magic(tmp_path: Path) -> None:
    folder_of(USUAL, tmp_path / "in")
    command = ["tar", "-C", "in", "--format=v7", "-cf", "it", "src"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert unpacked(tmp_path / "it") == USUAL


@pytest.mark.parametrize("below", ["", "src/", "me/", "me/project/", "me/project/src/"])
def test_sources_are_found_where_students_put_them(tmp_path: Path, below: str) -> None:
    files = {below + name: content for name, content in FLAT.items()}
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == USUAL


def test_a_folder_called_src_is_taken_before_others(tmp_path: Path) -> None:
    others = {"Makefile": b"all:", "main.c": b"", "a/Makefile": b"all:", "a/a.c": b""}
    nested = {f"project/{name}": content for name, content in USUAL.items()}
    assert unpacked(zip_of(others | nested, tmp_path / "it.zip")) == USUAL


def test_a_folder_with_a_makefile_and_c_is_taken_before_others(tmp_path: Path) -> None:
    others = {"Makefile": b"all:", "a/a.c": b"", "b/c/Makefile": MAKEFILE, "b/c/osmem.c": OSMEM}
    assert unpacked(zip_of(others, tmp_path / "it.zip")) == USUAL


def test_of_equal_folders_the_first_by_name_is_taken(tmp_path: Path) -> None:
    files = {"b/src/b.c": b"", "a/src/osmem.c": OSMEM, "a/src/Makefile": MAKEFILE}
    files["b/src/Makefile"] = b"all:"
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == USUAL


@pytest.mark.parametrize("source", ["SRC", "Src", "src"])
@pytest.mark.parametrize("makefile", ["MAKEFILE", "makefile", "MakeFile"])
def test_the_wrong_case(tmp_path: Path, source: str, makefile: str) -> None:
    files = {f"{source}/{makefile}": MAKEFILE, f"{source}/osmem.c": OSMEM}
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == USUAL


def test_a_gnumakefile_stays_one(tmp_path: Path) -> None:
    files = {"src/GNUmakefile": MAKEFILE, "src/osmem.c": OSMEM}
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == files


def test_a_folder_called_makefile(tmp_path: Path) -> None:
    files = {"src/osmem.c": OSMEM, "src/Makefile/rules.mk": b"all:"}
    assert "found a folder" in refused(zip_of(files, tmp_path / "it.zip"))


def test_own_utils_go_beside_the_sources(tmp_path: Path) -> None:
    files = {f"me/{name}": content for name, content in USUAL.items()}
    files["me/Utils/osmem.h"] = b"/* mine */"
    expected = USUAL | {"utils/osmem.h": b"/* mine */"}
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == expected


def test_own_utils_among_the_sources_are_in_both_places(tmp_path: Path) -> None:
    files = FLAT | {"utils/printf.c": b"/* mine */"}
    expected = USUAL | {"src/utils/printf.c": b"/* mine */", "utils/printf.c": b"/* mine */"}
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == expected


def test_junk_and_what_a_build_left_are_dropped(tmp_path: Path) -> None:
    junk = {
        "__MACOSX/src/._osmem.c": b"\0\5\26\7",
        "src/._osmem.c": b"\0\5\26\7",
        "src/.DS_Store": b"\0",
        ".git/config": b"",
        ".git/hooks/x.c": b"",
        "node_modules/a/src/a.c": b"",
        "src/libosmem.so": b"\x7fELF",
        "src/osmem.o": b"\x7fELF",
        "src/osmem.d": b"osmem.o: osmem.c",
    }
    assert unpacked(zip_of(junk | USUAL, tmp_path / "it.zip")) == USUAL


def test_backslashes_separate(tmp_path: Path) -> None:
    files = {f"me\\src\\{name}": content for name, content in FLAT.items()}
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == USUAL


@pytest.mark.parametrize("kind", PACKERS)
def test_names_with_spaces_and_in_any_language(tmp_path: Path, kind: str) -> None:
    more = {"src/my list.h": b"1", "src/înalt șir.h": b"2", "src/список.h": b"3", "src/内存.h": b"4"}
    below = {f"Tema 1 – Ștefan/{name}": content for name, content in (USUAL | more).items()}
    assert unpacked(PACKERS[kind](below, tmp_path / kind)) == USUAL | more


def test_zip_names_that_do_not_say_how_they_are_written(tmp_path: Path) -> None:
    files = USUAL | {"src/AAAA.h": b"1", "src/BBB.h": b"2"}
    raw = zip_of(files, tmp_path / "it.zip").read_bytes()
    raw = raw.replace(b"AAAA", "ăț".encode()).replace(b"BBB", "éàü".encode("cp437"))
    (tmp_path / "it.zip").write_bytes(raw)
    assert unpacked(tmp_path / "it.zip") == USUAL | {"src/ăț.h": b"1", "src/éàü.h": b"2"}


def test_tar_names_that_are_no_text(tmp_path: Path) -> None:
    raw = tar_of(USUAL | {"src/AAAA.h": b"1"}, tmp_path / "in").read_bytes()
    name = os.fsencode("src/\udcff\udcfe\udcfd\udcfc.h")
    header = raw.index(b"src/AAAA.h")
    block = bytearray(raw[header : header + 512].replace(b"src/AAAA.h", name))
    block[148:156] = b" " * 8
    block[148:155] = b"%06o\0" % sum(block)
    (tmp_path / "it").write_bytes(raw[:header] + block + raw[header + 512 :])
    assert unpacked(tmp_path / "it") == USUAL | {os.fsdecode(name): b"1"}


def test_long_names_in_every_tar_format(tmp_path: Path) -> None:
    name = f"src/{'n' * 200}.h"
    for number, kind in enumerate((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)):
        (tmp_path / str(number)).mkdir()
        path = tmp_path / str(number) / "it.tar"
        with tarfile.open(path, "w", format=kind) as archive:
            for entry in (USUAL | {name: b"1"}).items():
                header, content = tar_file(*entry)
                archive.addfile(header, io.BytesIO(content))
        assert unpacked(path) == USUAL | {name: b"1"}


def test_a_makefile_from_windows_becomes_one_for_make(tmp_path: Path) -> None:
    windows = b"\xef\xbb\xbf" + MAKEFILE.replace(b"\n", b"\r\n")
    osmem = OSMEM.replace(b"\n", b"\r\n")
    files = {"src/Makefile": windows, "src/rules.mk": b"a\r\nb\r\n", "src/osmem.c": osmem}
    expected = {"src/Makefile": MAKEFILE, "src/rules.mk": b"a\nb\n", "src/osmem.c": osmem}
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == expected


def test_a_makefile_from_windows_behind_a_link(tmp_path: Path) -> None:
    makefile = folder_of(USUAL, tmp_path / "folder") / "src" / "Makefile"
    makefile.unlink()
    makefile.symlink_to("make.txt")
    makefile.with_name("make.txt").write_bytes(b"all:\r\n")
    assert unpacked(tmp_path / "folder")["src/Makefile"] == b"all:\n"


def test_an_archive_in_an_archive(tmp_path: Path) -> None:
    inner = tar_of(USUAL, tmp_path / "inner.tar.xz").read_bytes()
    files = {"handed in/inner.tar.xz": inner, "__MACOSX/._inner.tar.xz": b"\0"}
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == USUAL


def test_a_folder_with_an_archive_in_an_archive(tmp_path: Path) -> None:
    inner = zip_of({"inner.zip": zip_of(USUAL, tmp_path / "1").read_bytes()}, tmp_path / "2")
    assert unpacked(folder_of({"it.zip": inner.read_bytes()}, tmp_path / "folder")) == USUAL


def test_an_archive_among_other_files_is_just_a_file(tmp_path: Path) -> None:
    inner = zip_of({"src/osmem.c": b"old"}, tmp_path / "old").read_bytes()
    files = USUAL | {"src/old.zip": inner}
    assert unpacked(zip_of(files, tmp_path / "it.zip")) == files


def test_of_entries_with_the_same_name_the_last_counts(tmp_path: Path) -> None:
    old = [tar_file("src/osmem.c", b"old"), link("src/Makefile", "osmem.c")]
    assert unpacked(tar_with(old, tmp_path / "it.tar")) == USUAL


def test_permissions_do_not_depend_on_archive_or_umask(tmp_path: Path) -> None:
    entries = [
        tar_file("src/run.sh", b"", mode=0o6711),
        tar_file("src/secret.h", b"", mode=0o000),
        tar_file("src/sub", type=tarfile.DIRTYPE, mode=0o1700),
    ]
    path = tar_with(entries, tmp_path / "it.tar")
    umask = os.umask(0o077)
    try:
        unpack(path, tmp_path / "to", LIMITS)
    finally:
        os.umask(umask)
    modes = {name: stat.S_IMODE(mode) for name, (mode, _) in everything(tmp_path / "to").items()}
    assert modes == {
        "src": 0o755,
        "src/Makefile": 0o644,
        "src/osmem.c": 0o644,
        "src/run.sh": 0o755,
        "src/secret.h": 0o644,
        "src/sub": 0o755,
    }


def test_links_that_stay_inside_become_what_they_name(tmp_path: Path) -> None:
    entries = [
        link("src/chain.h", "linked.h"),
        link("src/linked.h", "../include/real.h"),
        link("src/include", "../include"),
        link("src/nothing.h", "missing.h"),
        link("src/itself.h", "itself.h"),
        tar_file("include/real.h", b"1"),
    ]
    expected = {f"src/{name}": b"1" for name in ("chain.h", "linked.h", "include/real.h")}
    assert unpacked(tar_with(entries, tmp_path / "it.tar")) == USUAL | expected


def test_links_in_a_folder_and_in_a_zip(tmp_path: Path) -> None:
    folder = folder_of(USUAL, tmp_path / "one" / "folder")
    (folder / "src" / "same.c").symlink_to("osmem.c")
    expected = USUAL | {"src/same.c": OSMEM}
    assert unpacked(folder) == expected
    info = zipfile.ZipInfo("src/same.c")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = zip_of(USUAL, tmp_path / "it.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "osmem.c")
    assert unpacked(path) == expected


def test_a_hard_link_to_an_earlier_entry_becomes_a_copy(tmp_path: Path) -> None:
    entries = [tar_file("src/a.h", b"1"), tar_file("src/b.h", type=b"1", linkname="src/a.h")]
    expected = USUAL | {"src/a.h": b"1", "src/b.h": b"1"}
    assert unpacked(tar_with(entries, tmp_path / "it.tar")) == expected


# ---- The default Makefile ------------------------------------------------------------------------


def built_symbols(to: Path) -> str:
    source = str(to / "src")
    command = ["make", "-C", source, f"UTILS_PATH={ROOT / 'utils'}"]
    subprocess.run(command, check=True, capture_output=True)
    listing = ["nm", "-D", "--defined-only", "--format=posix", f"{source}/libosmem.so"]
    return subprocess.run(listing, check=True, capture_output=True, text=True).stdout


def test_one_c_file_is_a_submission(tmp_path: Path) -> None:
    (tmp_path / "My Allocator.c").write_bytes(OSMEM)
    assert set(unpacked(tmp_path / "My Allocator.c")) == {"src/Makefile", "src/osmem.c"}
    symbols = built_symbols(tmp_path / "to")
    assert "os_malloc" in symbols
    assert "printf_" not in symbols


def test_the_default_makefile_builds_what_there_is(tmp_path: Path) -> None:
    files = {"src/my memory.c": OSMEM, "src/LIST.C": b'#include "printf.h"\nint list;\n'}
    assert "src/Makefile" in unpacked(zip_of(files, tmp_path / "it.zip"))
    symbols = built_symbols(tmp_path / "to")
    assert all(name in symbols for name in ("os_malloc", "list", "printf_"))


def test_the_default_makefile_leaves_their_own_printf_alone(tmp_path: Path) -> None:
    files = {"osmem.c": OSMEM, "printf.c": b'#include "printf.h"\nint printf_own;\n'}
    unpacked(zip_of(files, tmp_path / "it.zip"))
    assert "dprintf_" not in built_symbols(tmp_path / "to")


# ---- What is no submission -----------------------------------------------------------------------


def test_nothing_to_build(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    files = {"README": b"", "src/osmem.h": b"", "utils/printf.c": b"", "__MACOSX/osmem.c": b""}
    for path in (
        tmp_path / "empty",
        zip_of({}, tmp_path / "empty.zip"),
        tar_of({}, tmp_path / "empty.tar.gz"),
        zip_of(files, tmp_path / "it.zip"),
    ):
        assert refused(path) == "holds no C source"


def test_an_archive_nested_too_deeply(tmp_path: Path) -> None:
    path = zip_of(USUAL, tmp_path / "it.zip")
    for level in range(2):
        path = zip_of({path.name: path.read_bytes()}, tmp_path / f"level{level}.zip")
    assert refused(path) == "holds no C source"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"%PDF-1.7 my allocator", "something else"),
        (os.urandom(5000), "something else"),
        (bytes(2000), "something else"),
        (gzip.compress(b"osmem.c"), "damaged or incomplete"),
        (b"\x1f\x8b", "damaged or incomplete"),
        (b"PK\3\4", "damaged or incomplete"),
        (b"7z\xbc\xaf\x27\x1c", "7z archive that is damaged or encrypted"),
    ],
    ids=["nothing", "pdf", "random", "zeros", "gzipped-text", "gzip", "zip", "7z"],
)
def test_what_is_no_archive(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "it").write_bytes(content)
    assert reason in refused(tmp_path / "it")


def test_what_is_no_file(tmp_path: Path) -> None:
    real = zip_of(USUAL, tmp_path / "it.zip")
    (tmp_path / "link.zip").symlink_to(real)
    os.mkfifo(tmp_path / "pipe.zip")
    reasons = {"link.zip": "symbolic link", "pipe.zip": "a pipe", "none.zip": "No such file"}
    for name, reason in reasons.items():
        assert reason in refused(tmp_path / name)
        with pytest.raises(Refused, match=reason):
            digest(tmp_path / name, LIMITS)


def test_a_submission_that_may_not_be_read(tmp_path: Path) -> None:
    """Run as the user 'nobody', because root may read everything."""
    shutil.copytree(ROOT / "harness", tmp_path / "harness", ignore=shutil.ignore_patterns("*.pyc"))
    os.chmod(zip_of(USUAL, tmp_path / "it.zip"), 0)
    folder_of(USUAL, tmp_path / "folder")
    os.chmod(tmp_path / "folder" / "src" / "osmem.c", 0)
    code = (
        "import os, pathlib, tempfile\n"
        "from harness.grading.archive.unpack import *\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "for name in ('it.zip', 'folder'):\n"
        "    with tempfile.TemporaryDirectory() as to:\n"
        f"        try: unpack(pathlib.Path(name), pathlib.Path(to), {LIMITS!r})\n"
        "        except Refused as refusal: print(refusal)\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "can't be read: Permission denied\n" * 2


@pytest.mark.parametrize("kind", [kind for kind in PACKERS if kind != "folder"])
def test_archives_that_are_cut_short(tmp_path: Path, kind: str) -> None:
    path = PACKERS[kind]({"src/a.h": os.urandom(30_000), **USUAL}, tmp_path / kind)
    whole = path.read_bytes()
    for length in (len(whole) // 3, len(whole) * 2 // 3):
        path.write_bytes(whole[:length])
        assert "damaged" in refused(path)


def test_a_tar_that_ends_between_two_entries(tmp_path: Path) -> None:
    path = tar_of(USUAL, tmp_path / "it.tar")
    path.write_bytes(path.read_bytes()[:1024])
    assert "damaged" in refused(path)


def test_a_damaged_header_in_the_middle(tmp_path: Path) -> None:
    path = tar_of(USUAL, tmp_path / "it.tar")
    raw = bytearray(path.read_bytes())
    raw[1024] ^= 1
    path.write_bytes(raw)
    assert "damaged" in refused(path)


def test_damaged_content(tmp_path: Path) -> None:
    random = os.urandom(10000)
    for path in (
        zip_of(USUAL | {"src/x.h": random}, tmp_path / "it.zip"),
        tar_of(USUAL | {"src/x.h": random}, tmp_path / "it.tar.gz"),
        tar_of(USUAL | {"src/x.h": random}, tmp_path / "it.tar.xz"),
    ):
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
        assert "damaged" in refused(path)


def test_a_7z_where_nothing_can_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = seven_zip_of(USUAL, tmp_path / "it.7z")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="bsdtar: not found") as caught:
        unpack(path, tmp_path / "out", LIMITS)
    assert not isinstance(caught.value, Refused)  # which would be the student's fault


def test_an_encrypted_zip(tmp_path: Path) -> None:
    raw = bytearray(zip_of(USUAL, tmp_path / "it.zip").read_bytes())
    raw[6] |= 1  # in the header of the file, and in the table of contents
    raw[raw.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "it.zip").write_bytes(raw)
    assert refused(tmp_path / "it.zip") == "src/Makefile: encrypted"


def test_a_zip_compressed_in_an_unusual_way(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "it.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("osmem.c", OSMEM)
    assert "osmem.c: compressed with another method than deflate" in refused(tmp_path / "it.zip")


# ---- Names that lead elsewhere -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.c", "leads out"),
        ("src/../../evil.c", "leads out"),
        ("src/../evil.c", "leads out"),
        ("..\\evil.c", "leads out"),
        ("src/..", "leads out"),
        ("/tmp/evil.c", "absolute"),
        ("\\tmp\\evil.c", "absolute"),
        ("C:\\evil.c", "absolute"),
        ("c:/evil.c", "absolute"),
        ("\\\\server\\share\\evil.c", "absolute"),
        ("src/a\nb.c", "control character"),
        ("src/\x1b[31m.c", "control character"),
        ("n" * 256, "255 bytes"),
        ("ș" * 128, "255 bytes"),
        ("/".join(["n" * 250] * 5), "1024 bytes"),
        ("1/2/3/4/5/6/7/evil.c", "more than 6 folders"),
    ],
)
@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_names_that_are_refused(
    tmp_path: Path, pack: Callable[[Files, Path], Path], name: str, reason: str
) -> None:
    message = refused(pack({name: b"evil", **USUAL}, tmp_path / "it"))
    assert reason in message
    assert message.startswith(name[:4].replace("\n", "\N{REPLACEMENT CHARACTER}"))


def test_a_name_with_a_nul(tmp_path: Path) -> None:
    raw = zip_of({"src/a.c": b"", **USUAL}, tmp_path / "it.zip").read_bytes()
    (tmp_path / "it.zip").write_bytes(raw.replace(b"src/a.c", b"src/\0.c"))
    assert "control character" in refused(tmp_path / "it.zip")


def test_a_file_without_a_name(tmp_path: Path) -> None:
    assert "without a name" in refused(zip_of({".": b"", **USUAL}, tmp_path / "it.zip"))


@pytest.mark.parametrize("kind", ["it.zip", "it.tar"])
def test_a_file_that_another_entry_needs_as_a_folder(tmp_path: Path, kind: str) -> None:
    for number, names in enumerate((("src/a", "src/a/b.c"), ("src/a/b.c", "src/a"))):
        (tmp_path / str(number)).mkdir()
        path = PACKERS[kind](USUAL | dict.fromkeys(names, b""), tmp_path / str(number) / kind)
        assert refused(path).startswith("src/a: a f")


# ---- Links and special files ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "links",
    [
        [link("src/a", "/etc/passwd")],
        [link("src/a", "../../x")],
        [link("src/a", "../../../../../../../../etc")],
        [link("src/a", "b"), link("src/b", "c"), link("src/c", "/etc")],
        [link("a", "."), link("b", "a/.."), link("src/c", "../b/x")],
        [link("a", "src"), link("b", "a/../..")],
        [link("a", "/proc/self/cwd")],
        [link("src", "..")],
        [link("a", "missing/../../x")],
    ],
    ids=lambda links: " ".join(f"{header.name}={header.linkname}" for header, _ in links),
)
def test_links_that_lead_out(tmp_path: Path, links: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    assert refused(tar_with(links, tmp_path / "it.tar"))


def test_a_link_that_leads_out_is_named(tmp_path: Path) -> None:
    path = tar_with([link("src/a.h", "/etc/passwd")], tmp_path / "it.tar")
    assert refused(path) == "src/a.h: a link to /etc/passwd, out of the submission"


@pytest.mark.parametrize("target", ["", "a\0b", "a\nb", "n" * 5000])
def test_links_to_what_can_be_no_name(tmp_path: Path, target: str) -> None:
    info = zipfile.ZipInfo("src/a")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = zip_of(USUAL, tmp_path / "it.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, target)
    assert refused(path).startswith("src/a: ")


@pytest.mark.parametrize("target", ["/tmp", "..", "src", "missing"])
def test_nothing_is_written_through_a_link(tmp_path: Path, target: str) -> None:
    entries = [link("a", target), tar_file("a/evil.c", b"evil")]
    assert "a link where there is a folder" in refused(tar_with(entries, tmp_path / "1.tar"))
    nested = [link("a", target), link("a/evil", "x")]
    assert refused(tar_with(nested, tmp_path / "2.tar")).startswith("a: ")
    file = [link("src/evil.c", target), tar_file("src/evil.c", b"evil")]
    expected = USUAL | {"src/evil.c": b"evil"}
    assert unpacked(tar_with(file, tmp_path / "3.tar")) == expected


def test_a_folder_with_a_link_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = folder_of(USUAL, tmp_path / "folder")
    (folder / "src" / "a.h").symlink_to("../../secret")
    assert "a link to ../../secret" in refused(folder)


def test_a_header_in_the_compilers_form_is_left_out(tmp_path: Path) -> None:
    entries = [tar_file(f"src/{name}", b"1") for name in ("a.h", "a.h.gch", "b.h", "b.h.gch/1")]
    files = unpacked(tar_with(entries, tmp_path / "it.tar"))
    assert {name for name in files if ".h" in name} == {"src/a.h", "src/b.h"}


def test_endless_links(tmp_path: Path) -> None:
    endless = [link("src/a", "."), link("src/b", ".")]
    assert "endlessly deep" in refused(tar_with(endless, tmp_path / "1.tar"))
    wide = [
        link(f"src/{level}/{number}", f"../{level + 1}") for level in range(5) for number in "ab"
    ]
    few = replace(LIMITS, files=40)
    wide.append(tar_file("src/5/a.h", b"1"))
    assert "more than 40 files" in refused(tar_with(wide, tmp_path / "2.tar"), few)


def test_a_long_chain_of_links(tmp_path: Path) -> None:
    chain = [link(f"src/{number:04}", f"{number + 1:04}") for number in range(2000)]
    path = tar_with(chain, tmp_path / "it.tar")
    assert "too many others" in refused(path, replace(LIMITS, files=3000))


def test_links_that_take_long_to_follow(tmp_path: Path) -> None:
    links = [link(f"src/{n}.h", "./" * 490 + f"{max(n - 1, 0) % 36}.h") for n in range(1, 800)]
    path = tar_with([tar_file("src/0.h", b"1"), *links], tmp_path / "it.tar")
    assert "takes too long to follow" in refused(path, replace(LIMITS, files=1000))


def chain_of(links: int, path: Path) -> Path:
    chain = [link(f"src/{number}.h", f"{number + 1}.h") for number in range(links)]
    return tar_with([*chain, tar_file(f"src/{links}.h", b"1")], path)


def test_as_many_links_as_the_system_follows(tmp_path: Path) -> None:
    assert unpacked(chain_of(40, tmp_path / "it.tar"))["src/0.h"] == b"1"


def test_one_link_more_than_the_system_follows(tmp_path: Path) -> None:
    assert "too many others" in refused(chain_of(41, tmp_path / "it.tar"))


def test_a_circle_of_links_leads_nowhere(tmp_path: Path) -> None:
    circle = [link("src/a", "b"), link("src/b", "../src/a"), tar_file("src/it.c", b"1")]
    assert unpacked(tar_with(circle, tmp_path / "it.tar"))["src/it.c"] == b"1"


def test_a_link_that_multiplies_content(tmp_path: Path) -> None:
    entries = [tar_file("src/big.h", os.urandom(3 * MIB))]
    entries += [link(f"src/{number}.h", "big.h") for number in range(3)]
    path = tar_with(entries, tmp_path / "it.tar")
    assert "more than 8 MiB" in refused(path)


@pytest.mark.parametrize("target", ["/etc/passwd", "../x", "src/none.c", "src", "src/link"])
def test_hard_links_to_what_is_no_earlier_file(tmp_path: Path, target: str) -> None:
    entries = [link("src/link", "osmem.c"), tar_file("src/a.c", type=b"1", linkname=target)]
    assert refused(tar_with(entries, tmp_path / "it.tar"))


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, b"Z"])
def test_special_files_in_a_tar(tmp_path: Path, kind: bytes) -> None:
    path = tar_with([tar_file("src/a.c", type=kind)], tmp_path / "it.tar")
    assert refused(path).startswith("src/a.c: expected a file")


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_special_files_in_a_zip(tmp_path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("src/a.c")
    info.external_attr = (kind | 0o644) << 16
    path = zip_of(USUAL, tmp_path / "it.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, "")
    assert refused(path).startswith("src/a.c: expected a file")


def test_special_files_in_a_folder(tmp_path: Path) -> None:
    folder = folder_of(USUAL, tmp_path / "1" / "folder")
    os.mkfifo(folder / "src" / "a.c")
    assert refused(folder).startswith("src/a.c: expected a file")
    with pytest.raises(Refused, match="src/a.c: expected a file"):
        digest(folder, LIMITS)
    folder = folder_of(USUAL, tmp_path / "2" / "folder")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "src" / "s"))
        assert refused(folder).startswith("src/s: expected a file")


# ---- Bombs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PACKERS)
def test_too_much_content(tmp_path: Path, kind: str) -> None:
    generous = replace(LIMITS, archive_mib=10, ratio=100_000)
    one = PACKERS[kind](USUAL | {"src/big.h": bytes(9 * MIB)}, tmp_path / kind)
    assert refused(one, generous) == "unpacks to more than 8 MiB"
    (tmp_path / "many").mkdir()
    files = {f"src/{number}.h": bytes(MIB) for number in range(9)}
    many = PACKERS[kind](USUAL | files, tmp_path / "many" / kind)
    assert refused(many, generous) == "unpacks to more than 8 MiB"


@pytest.mark.parametrize("kind", PACKERS)
def test_too_many_files(tmp_path: Path, kind: str) -> None:
    path = PACKERS[kind](USUAL | {f"src/{n}.h": b"" for n in range(100)}, tmp_path / kind)
    assert refused(path) == "holds more than 100 files and folders"


@pytest.mark.parametrize("kind", PACKERS)
def test_too_deep(tmp_path: Path, kind: str) -> None:
    path = PACKERS[kind](USUAL | {"1/2/3/4/5/6/7/x": b""}, tmp_path / kind)
    assert "more than 6 folders below each other" in refused(path)


@pytest.mark.parametrize("kind", [kind for kind in PACKERS if kind not in ("folder", "it.tar")])
def test_content_that_was_too_well_packed(tmp_path: Path, kind: str) -> None:
    path = PACKERS[kind](USUAL | {"src/zeros.h": bytes(2 * MIB)}, tmp_path / kind)
    assert refused(path) == "unpacks to more than 100 times its size"
    (tmp_path / "less").mkdir()
    small = PACKERS[kind](USUAL | {"src/zeros.h": bytes(MIB // 2)}, tmp_path / "less" / kind)
    assert len(unpacked(small)) == 3


def test_folders_that_no_entry_names_are_counted(tmp_path: Path) -> None:
    files = {f"{number}/1/2/3/4/x": b"" for number in range(40)}
    assert "more than 100" in refused(zip_of(USUAL | files, tmp_path / "it.zip"))


def test_folders_named_again_and_again(tmp_path: Path) -> None:
    again = [tar_file("src", type=tarfile.DIRTYPE)] * 200
    assert "more than 100" in refused(tar_with(again, tmp_path / "it.tar"))


def test_an_archive_that_is_too_large(tmp_path: Path) -> None:
    path = tar_of(USUAL | {"src/a.h": bytes(5 * MIB)}, tmp_path / "it.tar")
    assert refused(path) == "a file of more than 4 MiB"
    with pytest.raises(Refused, match="more than 4 MiB"):
        digest(path, LIMITS)


@pytest.mark.parametrize("declared", [0, 10, 2**32 - 2])
def test_a_zip_that_lies_about_sizes(tmp_path: Path, declared: int) -> None:
    path = zip_of(USUAL | {"src/a.h": bytes(9 * MIB)}, tmp_path / "it.zip")
    raw = path.read_bytes().replace(struct.pack("<L", 9 * MIB), struct.pack("<L", declared))
    path.write_bytes(raw)
    reason = "8 MiB" if declared > MIB else "damaged"
    assert reason in refused(path, replace(LIMITS, ratio=100_000))


def test_members_of_a_zip_that_share_their_content(tmp_path: Path) -> None:
    path = zip_of(USUAL | {"src/a.h": os.urandom(MIB)}, tmp_path / "it.zip")
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(20):
            again = zipfile.ZipInfo("src/a.h")
            info = archive.getinfo("src/a.h")
            for field in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(again, field, getattr(info, field))
            archive.filelist.append(again)
        archive.writestr("src/last.h", b"")
    assert refused(path) == "a zip whose entries overlap"


def test_a_zip_with_a_huge_table_of_contents(tmp_path: Path) -> None:
    path = tmp_path / "it.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(60):
            info = zipfile.ZipInfo(f"src/{number}.h")
            info.comment = bytes(60_000)
            archive.writestr(info, b"")
    assert "table of contents" in refused(path)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
@pytest.mark.parametrize("size", [MIB, 2**40, 2**62, -(2**40)])
def test_a_tar_header_that_declares_a_lot(tmp_path: Path, kind: bytes, size: int) -> None:
    header = tarfile.TarInfo("src/a.h")
    header.type, header.size = kind, size
    raw = header.tobuf(tarfile.GNU_FORMAT)
    (tmp_path / "it").write_bytes(raw + tar_of(USUAL, tmp_path / "usual").read_bytes())
    message = refused(tmp_path / "it")
    assert "header" in message or "damaged" in message  # by which Python it is read


def test_tar_headers_without_end(tmp_path: Path) -> None:
    header = tarfile.TarInfo("src/a.h")
    header.type, header.size = tarfile.XHDTYPE, 512
    block = header.tobuf(tarfile.GNU_FORMAT) + b"11 path=ab\n".ljust(512, b"\0")
    for number, count in enumerate((500, 3000)):
        path = tmp_path / f"it{number}"
        path.write_bytes(gzip.compress(block * count))
        assert refused(path)


def test_a_sparse_file_of_nothing_but_holes(tmp_path: Path) -> None:
    entry = tar_file("src/a.h", b"0\n".ljust(512, b"\0"))
    entry[0].pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "src/a.h",
        "GNU.sparse.realsize": str(2**50),
    }
    assert "unpacks to more than" in refused(tar_with([entry], tmp_path / "it.tar"))


def test_an_archive_that_holds_itself(tmp_path: Path) -> None:
    """As in a quine, each level is an archive; here there are as many as fit."""
    path = zip_of(USUAL, tmp_path / "it.zip")
    for _ in range(30):
        zip_of({"it.zip": path.read_bytes()}, tmp_path / "it.zip")
    assert refused(path) == "holds no C source"


@pytest.mark.parametrize("kind", ["gz", "xz", "tail", "headers", "table", "inner"])
def test_memory_stays_within_bounds(tmp_path: Path, kind: str) -> None:
    limits = ArchiveLimits(16, 64, 2000, 16, 10_000_000)
    path = tmp_path / "it"
    header = tarfile.TarInfo("src/a.h")
    header.size = 400 * MIB
    zeros = bytes(400 * MIB)
    if kind == "gz":
        path.write_bytes(gzip.compress(header.tobuf() + zeros))
    elif kind == "xz":
        path.write_bytes(lzma.compress(header.tobuf() + zeros, preset=1))
    elif kind == "tail":
        usual = tar_of(USUAL, tmp_path / "usual").read_bytes()
        path.write_bytes(gzip.compress(usual + zeros))
    elif kind == "headers":
        header.type, header.size = tarfile.XGLTYPE, 200_704
        file = tarfile.TarInfo("src/a.h").tobuf()
        numbers = iter(range(10**7))
        blocks = [b"".join(b"14 %09d=\n" % next(numbers) for _ in range(14_336)) for _ in range(60)]
        path.write_bytes(gzip.compress(b"".join(header.tobuf() + b + file for b in blocks), 1))
    elif kind == "table":
        entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", *[20, 0, 20, 0], *[0] * 4, *[0] * 10)
        table = entry * (2 * MIB // len(entry))
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, len(table), 4, 0)
        path.write_bytes(b"PK\3\4" + table + end)
    else:
        bomb = gzip.compress(header.tobuf() + zeros)
        zip_of({"it.tar.gz": bomb}, path)
    del zeros
    code = (
        "import pathlib, resource, sys\n"
        "from harness.grading.archive.unpack import *\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "here = pathlib.Path(sys.argv[1])\n"
        f"try: unpack(here / 'it', here / 'to', {limits!r})\n"
        "except Refused as refusal: print(refusal)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    # Up to its exec, a new process inherits the peak of the one that forked it.
    command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    refusal, kib = done.stdout.splitlines()
    assert refusal
    assert int(kib) < 64 * 1024


# ---- Whatever comes ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Archives with everything that is accepted, by the names of their kinds."""
    folder = tmp_path_factory.mktemp("samples")
    entries = [
        tar_file("src/r.h", bytes(range(256)) * 4),
        link("src/l", "osmem.c"),
        tar_file("src/h", type=tarfile.LNKTYPE, linkname="src/r.h"),
        tar_file(f"src/{'n' * 120}.h", b"1"),
    ]
    paths = [tar_with(entries, folder / kind) for kind in PACKERS if ".t" in kind]
    paths.append(zip_of(USUAL | {"utils/printf.c": b""}, folder / "it.zip"))
    paths.append(seven_zip_of(USUAL, folder / "it.7z"))
    return {path.name: path.read_bytes() for path in paths}


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kind=st.sampled_from([kind for kind in PACKERS if kind != "folder"]),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), max_size=4
    ),
    cut=st.floats(0, 1),
    whole=st.booleans(),
)
def test_damage_is_survived_or_refused(
    tmp_path: Path,
    samples: dict[str, bytes],
    kind: str,
    changes: list[tuple[float, bytes]],
    cut: float,
    whole: bool,
) -> None:
    raw = bytearray(samples[kind])
    for where, what in changes:
        at = int(where * len(raw))
        raw[at : at + len(what)] = what
    here = tmp_path / "here"
    here.mkdir()
    (here / "it").write_bytes(raw if whole else raw[: int(cut * len(raw))])
    try:
        unpack(here / "it", here / "to", LIMITS)
    except Refused as refusal:
        assert str(refusal).isprintable()
        assert not (here / "to").exists() or not any((here / "to").iterdir())
    else:
        assert any((here / "to" / "src").iterdir())
    assert {path.name for path in here.iterdir()} <= {"it", "to"}
    assert {path.name for path in tmp_path.iterdir()} == {"here"}
    shutil.rmtree(here)


# ---- Digests -------------------------------------------------------------------------------------


def test_a_digest_tells_contents_apart(tmp_path: Path) -> None:
    def of(name: str, files: Files) -> str:
        return digest(folder_of(files, tmp_path / name), LIMITS)

    same = of("1", USUAL)
    assert of("2", dict(reversed(USUAL.items()))) == same
    others = [
        of("3", USUAL | {"src/osmem.c": b""}),
        of("4", USUAL | {"src/a.c": b""}),
        of("5", {"a": b"bc"}),
        of("6", {"ab": b"c"}),
        of("7", {"a/b": b"c"}),
    ]
    (folder_of(USUAL, tmp_path / "8") / "a").mkdir()
    (folder_of(USUAL, tmp_path / "9") / "a").symlink_to("b")
    others += [digest(tmp_path / name, LIMITS) for name in "89"]
    assert len({same, *others}) == 8


def test_a_digest_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    path = zip_of(USUAL, tmp_path / "it.zip")
    sums = subprocess.run(["sha256sum", path], check=True, capture_output=True, text=True).stdout
    assert digest(path, LIMITS) == sums.split()[0]


def test_a_digest_is_bounded(tmp_path: Path) -> None:
    folder = folder_of(USUAL, tmp_path / "folder")
    with pytest.raises(Refused, match="more than 2 files"):
        digest(folder, replace(LIMITS, files=2))
    with pytest.raises(Refused, match="more than 0 MiB"):
        digest(folder, replace(LIMITS, unpacked_mib=0))
    with pytest.raises(Refused, match="more than 0 folders"):
        digest(folder_of({"a/b/c": b""}, tmp_path / "deep"), replace(LIMITS, depth=0))
