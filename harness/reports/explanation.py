"""The pages that explain a rule, a known mistake or a test, with heaps drawn by the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.reports.heap_text import Block, draw_heap, draw_mapping
from harness.reports.page import Page
from harness.specification.answers import follow, play
from harness.specification.examples import example_of
from harness.specification.mistakes import Mistake
from harness.specification.passages import Passage
from harness.specification.policy import Policy
from harness.specification.rules import RULES, judged_rules, rules_of
from harness.specification.steps import Played, State, Statement
from harness.suite import Test
from harness.text import printable
from harness.trace.file import read_trace_file
from harness.trace.judged import View
from harness.trace.trace import Address, Trace, shortened

_COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)
_LICENCE = "SPDX-License-Identifier"
_NOTHING = Played(Statement("", None), State((), 0, {}), {})
"""The memory before the first statement of an example."""


# ---- A rule --------------------------------------------------------------------------------------


def write_rule(
    page: Page,
    name: str,
    passages: Sequence[Passage],
    mistakes: Sequence[Mistake],
    tests: Sequence[Test],
    policy: Policy,
) -> None:
    """Write the page of a rule, with the mistakes that break it and the tests that judge it."""
    rule = rules_of(policy)[name]
    page.heading(f"{name}: {rule.sentence}")
    page.heading("What the assignment says")
    for passage in passages:
        page.paragraph(f"{passage.section}: {passage.text}")
    if not passages:
        page.paragraph("No passage of its text is marked with this rule.")
    _write_example(page, example_of(name, policy), policy)
    page.heading("Where to look in your code if it is broken")
    page.paragraph(rule.look)
    page.heading("Mistakes that break it")
    page.table([(mistake.name, mistake.what) for mistake in mistakes])
    page.heading("Tests that judge it")
    page.table([(test.name, _points(test)) for test in tests])


def _points(test: Test) -> str:
    if test.extra:
        return "an extra test, without points"
    return f"{test.points} point{'s' if test.points > 1 else ''}"


# ---- A mistake -----------------------------------------------------------------------------------


def write_mistake(
    page: Page, mistake: Mistake, tests: Sequence[Test] | None, policy: Policy
) -> None:
    """Write the page of a known mistake. ``tests`` are those that it fails; None if the suite has
    no table of mistakes."""
    rule = rules_of(policy)[mistake.rule]
    page.heading(f"{mistake.name}: {mistake.what}")
    page.heading(f"The rule that it breaks: {mistake.rule}")
    page.paragraph(rule.sentence)
    page.heading("Where to look in your code")
    page.paragraph(mistake.look or rule.look)
    _write_example(page, mistake.program or example_of(mistake.rule, policy), policy)
    page.heading("Tests that it fails, where it is the only one")
    if tests is None:
        page.paragraph("The suite has no table of known mistakes.")
        return
    page.table([(test.name, _points(test)) for test in tests])
    if tests:
        page.paragraph(f"They have {sum(test.points for test in tests)} points in all.")


# ---- An example ----------------------------------------------------------------------------------


def _write_example(page: Page, program: Sequence[str], policy: Policy) -> None:
    """Write what a program does, and the heap before and after its last call."""
    played = play(program, policy)
    if not played:
        return
    statements = [each.statement for each in played]
    page.heading("Example, with a right allocator")
    width = max(len(statement.text) for statement in statements)
    page.drawing(line for statement in statements for line in _lines(statement, width))
    last = statements[-1]
    for when, memory in zip(("Before", "After"), [_NOTHING, *played][-2:]):
        page.heading(f"{when} {last.text}")
        _draw(page, policy, memory.state, memory.names)
    if last.step is not None:
        page.paragraph(f"Why: {last.step.why}.")


def _lines(statement: Statement, width: int) -> Iterator[str]:
    if statement.step is None:
        yield f"{statement.text:{width}}  by other code"
        return
    call = statement.step.call
    result = "" if call.result is None else str(call.result)
    errno = ", errno = ENOMEM" if statement.step.failed else ""
    yield f"{statement.text:{width}}  {result}{errno}".rstrip()
    for request in call.requests:
        yield shortened(f"  {request}")


# ---- A test --------------------------------------------------------------------------------------


def write_test(page: Page, test: Test, policy: Policy) -> None:
    """Write the page of a test: what it judges, and its judged part. Raises `TraceError`."""
    page.heading(f"{test.name}: {_points(test)}")
    page.paragraph(_first_comment(test.snippet))
    page.heading("Program")
    page.paragraph(str(test.snippet))
    page.heading("Rules that it judges")
    if test.rules == frozenset(RULES):
        page.paragraph("All.")
    else:
        rules = judged_rules(test.rules, policy)
        page.table(rules or [("none", "The whole trace has to equal the reference.")])
    if test.reference.is_file():
        _write_judged_part(page, read_trace_file(test.reference), policy)
    else:
        page.heading("Judged part")
        page.paragraph(f"There is no reference: {test.reference} is missing.")


def _first_comment(program: Path) -> str:
    """Return the first comment of a program that is not its licence, in one line."""
    if not program.is_file():
        return f"The program is missing: {program}."
    comments = _COMMENT.findall(program.read_text(encoding="utf-8", errors="replace"))
    comment = next((text for text in comments if _LICENCE not in text), "")
    return printable(" ".join(re.sub(r"^\s*\*", "", comment, flags=re.MULTILINE).split()))


def _write_judged_part(page: Page, reference: Trace, policy: Policy) -> None:
    view = View(reference)
    page.heading("The heap when the judged part begins")
    _draw_after(page, reference, view, view.start, policy)
    page.heading("Calls of the judged part")
    for call in view.calls():
        page.drawing(shortened(line) for line in call.lines())
    page.heading("The heap when it ends")
    _draw_after(page, reference, view, view.stop, policy)


def _draw_after(page: Page, reference: Trace, view: View, calls: int, policy: Policy) -> None:
    """Draw the memory after so many calls."""
    followed = follow(reference.calls, policy)[:calls]
    state = followed[-1][1] if followed else _NOTHING.state
    _draw(page, policy, state, {}, lambda pointer: str(view.value(pointer)))


# ---- Memory --------------------------------------------------------------------------------------


def _draw(
    page: Page,
    policy: Policy,
    state: State,
    names: Mapping[Address, str],
    place: Callable[[Address], str] = str,
) -> None:
    """Draw the heap and the mappings, with the names of blocks by their pointers; ``place`` says
    what an address is called."""

    def block(pointer: Address, size: int, free: bool) -> Block:
        return Block(pointer.offset, size, free, names.get(pointer, "used"), place(pointer))

    header = policy.header_size()
    blocks = [block(b.pointer, b.size, b.free) for b in state.blocks]
    if blocks or not state.mappings:
        page.drawing(draw_heap(blocks, state.end, header, page.drawing_width, page.ascii_only))
    for pointer, size in state.mappings.items():
        start = place(Address(0, pointer.mapping))
        mapped = block(pointer, size, False)
        page.drawing([draw_mapping(start, mapped, header, page.ascii_only)])
