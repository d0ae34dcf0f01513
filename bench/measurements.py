"""The option --json FILE of each benchmark, which keeps its measurements for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import click

json_option = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep the measurements.",
)


def keep(measurements: object, path: Path | None) -> None:
    """Write the measurements where --json says; without it, nowhere."""
    if path is not None:
        path.write_text(json.dumps(measurements, indent=2) + "\n")
