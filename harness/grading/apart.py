"""Keeping results apart from submissions: no folder of a student is ever written to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.errors import UserError


def require_apart(submissions: Path, out: Path, database: Path | None) -> None:
    """Raise `UserError` if the folder of results, or the file of the database, lies in the folder
    of submissions or the other way round, by way of links, too."""
    handed_in = [submissions, *_links(submissions)]
    results = out / "submissions"
    written = [out, results, *_links(results), *([database] if database else ())]
    for place in written:
        for folder in handed_in:
            if _lies_in(place, folder) or _lies_in(folder, place):
                raise UserError(
                    f"{place}: expected a place outside of {folder}, and not around it, for results"
                    " must not end up among submissions",
                    "name another --out or --db",
                )
    temporary = Path(tempfile.gettempdir())
    if _lies_in(temporary, submissions):
        raise UserError(
            f"{temporary}: expected a folder for temporary files outside of {submissions}",
            "set TMPDIR to another",
        )


def _links(folder: Path) -> Iterator[Path]:
    """Yield the links in a folder, if there is such a folder."""
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_symlink())


def _lies_in(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
