"""Pairs of similar submissions as files: JSON for programs, and a page for a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any

from harness.course.sim import Passage
from harness.course.similarity import Code, Compared, Pair
from harness.course.similarity_rules import SimilarityRules
from harness.reports.html_page import render_pairs
from harness.text import printable


def as_json(compared: Compared, rules: SimilarityRules) -> str:
    """Return all pairs, the most similar first, without the text of their passages."""
    content = {
        "submissions": compared.submissions,
        "threshold": rules.threshold,
        "not_compared": {printable(n): printable(why) for n, why in compared.left_out.items()},
        "pairs": [_values(pair, rules) for pair in compared.pairs],
    }
    return json.dumps(content, indent=2) + "\n"


def _values(pair: Pair, rules: SimilarityRules) -> dict[str, Any]:
    return {
        "flagged": pair.percent >= rules.threshold,
        "rank": round(pair.rank, 1),
        "percent": round(pair.percent, 1),
        "submissions": [_who(code) for code in (pair.left, pair.right)],
        "mistakes": dict(pair.mistakes),
        "passages": [
            {"tokens": passage.tokens, "places": list(_places(pair, passage))}
            for passage in pair.passages
        ],
    }


def _who(code: Code) -> dict[str, Any]:
    return {"name": printable(code.submission), "students": list(map(printable, code.students))}


def _places(pair: Pair, passage: Passage) -> Iterator[str]:
    """Yield where both sides of a passage begin."""
    yield printable(pair.left.place(passage.left.first))
    yield printable(pair.right.place(passage.right.first))


def as_html(compared: Compared, rules: SimilarityRules, most: int) -> str:
    """Return a page with the first ``most`` pairs, and all passages of those that are flagged."""
    pairs = [
        _values(pair, rules) | {"rows": list(_passages(pair, rules))}
        for pair in islice(compared.pairs, most)
    ]
    flagged = sum(pair.percent >= rules.threshold for pair in compared.pairs)
    facts = [
        f"{compared.submissions} submissions: {len(compared.pairs)} pairs share code, {flagged}"
        f" flagged, from {rules.threshold:g} % of the shorter one on.",
        "A flag is a reason to read both, not a proof.",
        *(f"Not compared: {name}: {why}" for name, why in compared.left_out.items()),
    ]
    return render_pairs("Similar submissions", list(map(printable, facts)), pairs)


def _passages(pair: Pair, rules: SimilarityRules) -> Iterator[dict[str, Any]]:
    if pair.percent < rules.threshold:
        return
    for passage in pair.passages:
        texts = pair.left.text(passage.left), pair.right.text(passage.right)
        lines = [tuple(map(printable, row)) for row in zip_longest(*texts, fillvalue="")]
        yield {"places": list(_places(pair, passage)), "lines": lines}
