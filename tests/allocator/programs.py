"""Random programs of calls, and the steps of the model for them."""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from random import Random

from hypothesis import strategies as st

from driver import UNTOUCHED, Driver
from harness.specification.machine import Machine
from harness.specification.policy import ALIGNMENTS, CHOICES, Policy, problem_of
from harness.specification.program import ProgramPlayer
from harness.specification.steps import Step
from harness.trace.trace import End, How

POLICIES = {
    "default": Policy(),
    "classic": Policy(prealloc_calloc=131072),
    "odd": Policy(mmap_threshold=3000, calloc_threshold=500, prealloc_malloc=0, alignment=16),
    "trimming": Policy(trim=1000),
    "tight": Policy(prealloc_malloc=40, prealloc_calloc=72),
}

variants = st.builds(
    Policy,
    mmap_threshold=st.sampled_from([3000, 65536, 131072]),
    calloc_threshold=st.sampled_from([500, 4096, 131072]),
    prealloc_malloc=st.sampled_from([0, 72, 4096, 131072]),
    prealloc_calloc=st.sampled_from([0, 72, 4096]),
    alignment=st.sampled_from(ALIGNMENTS),
    trim=st.sampled_from([0, 0, 1, 1000]),
    smallest_rest=st.sampled_from([1, 8, 16, 24, 128, 1024]),
    fit=st.sampled_from(CHOICES["fit"]),
    order=st.sampled_from(CHOICES["order"]),
    merge=st.sampled_from(CHOICES["merge"]),
).filter(lambda policy: not problem_of(policy))
"""Policies of any kind."""

_SLOTS = 6
_slots = st.integers(0, _SLOTS - 1)
_sizes = st.one_of(
    st.integers(0, 200),
    st.integers(0, 5000),
    st.sampled_from([4024, 4064, 4065, 4072, 8192, 131032, 131040, 131041, 131048, 200_000]),
    st.integers(0, 140_000),
    st.sampled_from([2**62, 2**64 - 1, 2**64 - 8, 2**64 - 32, 2**64 - 40]),
)
_counts = st.one_of(st.integers(0, 20), st.sampled_from([2**62, 2**63]))


def _call(sizes: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("m {} {}".format, _slots, sizes),
        st.builds("m {} {}".format, _slots, sizes),
        st.builds("c {} {} {}".format, _slots, _counts, sizes),
        st.builds("r {} {}".format, _slots, sizes),
        st.builds("r {} {}".format, _slots, sizes),
        st.builds("f {}".format, _slots),
        st.builds("f {}".format, _slots),
        st.builds("d {}".format, _slots),
        st.builds("g {}".format, _slots),
        st.builds("b {}".format, st.integers(1, 5000)),
    )


programs = st.one_of(
    st.lists(_call(_sizes), max_size=40), st.lists(_call(st.integers(0, 200)), max_size=40)
)
"""Operations as driver.c reads them, on few slots, so that blocks are reused and resized."""


def _crowd(seed: int) -> list[str]:
    """Return calls on many slots, with few sizes: many blocks of the same size are free at the same
    time, which makes the index of them deep."""
    random = Random(seed)
    sizes = random.sample(range(1, 6000), 3) + random.sample(range(1, 200), 3)
    operations = []
    for _ in range(150):
        name, slot = random.choice("mmmfffr"), random.randrange(60)
        operations.append(f"{name} {slot}" + ("" if name == "f" else f" {random.choice(sizes)}"))
    return operations


crowds = st.builds(_crowd, st.integers(0, 2**64 - 1))


def play_on_model(
    operations: Sequence[str], policy: Policy, machine: Machine = Machine()
) -> list[Step]:
    """Return the steps of the model for a program."""
    statements = ProgramPlayer(operations, policy, machine).play()
    return [statement.step for statement in statements if statement.step is not None]


def expected_errnos(steps: Sequence[Step]) -> list[int]:
    """Return the value of errno after each step: a call that succeeds does not change it."""
    return [errno.ENOMEM if step.failed else UNTOUCHED for step in steps]


def assert_agreement(
    driver: Driver, program: Sequence[str], policy: Policy, machine: Machine = Machine()
) -> None:
    """Assert that the allocator does what the model does.

    With a policy that trims, no block is used after it was freed: its header may be gone.
    """
    if policy.trim:
        program = [re.sub("^[dg]", "f", operation) for operation in program]
    report = driver.play(program)
    steps = play_on_model(program, policy, machine)
    assert report.wrong == []
    assert list(report.trace.calls) == [step.call for step in steps]
    assert report.trace.end == End(How.EXIT, 0)
    assert report.errnos == expected_errnos(steps)
