"""The key of the rules that a batch is graded by: a digest of everything that grades depend on.

A grade depends on the submission, on the folder in it that a user may have named, and on

- the suite's file, and those that it extends;
- the programs and the references of its tests, and what the programs are built from;
- the headers and sources that submissions are built with;
- the checker itself;
- whether style is judged, and whether sandboxes are used.

Nothing else may change the key, such as compiled Python modules or the path of the checkout: the
same seed would then give other sizes on another machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from harness.checking.programs import SNIPPETS_MAKEFILE
from harness.execution.build import ROOT
from harness.execution.kit import UTILS
from harness.suite import Suite, suite_files


def _files(suite: Suite) -> Iterator[tuple[str, Path]]:
    """Yield the files that grades depend on, with names that are the same everywhere."""
    for number, path in enumerate(suite_files(suite.path)):
        yield f"suite/{number}", path
    for test in suite.tests:
        yield f"snippets/{test.name}", test.snippet
        yield f"references/{test.name}", test.reference
    for folder, patterns in (
        (SNIPPETS_MAKEFILE.parent, ("Makefile", "player.c", "snippet.c", "stub.c", "*.h")),
        (UTILS, ("*.[ch]",)),
        (ROOT / "harness", ("**/*.py", "**/*.mk", "**/*.c", "**/Makefile")),
    ):
        for pattern in patterns:
            for path in sorted(folder.glob(pattern)):
                yield f"{folder.name}/{path.relative_to(folder)}", path


def rules_key(suite: Suite, style: bool, sandboxed: bool) -> str:
    """Return a digest of what grades depend on, except the submission. Raises `OSError`."""
    total = hashlib.sha256(f"{style} {sandboxed}".encode())
    for name, path in _files(suite):
        content = path.read_bytes() if path.is_file() else b""
        total.update(f"\0{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()
