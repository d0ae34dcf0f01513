"""Waiting for a change of sources.

The files are looked at a few times a second: a folder of sources is small, and this works on every
file system, also on those of another machine, where the kernel tells no changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.execution.kit import own_utils
from harness.execution.sources import source_files

_SECONDS_BETWEEN = 0.3

Snapshot = frozenset[tuple[Path, int, int]]
"""The files, each with its time of change and its size."""


def snapshot(source: Path) -> Snapshot:
    """Return the state of a folder of sources, and of the utils that come with them."""
    utils = own_utils(source)
    return frozenset(_files([source, *([utils] if utils else [])]))


def _files(folders: Sequence[Path]) -> Iterator[tuple[Path, int, int]]:
    for folder in folders:
        for path in source_files(folder):
            # Editors keep unsaved text in such files.
            if path.name.startswith((".", "#")) or path.name.endswith("~"):
                continue
            try:
                info = path.lstat()
            except FileNotFoundError:
                continue
            yield path, info.st_mtime_ns, info.st_size


def wait_for_change(source: Path, before: Snapshot) -> Snapshot:
    """Wait until the sources differ from what they were, and have come to rest; return what they
    are then."""
    last = before
    while (now := snapshot(source)) == before or now != last:
        last = now
        time.sleep(_SECONDS_BETWEEN)
    return now
