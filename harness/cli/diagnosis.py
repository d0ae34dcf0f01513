"""The command that makes the tables of known mistakes."""

from __future__ import annotations

from pathlib import Path

import click

from harness.checking.programs import build_programs
from harness.cli.options import choose_tests, jobs_option, suite_option
from harness.diagnosis.making import make_table
from harness.diagnosis.table import table_file, write_table


@click.command("known-mistakes", hidden=True)
@suite_option
@jobs_option
def known_mistakes_command(suite_path: Path, jobs: int) -> None:
    """Make the table of what known mistakes leave in each test.

    The plain implementation runs all tests with each mistake of tests/mistakes.toml, and with each
    pair of them.
    """
    suite = choose_tests(suite_path)
    path = table_file(suite)
    write_table(make_table(suite, build_programs(suite, jobs), jobs), path)
    click.echo(f"{path}: {path.stat().st_size:,} bytes")
