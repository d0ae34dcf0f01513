"""The command that writes what students get."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import student
from harness.cli.options import suite_option

_ENTRANCES = (student.__name__, *student.COMMANDS.values(), "harness.cli.pytest_plugin")
"""The modules of the checker that a kit begins with."""


@click.command("kit")
@click.argument("out", type=click.Path(path_type=Path))
@suite_option
def kit_command(out: Path, suite_path: Path) -> None:
    """Write the kit for students to the folder OUT.

    It has the checker, the tests, the assignment and a skeleton of the sources, and no solution.
    """
    # Only a kit needs what makes its pages.
    from harness.kit.writing import write_kit

    write_kit(suite_path, out, _ENTRANCES)
    click.echo(f"Written: {out}")
