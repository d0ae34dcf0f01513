"""A recorded trace reads back as it was; a file that is not one is told by its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.trace.trace import Part
from harness.trace.file import read_file, read_trace_file, write_file
from harness.trace.text import TraceError

REFERENCE = ROOT / "tests" / "ref" / "default" / "test-all.trace"
TEXT = "os_malloc(10) = heap+0x20\n  sbrk(131072) = heap+0x0\nos_free(heap+0x20)\nexit 0\n"
RECORDED = f"# osmem trace 1\n{TEXT}# 2 calls\n"


@pytest.mark.parametrize("name", ["a.trace", "a.trace.gz"])
def test_what_is_recorded_reads_back(tmp_path: Path, name: str) -> None:
    reference = read_trace_file(REFERENCE)
    write_file(tmp_path / name, reference.parts())
    assert read_trace_file(tmp_path / name) == reference
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_is_compressed_is_small_and_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a", "a.gz", "b.gz"):
        write_file(tmp_path / name, read_file(REFERENCE))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert (tmp_path / "a.gz").stat().st_size < (tmp_path / "a").stat().st_size / 3


def test_what_breaks_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    def broken() -> Iterator[Part]:
        yield from read_trace_file(REFERENCE).calls
        raise TraceError("enough")

    path = tmp_path / "a.trace"
    path.write_text(RECORDED)
    with pytest.raises(TraceError, match="enough"):
        write_file(path, broken())
    assert path.read_text() == RECORDED
    assert list(tmp_path.iterdir()) == [path]


def refused(path: Path) -> str:
    with pytest.raises(TraceError) as error:
        list(read_file(path))
    assert "\n" not in str(error.value)
    assert "expected" in str(error.value) and "found" in str(error.value)
    return str(error.value).removeprefix(f"{path}:")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "expected"),
        ("# osmem trace 2\n", 1, "version 2"),
        ("# a diary\n", 1, "is it a trace file?"),
        ("# osmem trace 1\n", 2, "cut short"),
        (RECORDED.replace("# 2 calls\n", ""), 6, "cut short"),
        (RECORDED.replace("exit 0\n# 2 calls\n", ""), 5, "cut short"),
        (RECORDED.replace("exit 0\n", ""), 5, "cut short"),
        (RECORDED.replace("+0x20)\nexit 0\n# 2 calls\n", ""), 4, "os_free(heap"),
        (RECORDED.replace("2 calls", "3 calls"), 6, "# 3 calls"),
        (RECORDED.replace("os_free(heap+0x20)\n", ""), 5, "# 2 calls"),
        (RECORDED.replace("2 calls", "2 ca"), 6, "# 2 ca"),
        (RECORDED + "more\n", 7, "more"),
        (TEXT.replace("exit 0\n", ""), 4, "cut short"),
    ],
)
def test_a_file_that_is_not_whole_is_told_by_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    path = tmp_path / "a.trace"
    path.write_text(text)
    told = refused(path)
    assert told.startswith(f"{line}: ") and said in told


def test_compressed_data_that_is_cut_short_is_told_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    write_file(path, read_file(REFERENCE))
    path.write_bytes(path.read_bytes()[:-20])
    assert "cut short or damaged" in refused(path)
