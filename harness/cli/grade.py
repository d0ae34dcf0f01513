"""The command that grades a folder of submissions."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from harness.cli.options import (
    choose_sandbox_kind,
    choose_tests,
    jobs_option,
    lower_option,
    no_sandbox_option,
    require_compared,
    sandbox_kind_option,
    suite_given,
    suite_option,
)
from harness.grading.suites import Suites
from harness.reports import terminal
from harness.reports.audience import Audience
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
    help="Store the grades in this database, such as postgresql://USER@HOST/DATABASE; a password"
    " may be in PGPASSWORD or ~/.pgpass.  [default: a file in --out]",
)
@click.option(
    "--seed", metavar="TEXT", help="Set the seed of the randomized tests, to repeat them."
)
@click.option("--style/--no-style", default=True, help="Give points for style, or none.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(("gradescope", "github", "junit", "markdown", "text", "vpl")),
    help="Also write each grade in this format; repeatable.",
)
@click.option(
    "--watch", is_flag=True, help="Grade what arrives or is replaced, until Ctrl-C or SIGTERM."
)
@click.option(
    "--progress",
    type=click.Choice(("auto", "json")),
    default="auto",
    help="Show progress: json writes a line for each step to standard error; auto shows a bar on a"
    " terminal.  [default: auto]",
)
@click.option(
    "--dask",
    metavar="ADDRESS",
    help="Grade on the workers of the Dask cluster with this scheduler, such as tcp://host:8786, or"
    " on one that is started here: local:4 has four workers. With --only, before other batches.",
)
@click.option(
    "--compare",
    type=click.Path(exists=True, path_type=Path),
    metavar="OLD",
    help="Show which grades differ from those in this folder of results, and why. If any would be"
    " lower, write no gradebook.",
)
@click.option(
    "--course",
    "course_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Use the suite of this course, and write for its students what its settings let them see.",
)
@click.option(
    "--per-student",
    "own_suites",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Grade each submission with its student's own suite in this folder, which variant"
    " --per-student has made.",
)
@lower_option
@sandbox_kind_option
@no_sandbox_option
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
    watch: bool,
    progress: str,
    compare: Path | None,
    lower: bool,
    course_path: Path | None,
    own_suites: Path | None,
    dask: str | None,
    sandbox_kind: str | None,
    no_sandbox: bool,
) -> None:
    """Grade a folder of submissions.

    SUBMISSIONS holds an archive or a folder for each submission. Each is built and run in a
    sandbox. What has a grade from an earlier run is not graded again.

    Exits with 0 if every submission has a grade, and with 2 if a fault of this machine left some
    without.
    """
    if watch and only:
        raise click.UsageError("expected --watch or --only, found both")
    if compare and watch:
        raise click.UsageError("expected --compare or --watch, found both")
    require_compared(lower, compare)
    kind = choose_sandbox_kind(sandbox_kind, no_sandbox)
    # Only grading needs a database, which takes longer to load than a test takes to run.
    from harness.grading.options import Options
    from harness.grading.session import grade_folder

    suites, audience = _choose_suites(suite_path, course_path, own_suites)
    options = Options(
        submissions,
        out,
        only,
        sources,
        jobs,
        not resume,
        seed,
        database,
        kind,
        style,
        formats,
        progress,
        watch,
        compare,
        lower,
        audience,
        dask,
    )
    try:
        status = grade_folder(suites, Ltrace(), options, terminal.make_console())
    except KeyboardInterrupt:
        click.echo("the grades so far are stored; run the same command to resume", err=True)
        raise
    sys.exit(status)


def _choose_suites(
    suite_path: Path, course_path: Path | None, own_suites: Path | None
) -> tuple[Suites, Audience]:
    """Return the suites to grade with, and those who read the results."""
    if course_path is None and own_suites is None:
        return Suites(choose_tests(suite_path)), Audience()
    # Few batches belong to a course, whose modules take some MiB.
    from harness.course.feedback import audience_of
    from harness.course.own_suites import base_of, by_submission, read_own_suites
    from harness.course.settings import load_course

    audience = Audience()
    course = load_course(course_path) if course_path is not None else None
    if course is not None:
        audience = audience_of(course)
        if not suite_given():
            suite_path = course.suite.path
    own = read_own_suites(own_suites) if own_suites else None
    if own and course is None and not suite_given():
        suite_path = base_of(own)
    return Suites(choose_tests(suite_path), by_submission(own, course) if own else None), audience
