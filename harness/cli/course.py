"""The commands on a course: its table, why a student has a total, and similar submissions.

They import what they need when they are run: it takes long to load, and packages that `make check`
does not install.
"""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from harness.cli.options import (
    choose_sandbox_kind,
    course_option,
    lower_option,
    no_sandbox_option,
    require_compared,
    sandbox_kind_option,
)
from harness.cli.results_file import ResultsFile, html_option, json_option
from harness.reports.page import page_for
from harness.reports.terminal import make_console, show_walls
from harness.text import printable
from harness.whole_file import write_whole

_FORMATS = ("csv", "xlsx", "moodle", "worksheet", "feedback", "canvas")
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("table")
@course_option
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="csv",
    show_default=True,
    help="csv and xlsx are for spreadsheets, canvas for Canvas, the others for Moodle: its"
    " gradebook, and an assignment's grading worksheet and feedback files.",
)
@click.option(
    "-o",
    "--output",
    type=_FILE,
    metavar="FILE",
    help="Write the table to this file.  [default: grades.csv and so on, beside course.toml]",
)
@click.option(
    "--compare",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="OLD",
    help="Show which totals differ from those in this table, written as csv, and why. If any would"
    " be lower, write no table.",
)
@lower_option
def table_command(
    course_path: Path, form: str, output: Path | None, compare: Path | None, lower: bool
) -> None:
    """Write the table of a course: a row for each student.

    It is made from kept grades, with the points of the suite as it is now. Nothing is run.

    Exits with 1 if --compare finds totals that would become lower.
    """
    require_compared(lower, compare)
    from harness.course.exports import EXPORTS
    from harness.course.feedback_files import participants
    from harness.course.published import PublishedTable
    from harness.course.settings import load_course
    from harness.course.table import UNGRADED, make_table
    from harness.grading.regrading import require_not_lower
    from harness.reports.changes import show_changes

    course = load_course(course_path)
    table = make_table(course)
    console = make_console()
    published = PublishedTable(compare) if compare else None
    changes = published.changes(table) if published else []
    if published:
        show_changes(console, "totals", changes, published.gone(table))
    if not lower:
        require_not_lower(changes, "total", "table")
    export = EXPORTS[form]
    path = output or course_path.parent / f"grades{export.suffix}"
    write_whole(path, export.render(table, course))
    for row in table.rows:
        if row.status == UNGRADED:
            line = f"{row.student.id}: {UNGRADED}: run grade again"
            console.print(Text(printable(line)), soft_wrap=True)
    for row, number in participants(table) if export.by_participant else ():
        if row.submission is not None and not number:
            line = f"{row.student.id}: left out: no participant in the roster, nor in a name"
            console.print(Text(printable(line)), soft_wrap=True)
    for name, reason in sorted(table.unmatched.items()):
        line = f"No student: {name}: {reason}"
        console.print(Text(printable(line)), soft_wrap=True)
    handed_in = sum(row.submission is not None for row in table.rows)
    words = f"{len(table.rows)} students, {handed_in} with a submission"
    console.print(Text(printable(f"{words}. Written: {path}")), soft_wrap=True)


@click.command("why")
@click.argument("student", metavar="STUDENT")
@course_option
def why_command(student: str, course_path: Path) -> None:
    """Explain every number of a student's row in the table of a course.

    STUDENT is an id, an e-mail address, a login or a name.
    """
    from harness.course.settings import load_course
    from harness.course.table import make_table
    from harness.course.why import explain_row, find_row

    course = load_course(course_path)
    row = find_row(make_table(course), student)
    console = make_console()
    page = page_for(console)
    explain_row(page, row, course)
    page.show(console)


@click.command("similar")
@course_option
@click.option(
    "--pairs",
    type=click.IntRange(1),
    default=20,
    metavar="N",
    show_default=True,
    help="List so many pairs.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME=PATH",
    help="Compare the folder PATH in the submission NAME, as grade has built it; repeatable.",
)
@json_option("pairs")
@html_option("the list, and all passages of flagged pairs")
@sandbox_kind_option
@no_sandbox_option
def similar_command(
    course_path: Path,
    pairs: int,
    sources: tuple[str, ...],
    json_file: ResultsFile | None,
    html_file: ResultsFile | None,
    sandbox_kind: str | None,
    no_sandbox: bool,
) -> None:
    """List pairs of submissions that share code.

    Passages of those that are flagged follow, side by side. Only the submissions that count are
    compared, each with those of other students and groups. What compares them runs in a sandbox. A
    flag is a reason to read both, not a proof.
    """
    kind = choose_sandbox_kind(sandbox_kind, no_sandbox)
    from harness.course.settings import load_course
    from harness.course.similarity import compare_submissions
    from harness.course.similarity_files import as_html, as_json
    from harness.course.similarity_report import show_pairs

    course = load_course(course_path)
    compared, rules = compare_submissions(course, kind, sources), course.similarity
    if json_file is not None:
        json_file.write(as_json(compared, rules))
    if html_file is not None:
        html_file.write(as_html(compared, rules, pairs))
    console = make_console()
    show_pairs(console, compared, rules, pairs)
    show_walls(console, compared.walls)
