"""A page in HTML that holds all it needs: points, the diagnosis, tests, traces and their heaps.

Whatever comes from a submission is escaped. The page's own policy allows no script and no style but
those written here, and no connection.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from harness.heap.exact import exact
from harness.heap.observed import observed
from harness.heap.timeline import Timeline
from harness.reports.audience import language, tr
from harness.reports.diagnosis import LEGEND, Told
from harness.reports.html_heap import Side, pack
from harness.reports.html_rows import Row, Run, end_row, runs
from harness.results.grade import TestResult
from harness.results.verdict import Outcome, Verdict
from harness.specification.policy import Policy
from harness.specification.rules import judged_rules
from harness.text import printable, printable_lines
from harness.trace.pairs import pairs
from harness.trace.trace import Trace

_FOLDER = Path(__file__).parent / "html"
_HEAD_BYTES = 300
"""A page's digest is among so many first ones."""
_SCRIPTS = (
    *("columns.js", "heap.js", "strip.js", "chart.js", "map.js", "view.js"),
    *("words.js", "viewer.js", "viewers.js"),
)
"""In the order of their use: each knows those before it."""
_SAID = re.compile(r'\bsay\("([^"]+)"')
"""A text in a script that readers see."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A test on a page, with its traces as far as there are any."""

    result: TestResult
    rules: Sequence[tuple[str, str]]
    """The rules that it judges, and what they say; none if it judges all of them."""
    expected: Trace | None
    heap: Timeline | None
    """The heap of the expected trace."""
    found: Trace | None
    drawn: Markup | None = None
    """The drawing of the traces, if it was made before."""


def shown(verdict: Verdict, policy: Policy) -> Shown:
    """Return the test of a verdict."""
    expected = verdict.expected
    heap = exact(expected.calls, policy) if expected is not None and not _passed(verdict) else None
    rules = judged_rules(verdict.test.rules, policy)
    return Shown(TestResult.of(verdict), rules, expected, heap, verdict.found)


def _passed(result: Verdict | TestResult) -> bool:
    return result.outcome is Outcome.PASSED


@dataclass(frozen=True, slots=True)
class Drawing:
    """Two traces side by side, or one alone, and their heaps."""

    ident: str
    runs: list[Run]
    end: Row
    titles: tuple[str, ...]
    data: str


def render_check(
    title: str,
    facts: Sequence[str],
    told: Told,
    tests: Sequence[Shown],
    style: Sequence[str] = (),
    digest: str = "",
) -> str:
    """Return the page of a library's results. ``facts`` are lines such as the points, ``style``
    those about its style, and ``digest`` stands in the page for all that it shows."""
    return _render(
        "check.html",
        title=printable(title),
        facts=[printable(fact) for fact in facts],
        told=told,
        pointers=told.pointers(),
        tests=[_test(number, test) for number, test in enumerate(tests, 1)],
        legend=tr(LEGEND),
        remarks=[printable(line) for line in style],
        digest=digest,
    )


def render_index(rows: Sequence[Mapping[str, object]]) -> str:
    """Return the page that lists submissions."""
    return _render("index.html", title="osmem: submissions", rows=rows)


def render_pairs(title: str, facts: Sequence[str], pairs: Sequence[Mapping[str, object]]) -> str:
    """Return the page of pairs of similar submissions."""
    return _render("similar.html", title=title, facts=facts, pairs=pairs)


def render_traces(title: str, facts: Sequence[str], traces: Mapping[str, Trace]) -> str:
    """Return the page of one trace, or of two to compare, by their titles."""
    sides = [Side(printable(name), observed(trace.calls)) for name, trace in traces.items()]
    first, last = list(traces.values())[0], list(traces.values())[-1]
    return _render(
        "traces.html",
        title=printable(title),
        facts=[printable(fact) for fact in facts],
        drawing=_draw("trace", first, last, sides),
    )


def _test(number: int, test: Shown) -> dict[str, Any]:
    result = test.result
    return {
        "number": number,
        "name": printable(result.name),
        "outcome": tr(result.outcome),
        "passed": _passed(result),
        "points": result.points,
        "max_points": result.max_points,
        "reason": printable_lines(result.reason),
        "advice": printable_lines(result.advice),
        "line": result.line,
        "rules": [(name, tr(sentence)) for name, sentence in test.rules],
        "drawing": None if _passed(result) else test.drawn or draw(test),
    }


def draw(test: Shown) -> Markup | None:
    """Return the traces of a test side by side, and their heaps; None if none was found."""
    if test.found is None:
        return None
    sides = [Side(tr("observed"), observed(test.found.calls))]
    if test.heap is not None:
        sides.insert(0, Side(tr("expected"), test.heap))
    ident = printable(test.result.name)
    drawing = _draw(ident, test.expected or test.found, test.found, sides)
    made: Markup = _environment().get_template("drawing.html").module.draw(drawing, 4)
    return made


def _draw(ident: str, expected: Trace, found: Trace, sides: Sequence[Side]) -> Drawing:
    both = pairs(expected, found)
    return Drawing(
        ident,
        runs(both),
        end_row(expected, found),
        tuple(side.title for side in sides),
        pack(both, sides),
    )


@cache
def _environment() -> Any:
    """Return what makes pages of templates."""
    import jinja2  # a batch needs it when all is graded, when there is room for its 2 MiB

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = tr
    return environment


# ---- The page ------------------------------------------------------------------------------------


def templates_digest() -> str:
    """Return a digest of all that pages are made with, except of programs."""
    files = sorted(path for path in _FOLDER.iterdir() if path.is_file())
    content = b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)
    return hashlib.sha256(content).hexdigest()


def has_digest(page: Path, digest: str) -> bool:
    """Whether there is a page, and it was made with this digest."""
    if not page.is_file():
        return False
    with page.open("rb") as file:
        return f'content="{digest}"'.encode() in file.read(_HEAD_BYTES)


def _render(template: str, *, digest: str = "", **values: object) -> str:
    page: str = (
        _environment()
        .get_template(template)
        .render(
            digest=digest,
            locale=language(),
            content_policy=_content_policy(),
            style=Markup(_own("page.css")),
            scripts=list(map(Markup, _scripts())),
            words=_words(),
            **values,
        )
    )
    return page


@cache
def _content_policy() -> str:
    """Return what a browser is to allow a page."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_digest(_own('page.css'))}",
            f"script-src {' '.join(map(_digest, _scripts()))}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _scripts() -> list[str]:
    return list(map(_own, _SCRIPTS))


def _words() -> dict[str, str]:
    """Return what scripts say in the language of the audience, where it is another."""
    return {text: tr(text) for text in _said() if tr(text) != text}


@cache
def _said() -> Sequence[str]:
    """Return all that scripts say."""
    return [text for script in _scripts() for text in _SAID.findall(script)]


@cache
def _own(name: str) -> str:
    """Return a file of the page: it is ours, and needs no escaping."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Return the source expression that allows an inline script or style with this text."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
