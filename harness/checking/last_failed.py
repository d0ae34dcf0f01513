"""Which tests failed the last time, kept from one check of a folder to the next."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from harness.execution.build import BUILD
from harness.execution.lock import exclusive
from harness.results.verdict import Outcome, Verdict
from harness.suite import Suite


class LastFailed:
    """The failed tests of a suite with the library of one folder."""

    def __init__(self, suite: Suite, source: Path) -> None:
        paths = b"\0".join(os.fsencode(path.resolve()) for path in (suite.path, source))
        self._file = BUILD / "last-failed" / f"{hashlib.sha256(paths).hexdigest()[:16]}.json"

    def names(self) -> set[str]:
        """Return their names; none if nothing was checked before, or nothing failed."""
        with contextlib.suppress(OSError, ValueError):
            return set(json.loads(self._file.read_text(encoding="utf-8")))
        return set()

    def update(self, verdicts: Sequence[Verdict]) -> None:
        """Note how tests ended; others keep what is known of them. Where nothing can be written,
        nothing is noted."""
        failed = {v.test.name for v in verdicts if v.outcome is not Outcome.PASSED}
        names = self.names() - {verdict.test.name for verdict in verdicts} | failed
        with contextlib.suppress(OSError), exclusive(self._file.parent):
            new = self._file.with_suffix(".new")
            new.write_text(json.dumps(sorted(names)), encoding="utf-8")
            new.replace(self._file)
