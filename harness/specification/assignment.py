"""The text of the assignment, for any policy: docs/specification.md, or that of a variant."""

from __future__ import annotations

from pathlib import Path

from harness.specification.policy import Policy, in_words
from harness.specification.rules import rules_of

_TEMPLATE = Path(__file__).with_name("assignment.md.j2")
_NAME = "specification.md"
_PAGE = Path(__file__).parents[2] / "docs" / _NAME
"""The text of the usual policy; in a kit, that of its suite."""
_FIRST = {"address": "at the lowest address", "lifo": "that became free last"}


def assignment_of(policy: Policy, folder: Path) -> str:
    """Return the text in Markdown that a suite in this folder has: its own beside it, or else that
    of its policy. Raises `OSError`."""
    own = folder / _NAME
    if own.is_file():
        return own.read_text(encoding="utf-8")
    if policy == Policy() or not _TEMPLATE.is_file():  # a kit has no template
        return _PAGE.read_text(encoding="utf-8")
    return render_assignment(policy, variant=True)


def render_assignment(policy: Policy, variant: bool) -> str:
    """Return the text in Markdown. A ``variant`` speaks of its own policy alone."""
    import jinja2  # it takes longer to load than a test takes to run

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATE.parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=False,
        autoescape=False,
    )
    environment.filters["bytes"] = in_words
    return environment.get_template(_TEMPLATE.name).render(
        p=policy,
        variant=variant,
        rules=rules_of(policy),
        first=_FIRST[policy.order],
        rest=policy.least_rest(),
        header=policy.header_size(),
    )
