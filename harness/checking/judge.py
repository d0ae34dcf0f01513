"""From a run to a verdict."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.trace.compare import Difference, first_difference
from harness.trace.judged import View, judged_parts
from harness.checking.constants import with_names
from harness.checking.explain import what_differs, why
from harness.checking.judgement import Judgement
from harness.checking.printed import first_line
from harness.specification.invariants import Findings, Problem, find_problems
from harness.specification.policy import Policy
from harness.specification.rules import FREEING
from harness.execution.limits import Excess, Limits
from harness.checking.run import Run
from harness.checking.tampering import judge_tampering
from harness.suite import Test
from harness.trace.trace import How, Phase, Trace
from harness.results.verdict import Outcome, Verdict

_SYMBOL_LOOKUP_FAILED = 127
"""The exit status the dynamic linker gives where a function is missing."""


def _where(trace: Trace) -> str:
    """The place a run ended at."""
    number = len(trace.calls)
    if trace.end.inside:
        return f"inside {trace.end.inside}, call {number} of the program"
    if number == 0:
        return "before the first call"
    return f"outside the allocator, after call {number} of the program, {trace.calls[-1].head}"


def _last_words(run: Run) -> str:
    """What the program printed in the call that it ended in, or outside of calls."""
    inside = bool(run.trace.end.inside)
    last = [each for each in run.printed if each.call == (len(run.trace.calls) if inside else 0)]
    line = first_line(last, inside)
    return f": {line}" if line else ""


def _judge_end(test: Test, run: Run, limits: Limits) -> Judgement | None:
    """Whether the program came to an end of its own, outside of the allocator."""
    end, where = run.trace.end, _where(run.trace)
    if run.audit.spawned:
        return Judgement(
            Outcome.CRASHED,
            "started another process or thread",
            "an allocator works in the process that calls it",
        )
    match run.finished.excess:
        case Excess.PROCESSOR:
            return Judgement(
                Outcome.TIMEOUT,
                f"used more than {limits.processor_seconds:g} s of processor time, {where}",
                "look for a loop over the list of blocks that does not end",
            )
        case Excess.SLEEP:
            return Judgement(
                Outcome.TIMEOUT,
                f"slept for more than {limits.sleep_seconds:g} s, {where}",
                "look for a lock that is taken twice, or a call that waits",
            )
        case Excess.TRACER:
            return Judgement(
                Outcome.TIMEOUT,
                f"kept the tracer busy for more than {limits.tracer_seconds:g} s, {where}",
                "look for a loop that makes system calls without end",
            )
        case Excess.WALL:
            return Judgement(
                Outcome.TIMEOUT,
                f"not ended within {limits.seconds} s, {where}",
                "look for a loop that makes system calls without end",
            )
        case Excess.MEMORY:
            return Judgement(
                Outcome.CRASHED, f"killed for using more than {limits.memory_mib} MiB, {where}"
            )
        case Excess.OUTPUT:
            return Judgement(
                Outcome.CRASHED, f"killed for writing more than {limits.file_mib} MiB, {where}"
            )
    if run.finished.too_much_output:
        return Judgement(
            Outcome.TIMEOUT,
            f"its trace grew over {limits.file_mib} MiB, {where}",
            "look for a loop that makes calls without end",
        )
    if run.finished.status < 0:
        return Judgement(
            Outcome.CRASHED,
            f"the tracer was killed by {signal.Signals(-run.finished.status).name}, {where}",
            "a program has no business with the processes around it",
        )
    match end.how:
        case How.KILLED if end.detail == "SIGXFSZ":
            return Judgement(
                Outcome.CRASHED, f"killed for writing more than {limits.file_mib} MiB, {where}"
            )
        case How.KILLED:
            return Judgement(Outcome.CRASHED, f"killed by {end.detail} {where}{_last_words(run)}")
        case How.EXEC:
            return Judgement(Outcome.CRASHED, f"became another program by exec() {where}")
        case How.CUT_SHORT:
            return Judgement(
                Outcome.SKIPPED,
                f"the tracer stopped {where}, with status {run.finished.status}",
                first_line(run.printed, inside=False),
            )
        case How.EXIT if end.detail == _SYMBOL_LOOKUP_FAILED and run.missing:
            return Judgement(
                Outcome.NOT_BUILT, f"libosmem.so does not define {', '.join(run.missing)}"
            )
        case How.EXIT if end.inside:
            reason = f"exit with status {end.detail} {where}{_last_words(run)}"
            return Judgement(Outcome.CRASHED, reason)
    return None


def _judge_problems(outcome: Outcome, trace: Trace, problems: tuple[Problem, ...]) -> Judgement:
    number = problems[0].call
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    head = trace.calls[number - 1].head
    reason = f"call {number} of the program, {head}: {problems[0].text}{more}"
    return Judgement(outcome, reason, call=number)


def _judge_memory(
    test: Test, run: Run, expected: Trace | None, findings: Findings
) -> Judgement | None:
    """Whether the memory handed out was right: first what the trace says of it, then what the
    program found in it."""
    status = run.trace.end.detail
    if findings.invalid and not _differs_before(expected, run.trace, findings.invalid[0].call):
        return _judge_problems(Outcome.INVALID, run.trace, findings.invalid)
    if status != 0:
        return Judgement(
            Outcome.INVALID,
            first_line(run.printed, inside=False)
            or f"exit with status {status}, {_where(run.trace)}",
            f"the test's program checks its memory, see {test.snippet}",
        )
    if len(findings.leaked) > test.leaks and judges_freeing(test):
        return _judge_problems(Outcome.LEAKED, run.trace, findings.leaked)
    return None


def _differs_before(expected: Trace | None, found: Trace, call: int) -> bool:
    """Whether the traces part in an earlier call: what is wrong later mostly follows from that."""
    difference = _first_difference(expected, found) if expected is not None else None
    if difference is None or difference.found is None:
        return False
    return View(found).start + difference.call < call


def judges_freeing(test: Test) -> bool:
    """Whether a leak fails a test: it does where memory is given back by a rule of the test's, and
    where no rules are named."""
    return not test.rules or bool(test.rules & FREEING)


def _judge_difference(
    test: Test, expected: Trace | None, found: Trace, policy: Policy
) -> Judgement | None:
    if expected is None:
        return Judgement(
            Outcome.SKIPPED,
            f"there is no reference {test.reference}",
            "record it with ./checker.py record",
        )
    expected, found = _as_far_as_reached(expected, found)
    difference = _first_difference(expected, found)
    if difference is None:
        return None
    return Judgement(
        Outcome.DIFFERS,
        what_differs(difference),
        why(difference, expected, policy),
        View(found).start + difference.call if difference.found is not None else 0,
    )


def _first_difference(expected: Trace, found: Trace) -> Difference | None:
    """The first difference of the judged parts."""
    left, right = judged_parts(expected, found)
    return first_difference(left.parts(), right.parts())


def _as_far_as_reached(expected: Trace, found: Trace) -> tuple[Trace, Trace]:
    """Return the traces without their phases, if the run did not come to the judged part."""
    if found.before(Phase.JUDGED) is None:
        return replace(expected, marks=()), replace(found, marks=())
    return expected, found


def judge(test: Test, expected: Trace | None, run: Run, policy: Policy, limits: Limits) -> Verdict:
    """Looks at how the run ended, then at the memory, at the reference and at what the program has
    checked; the first that is not as it should be decides."""
    passed = Verdict(
        test,
        Outcome.PASSED,
        expected=expected,
        found=run.trace,
        oddities=tuple(_oddities(run)),
        printed=run.printed,
    )
    tries: tuple[Callable[[], Judgement | None], ...] = (
        lambda: _judge_end(test, run, limits),
        lambda: _judge_memory(test, run, expected, find_problems(run.trace, policy.alignment)),
        lambda: _judge_difference(test, expected, run.trace, policy),
        lambda: judge_tampering(expected, run),
    )
    for attempt in tries:
        if judgement := attempt():
            advice = judgement.advice
            if judgement.outcome not in (Outcome.DIFFERS, Outcome.SKIPPED):
                advice = "\n".join(filter(None, (advice, _earlier(expected, run.trace, policy))))
            return replace(
                passed,
                outcome=judgement.outcome,
                reason=with_names(judgement.reason),
                advice=with_names(advice),
                call=judgement.call or len(run.trace.calls),
            )
    return passed


def _oddities(run: Run) -> Iterator[str]:
    """What a person should look at, though it costs no points by itself."""
    yield from run.audit.oddities
    if run.links_oddly:
        yield "its library runs code, or writes outside of its own memory, while it is linked"
    if run.foreign is not None:
        yield run.foreign.what


def _earlier(expected: Trace | None, found: Trace, policy: Policy) -> str:
    """Where a run that went wrong in another way parted from the reference; empty where it did not,
    or only by ending early."""
    if expected is None:
        return ""
    expected, found = _as_far_as_reached(expected, found)
    difference = _first_difference(expected, found)
    if difference is None:
        return ""
    if difference.found is None or not difference.found.finished:
        return ""
    where = f"the traces part at {what_differs(difference)}"
    return "\n".join(filter(None, (where, why(difference, expected, policy))))
