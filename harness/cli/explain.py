"""The command that explains a rule, a known mistake or a test."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import click

from harness.cli.options import choose_tests, suite_option
from harness.diagnosis.table import MISTAKES, table_of
from harness.errors import UserError
from harness.reports.explanation import write_mistake, write_rule, write_test
from harness.reports.page import Page, page_for
from harness.reports.terminal import make_console
from harness.specification.assignment import assignment_of
from harness.specification.mistakes import Mistake, is_mistake, read_mistakes
from harness.specification.passages import read_passages
from harness.specification.phrases import mistake_under
from harness.specification.rules import RULES
from harness.suite import Suite


@click.command("explain")
@click.argument("name", metavar="RULE|MISTAKE|TEST")
@suite_option
def explain_command(name: str, suite_path: Path) -> None:
    """Explain a rule of the specification, a known mistake or a test.

    A page shows what the name stands for, the heap before and after a call, and where to look in
    the code.
    """
    suite = choose_tests(suite_path)
    known = (mistake_under(suite.policy, mistake) for mistake in read_mistakes(MISTAKES))
    mistakes = {mistake.name: mistake for mistake in known}
    none = {name for name in mistakes if not is_mistake(name, suite.policy)}
    tests = {test.name: test for test in suite.tests}
    console = make_console()
    page = page_for(console)
    if name in RULES:
        made = [mistake for mistake in mistakes.values() if mistake.name not in none]
        _explain_rule(page, name, suite, made)
    elif name in none:
        raise UserError(f"{name}: no mistake in {suite.path}: its policy leaves none to make")
    elif name in mistakes:
        _explain_mistake(page, mistakes[name], suite)
    elif name in tests:
        write_test(page, tests[name], suite.policy)
    else:
        raise _unknown(name, [*RULES, *mistakes, *tests])
    page.show(console)


def _explain_rule(page: Page, name: str, suite: Suite, mistakes: list[Mistake]) -> None:
    passages = read_passages(assignment_of(suite.policy, suite.path.parent))
    write_rule(
        page,
        name,
        passages.get(name, []),
        [mistake for mistake in mistakes if mistake.rule == name],
        [test for test in suite.tests if name in test.rules],
        suite.policy,
    )


def _explain_mistake(page: Page, mistake: Mistake, suite: Suite) -> None:
    """Write the page of a mistake."""
    table = table_of(suite)
    failed = frozenset() if table is None else table.failed_by(mistake.name)
    tests = [test for test in suite.tests if test.name in failed]
    write_mistake(page, mistake, None if table is None else tests, suite.policy)


def _unknown(name: str, known: list[str]) -> UserError:
    close = get_close_matches(name, known)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "see ./checker.py list"
    return UserError(f"no rule, mistake or test is named {name!r}", hint)
