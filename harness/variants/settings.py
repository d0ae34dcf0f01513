"""The settings of a variant: parsed, and checked to make sense together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from random import Random
from typing import Any

from harness.errors import UserError
from harness.specification.policy import ALIGNMENTS, CHOICES, POLICY_KEYS, Policy, problem_of

_LEAST_MMAP_THRESHOLD, _MOST_MMAP_THRESHOLD = 32 * 1024, 16 * 1024 * 1024
_LEAST_CALLOC_THRESHOLD = 4096
_LEAST_PREALLOCATION = 4096
_MOST_SMALLEST_REST = 128
_STUDENT = re.compile(r"[\w@+-][\w.@+-]*")
_WHOLE_NUMBER = re.compile(r"0x[0-9a-fA-F]+|0|[1-9][0-9]*")
_STEP = 1024
"""What sizes that are drawn are multiples of."""


def parse_settings(settings: Sequence[str], base: Policy) -> Policy:
    """Return a policy with settings of the form KEY=VALUE that test programs can be made for.
    Raises `UserError`."""
    values = asdict(base)
    for setting in settings:
        key, _, text = setting.partition("=")
        if key not in POLICY_KEYS:
            close = get_close_matches(key, POLICY_KEYS, n=1)
            hint = f"did you mean {close[0]}?" if close else ""
            known = ", ".join(POLICY_KEYS)
            raise UserError(f"--set {setting}: expected one of {known}, found {key!r}", hint)
        values[key] = text if key in CHOICES else _number(setting, text)
    policy = Policy(**values)
    if problem := problem_of(policy) or _problem_of_programs(policy):
        raise UserError(f"--set {problem}")
    return policy


def _number(setting: str, text: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise UserError(f"--set {setting}: expected a whole number, found {text!r}")
    return int(text, 0)


def _problem_of_programs(policy: Policy) -> str:
    """Return why the test programs can't be made for a policy; empty if they can."""
    threshold, step = policy.mmap_threshold, policy.alignment
    calloc = policy.calloc_threshold
    sizes = {
        "mmap_threshold": (threshold, _LEAST_MMAP_THRESHOLD, _MOST_MMAP_THRESHOLD),
        "calloc_threshold": (calloc, _LEAST_CALLOC_THRESHOLD, threshold),
        "prealloc_malloc": (policy.prealloc_malloc, _LEAST_PREALLOCATION, threshold),
        "prealloc_calloc": (policy.prealloc_calloc, _LEAST_PREALLOCATION, threshold),
    }
    for key, (size, least, most) in sizes.items():
        if size == 0 and key.startswith("prealloc"):
            continue
        if not least <= size <= most or size % step:
            none = "0, or " if key.startswith("prealloc") else ""
            return (
                f"{key}: expected {none}a multiple of {step} from {least} to {most}, found {size}"
            )
    if policy.smallest_rest > _MOST_SMALLEST_REST:
        return f"smallest_rest: expected 1 to {_MOST_SMALLEST_REST}, found {policy.smallest_rest}"
    return ""


def read_students(path: Path) -> list[str]:
    """Return the students that a file names, one a line. Raises `UserError`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: can't be read: {error}") from error
    students = [line.strip() for line in lines if line.strip()]
    for number, student in enumerate(students, 1):
        if not _STUDENT.fullmatch(student):
            raise UserError(
                f"{path}: student {number}: expected a name that a folder can have, of letters,"
                f" digits and ._@+-, found {student!r}"
            )
    if len(set(students)) < len(students) or not students:
        raise UserError(f"{path}: expected students, each once, found {len(students)} lines")
    return students


def draw_policy(policy: Policy, kept: Sequence[str], seed: str, student: str) -> Policy:
    """Return a student's own numbers: the same for the same seed. The settings in ``kept`` stay,
    and so do choices."""
    random = Random(f"{seed} {student}")
    threshold = random.randrange(64 * 1024, 256 * 1024 + 1, 4 * _STEP)
    drawn: dict[str, Any] = {
        "mmap_threshold": threshold,
        "prealloc_malloc": threshold - _STEP * random.randrange(0, 16),
        "calloc_threshold": random.randrange(4 * _STEP, 16 * _STEP + 1, _STEP),
        "prealloc_calloc": random.randrange(4 * _STEP, 16 * _STEP + 1, _STEP),
        "alignment": random.choice(ALIGNMENTS),
        "smallest_rest": random.choice((8, 16, 32, 48, 64)),
    }
    own = Policy(**(asdict(policy) | {k: n for k, n in drawn.items() if k not in kept}))
    if problem := problem_of(own) or _problem_of_programs(own):
        raise UserError(f"{student}: {problem}", "give fewer settings by --set")
    return own
