"""A grade as it is stored and as it travels: whoever hands it on need not read it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from harness.results.grade import Grade, Status, grade_from_json


@dataclass(frozen=True, slots=True)
class PackedGrade:
    """A grade as bytes, and the one thing that those who hand it on have to know."""

    status: Status
    content: bytes

    @classmethod
    def of(cls, grade: Grade) -> PackedGrade:
        return cls(grade.status, zlib.compress(grade.to_json().encode()))

    @property
    def skipped(self) -> bool:
        """Whether this stands for a grade that is still to be made."""
        return self.status is Status.SKIPPED


def unpacked(content: bytes) -> Grade:
    """Return the grade. Raises `zlib.error`, `ValueError`, `KeyError` and `TypeError`."""
    return grade_from_json(zlib.decompress(content).decode())
