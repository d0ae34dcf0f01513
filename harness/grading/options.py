"""What a user asked of ``grade``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.reports.audience import Audience


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command."""

    submissions: Path
    out: Path
    only: Sequence[str]
    sources: Sequence[str]
    """The folders of sources that the user named, as NAME=PATH."""
    jobs: int
    fresh: bool
    """Whether to forget the grades made before."""
    seed: str | None
    """The seed of randomized sizes; None is one that nobody can guess."""
    database: str | None
    """The URL of a database for SQLAlchemy; None is a file in ``out``."""
    sandbox: str | None
    """The kind of sandbox, of `harness.execution.walls.CHOICES`; None is none."""
    style: bool
    formats: Sequence[str]
    progress: str
    """How progress is shown: ``auto`` or ``json``."""
    watch: bool
    """Whether to grade what arrives, until an interrupt."""
    compare: Path | None
    """Results to compare with, as a folder or its results.json."""
    lower: bool
    """Whether grades may become lower than those."""
    audience: Audience
    """Those who get the files of submissions."""
    dask: str | None
    """The address of a Dask cluster's scheduler, or ``local:N``; None is this process."""
