"""The command that grades a folder of submissions."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli.options import choose_tests, jobs_option, suite_option
from harness.reports import terminal
from harness.tracers.ltrace import Ltrace


@click.command("grade")
@click.argument("submissions", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Write the gradebook and the reports to this folder.",
)
@suite_option
@jobs_option
@click.option(
    "--resume/--fresh", "resume", default=True, help="Resume the previous run, or start over."
)
@click.option(
    "--only", multiple=True, metavar="NAME", help="Grade only this submission; repeatable."
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME=PATH",
    help="Build the submission NAME from the folder PATH in it; repeatable.",
)
@click.option(
    "--db",
    "database",
    metavar="URL",
    help="Store the grades in this database.  [default: a file in --out]",
)
@click.option(
    "--seed", metavar="TEXT", help="Set the seed of the randomized tests, to repeat them."
)
@click.option("--style/--no-style", default=True, help="Give points for style, or none.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(("gradescope", "github", "junit", "text", "vpl")),
    help="Also write each grade in this format; repeatable.",
)
@click.option(
    "--no-sandbox",
    is_flag=True,
    help="Run submissions unsandboxed, with your own rights. Dangerous.",
)
def grade_command(
    submissions: Path,
    out: Path,
    suite_path: Path,
    jobs: int,
    resume: bool,
    only: tuple[str, ...],
    sources: tuple[str, ...],
    database: str | None,
    seed: str | None,
    style: bool,
    formats: tuple[str, ...],
    no_sandbox: bool,
) -> None:
    """Grade a folder of submissions.

    SUBMISSIONS holds an archive or a folder for each submission. Each is built and run in a
    sandbox. What has a grade from an earlier run is not graded again.

    Exits with 0 if every submission has a grade, and with 2 if a fault of this machine left some
    without.
    """
    # Only grading needs a database, which takes longer to load than a test takes to run.
    from harness.grading.session import Options, grade_folder

    options = Options(
        submissions,
        out,
        only,
        sources,
        jobs,
        not resume,
        seed,
        database,
        not no_sandbox,
        style,
        formats,
    )
    try:
        status = grade_folder(choose_tests(suite_path), Ltrace(), options, terminal.make_console())
    except KeyboardInterrupt:
        click.echo("the grades so far are stored; run the same command to resume", err=True)
        raise
    sys.exit(status)
