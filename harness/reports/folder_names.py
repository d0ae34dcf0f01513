"""The names of the folders that submissions have in a folder of results."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

SUBMISSIONS = "submissions"
_NAME_BYTES = 200
"""The length of a folder's name; file systems allow 255."""


def safe_name(name: str) -> str:
    """Return a similar name that is safe for a folder on any system, and never a way out."""
    letters = (c if c.isalnum() or c in " ._-+@()" else "_" for c in _composed(name))
    cut = "".join(letters).lstrip(" .-").encode()[:_NAME_BYTES].decode(errors="ignore")
    return cut.rstrip(" .") or "submission"


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _key(name: str) -> str:
    """Return a key that is equal for names that some file system takes for the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def unused_name(name: str, used: set[str]) -> str:
    """Return the safe name, with a number if an earlier submission has it already."""
    safe = unused = safe_name(name)
    number = 1
    while _key(unused) in used:
        number += 1
        unused = f"{safe}-{number}"
    used.add(_key(unused))
    return unused


def submission_folders(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the folder of each submission in a folder of results; the names are all that are in
    the gradebook, in its order."""
    used: set[str] = set()
    return {name: folder / SUBMISSIONS / unused_name(name, used) for name in names}
