"""Pages of two tests, one of which fails."""

from __future__ import annotations

from dataclasses import replace

from harness.execution.build import ROOT
from harness.heap.exact import exact
from harness.reports.diagnosis import Told
from harness.reports.html_page import Shown, render_check
from harness.results.diagnosis import Diagnosis, Observation
from harness.results.grade import TestResult
from harness.results.verdict import Outcome
from harness.specification.policy import Policy
from harness.specification.rules import judged_rules
from harness.suite import load_suite
from harness.trace.file import read_trace_file
from harness.trace.judged import View
from harness.trace.trace import Address, End, How, Trace

SUITE = load_suite(ROOT / "tests" / "suite.toml").select(("malloc-split-last", "malloc-arrays"))
PASSED, FAILED = SUITE.tests[0], SUITE.tests[1]


def failed(trace: Trace, at: int) -> Trace:
    """A trace in which a call returns another address."""
    call = trace.calls[at]
    assert isinstance(call.result, Address)
    other = replace(call, result=Address(call.result.offset + 4096))
    return replace(trace, calls=(*trace.calls[:at], other, *trace.calls[at + 1 :]))


def page(text: str = "a reason", title: str = "a title", tests: int = 1) -> str:
    """The page of a passed test, and of some that fail in the first call of their judged part."""
    expected = read_trace_file(FAILED.reference)
    found = failed(expected, View(expected).start)
    found = replace(found, end=End(How.EXIT, 0, text)) if text != "a reason" else found
    results = [
        TestResult(PASSED.name, Outcome.PASSED, 2, 2, "", "", ""),
        TestResult(FAILED.name, Outcome.DIFFERS, 0, 2, text, text, ""),
    ]
    observed = (Observation(text, "", (FAILED.name,)),)
    told = Told(Diagnosis(unexplained=(FAILED.name,), observed=observed, known=1), results)
    shown = [
        Shown(results[0], judged_rules(PASSED.rules, Policy()), None, None, None),
        *[
            Shown(
                results[1],
                judged_rules(FAILED.rules, Policy()),
                expected,
                exact(expected.calls, Policy()),
                found,
            )
        ]
        * tests,
    ]
    return render_check(title, ["2 of 4 points"], told, shown)
