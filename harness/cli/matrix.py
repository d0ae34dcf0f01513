"""The command that shows what planted mistakes cost."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import click

from harness.checking.check import set_up
from harness.checking.matrix import costs
from harness.cli.options import choose_tests, jobs_option, suite_option
from harness.cli.results_file import ResultsFile, ResultsFileType, json_option
from harness.diagnosis.table import MISTAKES
from harness.errors import UserError
from harness.execution.build_error import BuildError
from harness.execution.build import ROOT
from harness.reports import matrix as report
from harness.reports import terminal
from harness.specification.mistakes import is_mistake, read_mistakes
from harness.tracers.ltrace import Ltrace


@click.command("matrix")
@click.argument("mistakes", nargs=-1, metavar="[MISTAKE]...")
@suite_option
@jobs_option
@click.option(
    "--csv",
    "csv_file",
    type=ResultsFileType(),
    metavar="FILE",
    help="Write the matrix as CSV, too; - is standard output.",
)
@json_option("matrix")
def matrix_command(
    mistakes: tuple[str, ...],
    suite_path: Path,
    jobs: int,
    csv_file: ResultsFile | None,
    json_file: ResultsFile | None,
) -> None:
    """Show what planted mistakes cost.

    MISTAKE is a name in tests/mistakes.toml or a pattern, such as 'realloc-*'; without any, all are
    made, one after the other, by the plain implementation. What is no mistake under the policy of
    the suite is left out. A test in brackets does not judge the rule that the mistake breaks.
    """
    suite = choose_tests(suite_path)
    chosen = [
        mistake
        for mistake in read_mistakes(MISTAKES)
        if is_mistake(mistake.name, suite.policy)
        and (not mistakes or any(fnmatch.fnmatchcase(mistake.name, name) for name in mistakes))
    ]
    if not chosen:
        raise UserError(
            f"no mistake in {suite.path} is named {mistakes[0]!r}", "see tests/mistakes.toml"
        )
    setup = set_up(suite, ROOT / "tests" / "plain", Ltrace(), jobs)
    if isinstance(setup.library, BuildError):
        raise setup.library
    found = report.show(terminal.make_console(), suite, costs(setup, chosen, jobs))
    if csv_file is not None:
        csv_file.write(report.as_csv(suite, found))
    if json_file is not None:
        json_file.write(report.as_json(suite, found))
