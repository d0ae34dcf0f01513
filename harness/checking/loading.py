"""Which libosmem.so a program loads, and how it comes to load another."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from harness.errors import UserError
from harness.execution.build import LIBRARY, Library

_LOADED = re.compile(r"\t(?P<name>.+?)(?: => (?P<path>.+?))?(?: \(0x[0-9a-f]+\))?")
"""A line of ldd. A library that is asked for by its path has no arrow."""
_NOT_FOUND = "not found"
_SEARCH_PATH = "LD_LIBRARY_PATH"


def _libraries_found(program: Path, env: Mapping[str, str]) -> dict[str, str | None]:
    """Return the path of each libosmem.so that a program loads, by the name that it asks for, such
    as libosmem.so.1; None if there is no library of this name. The program is not run.
    Raises `UserError` if ldd fails."""
    listing = subprocess.run(
        ["ldd", str(program.resolve())],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if listing.returncode != 0:
        why = (listing.stderr.strip().splitlines() or [f"status {listing.returncode}"])[-1]
        raise UserError(f"{program}: ldd can't list its libraries: {why}")
    found = {}
    for match in filter(None, map(_LOADED.fullmatch, listing.stdout.splitlines())):
        name, path = match["name"], match["path"] or match["name"]
        file_name = Path(name).name
        if file_name == LIBRARY or file_name.startswith(f"{LIBRARY}."):
            found[name] = None if path == _NOT_FOUND else path
    return found


def loading_environment(
    program: Path, library: Library, replace: bool, links: Path
) -> dict[str, str]:
    """Return our environment, changed so that a program loads ``library``: in place of any other
    libosmem.so if ``replace`` is set, else only if the program finds none.

    ``links`` is an empty folder, which has to stay while the program runs: there the library gets
    the names that the program asks for. Raises `UserError` if it can't be replaced.
    """
    env = dict(os.environ)
    for name, path in _libraries_found(program, env).items():
        if (replace or path is None) and os.sep not in name:
            (links / name).symlink_to(library.folder / LIBRARY)
    env[_SEARCH_PATH] = ":".join(filter(None, (str(links), env.get(_SEARCH_PATH))))
    if replace:
        _check_replaced(program, _libraries_found(program, env), links)
    return env


def _check_replaced(program: Path, found: Mapping[str, str | None], links: Path) -> None:
    if not found:
        raise UserError(
            f"{program}: expected a program that loads a {LIBRARY}, to replace it by that of --src,"
            " found none among its libraries",
            "link it with -losmem, or leave out --src",
        )
    for name, path in found.items():
        if path is None or Path(path).parent != links:
            raise UserError(
                f"{program}: expected it to load the library of --src, found that it loads"
                f" {path or name}, by its path, an RPATH or LD_PRELOAD",
                "link it with -losmem and -Wl,--enable-new-dtags, or leave out --src",
            )
