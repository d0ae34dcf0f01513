"""The way to show how far a batch is."""

from __future__ import annotations

import sys

from rich.console import Console

from harness.reports.progress import Lines, Silent


def choose_progress(kind: str, console: Console) -> Silent:
    """Return what shows how far a batch is: ``json`` on standard error, or ``auto``, a bar if the
    console is a terminal."""
    if kind == "json":
        return Lines(sys.stderr)
    if not console.is_terminal:
        return Silent()
    from harness.reports.progress_bar import Bar  # what draws it takes half a MiB

    return Bar(console)
