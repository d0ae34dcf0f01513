"""The command that checks again whenever a source changes."""

from __future__ import annotations

from pathlib import Path

import click

from harness.checking.watching import snapshot, wait_for_change
from harness.cli.check import check_command
from harness.cli.options import source_option, suite_option, tests_argument
from harness.errors import UserError


@click.command("watch")
@tests_argument
@source_option
@suite_option
@click.pass_context
def watch_command(
    context: click.Context, tests: tuple[str, ...], source: Path, suite_path: Path
) -> None:
    """Check again whenever a source changes, until Ctrl-C.

    Runs what failed the last time first. TEST is the name of a test or a pattern, as for check.
    """
    source = source.resolve()
    while True:
        sources = snapshot(source)
        click.clear()
        _check(context, tests, source, suite_path)
        click.echo(f"\nWaiting for a change in {source}; Ctrl-C ends.")
        wait_for_change(source, sources)


def _check(context: click.Context, tests: tuple[str, ...], source: Path, suite_path: Path) -> None:
    """Check once. What can't be checked may be mended by the next change."""
    try:
        context.invoke(
            check_command, tests=tests, source=source, suite_path=suite_path, failed_first=True
        )
    except UserError as error:
        click.echo(f"Error: {error}", err=True)
    except SystemExit:
        pass  # the status of one check
