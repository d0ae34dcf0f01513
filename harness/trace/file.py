"""Canonical traces in files.

The first line of a recorded trace names the version of the format, and the last one the number of
calls, so that a file that was cut short is not taken for a whole trace. The reference of a test is
the text alone. Either may be compressed.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import IO, TextIO, cast

from harness.trace.trace import Call, Part, Trace, gather
from harness.trace.text import TraceError, read_parts

_VERSION = 1
_HEADER = re.compile(r"# osmem trace (\d+)")
_FOOTER = re.compile(r"# (\d+) calls")
_MARK = "#"
"""The first character of the header and of the footer."""
_COMPRESSED = ".gz"
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_LEVEL = 4


class _Lines:
    """The lines of a file, with the number of the current one for errors."""

    def __init__(self, text: TextIO, source: str) -> None:
        self.source = source
        self.number = 0
        self._text = text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._text)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.number += 1
            raise self.error(
                "more of the trace", f"compressed data that is cut short or damaged: {error}"
            ) from error
        self.number += 1
        return line.rstrip("\n")

    def error(self, expected: str, found: str) -> TraceError:
        return TraceError(f"{self.source}:{self.number}: expected {expected}, found {found}")


def _check_header(line: str, lines: _Lines) -> None:
    match = _HEADER.fullmatch(line)
    if match is None:
        raise lines.error(f"'# osmem trace {_VERSION}'", f"{line!r:.60}; is it a trace file?")
    if int(match[1]) != _VERSION:
        raise lines.error(
            f"version {_VERSION} of the format",
            f"version {match[1]}; record the trace again with this checker",
        )


def _check_footer(line: str | None, calls: int, lines: _Lines) -> None:
    if line is None:
        lines.number += 1
        raise lines.error(
            f"a last line '# {calls} calls'",
            "the end of the file; it was cut short, record it again",
        )
    match = _FOOTER.fullmatch(line)
    if match is None or int(match[1]) != calls:
        raise lines.error(
            f"'# {calls} calls', as many as there are above",
            f"{line!r:.60}; lines are missing or were added, record it again",
        )
    for line in lines:
        raise lines.error("nothing after the number of calls", f"{line!r:.60}")


def _read_recorded(lines: _Lines) -> Iterator[Part]:
    """Yield the parts that follow the header, and check the footer."""
    footer: str | None = None

    def body() -> Iterator[str]:
        nonlocal footer
        for line in lines:
            if line.startswith(_MARK):
                footer = line
                return
            yield line

    calls = 0
    for part in read_parts(body(), lines.source, first=lines.number + 1):
        calls += isinstance(part, Call)
        yield part
    _check_footer(footer, calls, lines)


def read_file(path: Path) -> Iterator[Part]:
    """Yield the parts of a recorded trace or of a reference. Raises `TraceError` or `OSError`."""
    with path.open("rb") as file:
        compressed = file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
        content = cast(IO[bytes], gzip.GzipFile(fileobj=file)) if compressed else file
        with TextIOWrapper(content, encoding="utf-8", errors="replace") as text:
            lines = _Lines(text, str(path))
            first = next(lines, "")
            if first.startswith(_MARK):
                _check_header(first, lines)
                yield from _read_recorded(lines)
            else:
                yield from read_parts(chain([first], lines), lines.source)


def read_trace_file(path: Path) -> Trace:
    """Return the trace in a file; see `read_file`."""
    return gather(read_file(path))


def read_reference(path: Path) -> Trace:
    """Return the trace in a file that many others are compared with: it is read again only if it
    has changed. Raises `TraceError` or `OSError`."""
    status = path.stat()
    return _read_reference(path, status.st_ino, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _read_reference(path: Path, *_: int) -> Trace:
    return read_trace_file(path)


def write_file(path: Path, parts: Iterable[Part]) -> None:
    """Record a trace, compressed if the name of the file ends in ``.gz``.

    On an error, the file stays as it was. Raises `OSError`, and whatever ``parts`` raises.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _open_for_writing(unfinished, path.suffix == _COMPRESSED) as text:
            text.write(f"# osmem trace {_VERSION}\n")
            calls = 0
            for part in parts:
                calls += isinstance(part, Call)
                text.writelines(f"{line}\n" for line in part.lines())
            text.write(f"# {calls} calls\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _open_for_writing(path: Path, compressed: bool) -> Iterator[TextIO]:
    if not compressed:
        with path.open("w", encoding="utf-8") as text:
            yield text
        return
    # Without a name and a time in the header of gzip, the same trace gives the same bytes.
    with path.open("wb") as file, gzip.GzipFile(
        "", "wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0
    ) as content, TextIOWrapper(cast(IO[bytes], content), encoding="utf-8") as text:
        yield text
