"""The key of the rules that a batch is graded by: a digest of everything that outcomes depend on.

A grade depends on the submission, on the folder in it that a user may have named, and on

- the suite, and those that it extends;
- the programs and the references of its tests, and what the programs are built from;
- the table of known mistakes;
- the headers and sources that submissions are built with;
- the checker itself;
- whether style is judged, and the kind of sandbox, if any: behind lower walls, a hostile submission
  may have earned what it should not.

Points change no outcome: grades that are kept get those of the suite as it is now, see
`harness.grading.pricing`. Nothing else may change the key, such as compiled Python modules or the
path of the checkout.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from harness.checking.programs import SNIPPETS_MAKEFILE
from harness.diagnosis.table import table_file
from harness.execution.build import ROOT
from harness.execution.kit import UTILS
from harness.results.grade import Origin
from harness.suite import Suite, load_content

_NO_GRADES = ("course", "kit", "variants")
"""The packages of the checker that make no grades."""


def _suite_files(suite: Suite) -> Iterator[tuple[str, Path]]:
    """Yield the files of a suite beside its own, with names that are the same everywhere."""
    for test in suite.tests:
        yield f"snippets/{test.name}", test.snippet
        yield f"references/{test.name}", test.reference
    yield f"references/{table_file(suite).name}", table_file(suite)


def _checker_files() -> Iterator[tuple[str, Path]]:
    """Yield the files of the checker that grades depend on."""
    for folder, patterns in (
        (SNIPPETS_MAKEFILE.parent, ("Makefile", "[!t]*.c", "*.h")),
        (UTILS, ("*.[ch]",)),
        (ROOT / "harness", ("**/*.py", "**/*.mk", "**/*.[ch]", "**/Makefile")),
    ):
        for pattern in patterns:
            for path in sorted(folder.glob(pattern)):
                name = path.relative_to(folder)
                if name.parts[0] not in _NO_GRADES:
                    yield f"{folder.name}/{name}", path


def _suite_content(suite: Suite) -> dict[str, Any]:
    """Return the content of a suite's file, merged over those that it extends, without paths."""
    content = load_content(suite.path)
    return {key: value for key, value in content.items() if key not in ("snippets", "references")}


def _without_points(content: dict[str, Any]) -> dict[str, Any]:
    """Return a suite's content without its points, but with what has any at all: by default, only
    tests with points are randomized, and style without points is not judged."""
    tests = [{**test, "points": bool(test.get("points"))} for test in content["test"]]
    style = bool(content.get("style", {}).get("points"))
    return {**content, "test": tests, "style": style}


def _digest(start: object, files: Iterable[tuple[str, Path]]) -> str:
    total = hashlib.sha256(json.dumps(start, sort_keys=True, default=str).encode())
    for name, path in files:
        content = path.read_bytes() if path.is_file() else b""
        total.update(f"\0{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


@cache
def _checker_key() -> str:
    """Return a digest of the checker that this process has loaded: later changes of its files do
    not count."""
    return _digest("", _checker_files())


def suite_key(suite: Suite) -> str:
    """Return a digest of a suite, points included. Raises `OSError` and `SuiteError`."""
    return _digest(_suite_content(suite), _suite_files(suite))


def origin(suite: Suite, sandbox: str | None, seed: str) -> Origin:
    """Return what all grades of a batch are made from. Raises `OSError` and `SuiteError`."""
    return Origin("", suite_key(suite), _checker_key(), sandbox or "none", seed)


def rules_key(suite: Suite, style: bool, sandbox: str | None) -> str:
    """Return a digest of what outcomes depend on, except the submission; ``sandbox`` is the kind of
    sandbox, or None. Raises `OSError` and `SuiteError`."""
    rules = _without_points(_suite_content(suite))
    return _digest([rules, style, sandbox, _checker_key()], _suite_files(suite))
