"""From a run to a verdict."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, replace

from harness.trace.compare import Difference, first_difference
from harness.trace.judged import View, judged_parts
from harness.checking.explain import what_differs, why
from harness.specification.invariants import Findings, Problem, find_problems
from harness.specification.policy import Policy
from harness.specification.rules import FREEING
from harness.execution.process import Excess, Limits
from harness.checking.run import Run
from harness.suite import Test
from harness.trace.trace import How, Phase, Trace
from harness.results.verdict import Outcome, Verdict

_SYMBOL_LOOKUP_FAILED = 127
"""The exit status the dynamic linker gives where a function is missing."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome other than passed, with its reason and advice."""

    outcome: Outcome
    reason: str
    advice: str = ""


def _where(trace: Trace) -> str:
    """The place a run ended at."""
    number = len(trace.calls)
    if trace.end.inside:
        return f"inside {trace.end.inside}, call {number}"
    if number == 0:
        return "before the first call"
    return f"outside the allocator, after call {number}, {trace.calls[-1].head}"


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
            stderr = f": {run.stderr_line}" if run.stderr_line else ""
            return Judgement(Outcome.CRASHED, f"killed by {end.detail} {where}{stderr}")
        case How.EXEC:
            return Judgement(Outcome.CRASHED, f"became another program by exec() {where}")
        case How.CUT_SHORT:
            return Judgement(
                Outcome.SKIPPED,
                f"the tracer stopped {where}, with status {run.finished.status}",
                run.stderr_line,
            )
        case How.EXIT if end.detail == _SYMBOL_LOOKUP_FAILED and run.missing:
            return Judgement(
                Outcome.NOT_BUILT, f"libosmem.so does not define {', '.join(run.missing)}"
            )
        case How.EXIT if end.inside:
            stderr = f": {run.stderr_line}" if run.stderr_line else ""
            return Judgement(Outcome.CRASHED, f"exit with status {end.detail} {where}{stderr}")
    return None


def _describe(trace: Trace, problems: tuple[Problem, ...]) -> str:
    number = problems[0].call
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"call {number}, {trace.calls[number - 1].head}: {problems[0].text}{more}"


def _judge_memory(
    test: Test, run: Run, expected: Trace | None, findings: Findings
) -> Judgement | None:
    """Whether the memory handed out was right: first what the trace says of it, then what the
    program found in it."""
    status = run.trace.end.detail
    if findings.invalid and not _differs_before(expected, run.trace, findings.invalid[0].call):
        return Judgement(Outcome.INVALID, _describe(run.trace, findings.invalid))
    if status != 0:
        return Judgement(
            Outcome.INVALID,
            run.stderr_line or f"exit with status {status}, {_where(run.trace)}",
            f"the test's program checks its memory, see {test.snippet}",
        )
    if len(findings.leaked) > test.leaks and judges_freeing(test):
        return Judgement(Outcome.LEAKED, _describe(run.trace, findings.leaked))
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
    phases = expected.marks
    expected, found = _as_far_as_reached(expected, found)
    difference = _first_difference(expected, found)
    if difference is None:
        return None
    where = "" if phases else f"line {difference.line}, "
    return Judgement(
        Outcome.DIFFERS, where + what_differs(difference), why(difference, expected, policy)
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
    """Looks at how the run ended, then at the memory, then at the reference; the first that is not
    as it should be decides."""
    tries: tuple[Callable[[], Judgement | None], ...] = (
        lambda: _judge_end(test, run, limits),
        lambda: _judge_memory(test, run, expected, find_problems(run.trace, policy.alignment)),
        lambda: _judge_difference(test, expected, run.trace, policy),
    )
    for attempt in tries:
        if judgement := attempt():
            advice = judgement.advice
            if judgement.outcome not in (Outcome.DIFFERS, Outcome.SKIPPED):
                advice = "\n".join(filter(None, (advice, _earlier(expected, run.trace, policy))))
            return Verdict(
                test,
                judgement.outcome,
                judgement.reason,
                advice,
                expected,
                run.trace,
                run.audit.oddities,
            )
    return Verdict(
        test, Outcome.PASSED, expected=expected, found=run.trace, oddities=run.audit.oddities
    )


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
    where = f"the traces part at line {difference.line}, {what_differs(difference)}"
    return "\n".join(filter(None, (where, why(difference, expected, policy))))
