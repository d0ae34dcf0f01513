"""What the specification has for the calls of references and of examples.

The model computes it. A kit for students has no model: there, a file beside this one holds what the
model said when the kit was made, of the references and the examples, and nothing is known of other
calls.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from harness.specification.policy import Policy
from harness.specification.steps import HeapBlock, Played, State, Statement, Step
from harness.trace.text import read_parts
from harness.trace.trace import Address, Call

_FILE = Path(__file__).with_name("answers.json.gz")
_Values = dict[str, Any]


def follow(calls: Sequence[Call], policy: Policy) -> list[tuple[Step, State]]:
    """Return the step that the specification has for each call, and the memory after it; no steps
    if nothing is known of these calls."""
    if _FILE.is_file():
        return [_followed(values) for values in _recorded().get(_key(calls, policy), [])]
    # A kit does without this module.
    from harness.specification import model

    return [(step, state.state()) for step, state in model.follow(calls, policy)]


def play(program: Sequence[str], policy: Policy) -> list[Played]:
    """Return what the specification has for each statement of an example; no statements if nothing
    is known of it. `harness.specification.program` describes the operations."""
    if _FILE.is_file():
        return [_played(values) for values in _recorded().get(_program_key(program, policy), [])]
    from harness.specification import program as programs

    return programs.play(program, policy)


def record(
    references: Iterable[Sequence[Call]], examples: Iterable[Sequence[str]], policy: Policy
) -> bytes:
    """Return the content of the file, for a kit with these references and examples."""
    answers = {
        _key(calls, policy): [_step_values(step) | _state_values(s) for step, s in steps]
        for calls, steps in ((calls, follow(calls, policy)) for calls in references)
    }
    for program in examples:
        answers[_program_key(program, policy)] = list(map(_played_values, play(program, policy)))
    return gzip.compress(json.dumps(answers, separators=(",", ":")).encode(), mtime=0)


@cache
def _recorded() -> dict[str, list[_Values]]:
    answers: dict[str, list[_Values]] = json.loads(gzip.decompress(_FILE.read_bytes()))
    return answers


def _key(calls: Iterable[Call], policy: Policy) -> str:
    return _digest(policy, [line for call in calls for line in call.lines()])


def _program_key(program: Iterable[str], policy: Policy) -> str:
    return _digest(policy, program)


def _digest(policy: Policy, lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join((repr(policy), *lines)).encode()).hexdigest()


# ---- As values of JSON ---------------------------------------------------------------------------


def _step_values(step: Step) -> _Values:
    return {"call": list(step.call.lines()), "why": step.why, "failed": step.failed}


def _state_values(state: State) -> _Values:
    return {
        "blocks": [(block.pointer.offset, block.size, block.free) for block in state.blocks],
        "end": state.end,
        "mappings": [(p.mapping, p.offset, size) for p, size in state.mappings.items()],
    }


def _played_values(played: Played) -> _Values:
    step = played.statement.step
    return {
        "text": played.statement.text,
        "step": step and _step_values(step),
        "names": [(p.mapping, p.offset, name) for p, name in played.names.items()],
        **_state_values(played.state),
    }


def _step(values: _Values) -> Step:
    call = next(read_parts([*values["call"], "exit 0"], str(_FILE)))
    assert isinstance(call, Call)
    return Step(call, values["why"], values["failed"])


def _state(values: _Values) -> State:
    return State(
        tuple(HeapBlock(Address(offset), size, free) for offset, size, free in values["blocks"]),
        values["end"],
        {Address(offset, number): size for number, offset, size in values["mappings"]},
    )


def _followed(values: _Values) -> tuple[Step, State]:
    return _step(values), _state(values)


def _played(values: _Values) -> Played:
    statement = Statement(values["text"], values["step"] and _step(values["step"]))
    names = {Address(offset, number): name for number, offset, name in values["names"]}
    return Played(statement, _state(values), names)
