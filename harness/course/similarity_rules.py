"""What a course's settings say about similar submissions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.suite import SuiteError, check_keys, list_of, number_within, whole_number


@dataclass(frozen=True, slots=True)
class SimilarityRules:
    """How submissions are compared."""

    threshold: float
    """The percentage of shared code from which a pair is flagged."""
    least_tokens: int
    """The words of C that a shared passage has at least."""
    kit: tuple[Path, ...]
    """Files and folders that every student got: what is in them is not compared."""


def read_similarity(path: Path, table: object) -> SimilarityRules:
    """Read ``[similarity]``. Raises `SuiteError`."""
    values = {
        "threshold": 50,
        **check_keys(path, "similarity", table, ("threshold", "least_tokens", "kit")),
    }
    threshold = number_within(path, "similarity", values, "threshold", (1, 100))
    least = whole_number(path, "similarity", values, "least_tokens", 40)
    kit = list_of("paths", path, "similarity", values, "kit", [])
    paths = tuple(path.parent / each for each in kit)
    if missing := next((each for each in paths if not each.exists()), None):
        raise SuiteError(
            f"{path}: similarity: kit: expected the path of a file, found no {missing}"
        )
    return SimilarityRules(threshold, max(least, 1), paths)
