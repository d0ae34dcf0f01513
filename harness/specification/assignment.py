"""The text of the assignment, for any policy: docs/specification.md, or that of a variant."""

from __future__ import annotations

from pathlib import Path

from harness.specification.policy import Policy, in_words
from harness.specification.rules import rules_of

_TEMPLATE = "assignment.md.j2"
_FIRST = {"address": "at the lowest address", "lifo": "that became free last"}


def render_assignment(policy: Policy, variant: bool) -> str:
    """Return the text in Markdown. A ``variant`` speaks of its own policy alone."""
    import jinja2  # it takes longer to load than a test takes to run

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=False,
        autoescape=False,
    )
    environment.filters["bytes"] = in_words
    return environment.get_template(_TEMPLATE).render(
        p=policy,
        variant=variant,
        rules=rules_of(policy),
        first=_FIRST[policy.order],
        rest=policy.least_rest(),
        header=policy.header_size(),
    )
