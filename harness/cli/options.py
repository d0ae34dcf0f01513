"""Options that commands of several files have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def json_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--json FILE, for a command that can write ``what`` there; the file is whole or not there."""
    return click.option(
        "--json",
        "json_file",
        type=click.File("w", encoding="utf-8", atomic=True, lazy=False),
        metavar="FILE",
        help=f"Write the {what} as JSON, too; - is standard output.",
    )
