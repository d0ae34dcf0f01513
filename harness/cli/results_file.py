"""Options that name a file for results."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import click

from harness.reports.formats import FORMATS, Format
from harness.whole_file import write_whole

_STANDARD_OUTPUT = "-"


class ResultsFile(Protocol):
    """Where a command writes results, before it prints anything: its reader may go away."""

    def write(self, text: str) -> None:
        ...


class _NamedFile:
    """A file that stays as it was until all is written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, text: str) -> None:
        write_whole(self._path, text)


class _StandardOutput:
    """Standard output, after all else that the command prints."""

    def __init__(self, context: click.Context) -> None:
        self._context = context

    def write(self, text: str) -> None:
        self._context.call_on_close(lambda: click.echo(text, nl=False))


class ResultsFileType(click.ParamType):
    """The type of an option that names a file, or ``-``. That it can't be written is told before
    any work is done."""

    name = "file"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> ResultsFile:
        if value == _STANDARD_OUTPUT and ctx is not None:
            return _StandardOutput(ctx)
        path = Path(value)
        try:
            _try_to_write(path)
        except OSError as error:
            self.fail(f"{str(path)!r}: {error.strerror}", param, ctx)
        return _NamedFile(path)


class _FormatType(click.ParamType):
    """The type of an option that names a format and a file."""

    name = "format"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Format, ResultsFile]:
        name, _, path = value.partition("=")
        if name not in FORMATS or not path:
            known = ", ".join(FORMATS)
            self.fail(f"expected NAME=FILE with one of {known}, found {value!r}", param, ctx)
        return FORMATS[name], ResultsFileType().convert(path, param, ctx)


def _try_to_write(path: Path) -> None:
    """Raise `OSError` if a file can't be written; it stays as it was."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if path.is_file() or not path.exists():  # the folder is what changes
        tempfile.TemporaryFile(dir=path.resolve().parent).close()


def json_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option --json FILE, for ``what`` a command can write."""
    return click.option(
        "--json",
        "json_file",
        type=ResultsFileType(),
        metavar="FILE",
        help=f"Also write the {what} as JSON; - is standard output.",
    )


def html_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option --html FILE, for a page with ``what``."""
    return click.option(
        "--html",
        "html_file",
        type=ResultsFileType(),
        metavar="FILE",
        help=f"Also write a page for a browser, with {what}; - is standard output.",
    )


format_option = click.option(
    "--format",
    "formats",
    type=_FormatType(),
    multiple=True,
    metavar="NAME=FILE",
    help=f"Also write the results in a format of grade: {', '.join(FORMATS)}; repeatable.",
)
