"""Random programs of calls, and the steps of the model for them."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from random import Random

from hypothesis import strategies as st

from driver import UNTOUCHED, Driver
from harness.specification.machine import Machine
from harness.specification.model import Model, Step
from harness.specification.operations import LETTERS, ModelPlayer, Operation
from harness.specification.policy import Policy
from harness.trace.trace import Address, End, How

POLICIES = {
    "default": Policy(),
    "classic": Policy(prealloc_calloc=131072),
    "odd": Policy(mmap_threshold=3000, calloc_threshold=500, prealloc_malloc=0, alignment=16),
    "tight": Policy(prealloc_malloc=40, prealloc_calloc=72),
}

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

_FUNCTIONS = {letter: function for function, letter in LETTERS.items()} | {
    "d": "os_free",
    "g": "os_free",
}
"""The function that an operation calls, or calls first."""


def play_on_model(
    operations: Sequence[str], policy: Policy, machine: Machine = Machine()
) -> list[Step]:
    """Return the steps of the model for a program."""
    parsed = [(line[0], [int(word) for word in line[1:].split()]) for line in operations]
    model = Model(policy, {args[0] for name, args in parsed if name == "x"}, machine)
    player = ModelPlayer(model)
    steps: list[Step] = []
    for name, (slot, *sizes) in parsed:
        pointer = player.pointer(slot)
        in_heap = isinstance(pointer, Address) and pointer.mapping is None
        if name == "b":
            model.move_break(slot)
        elif name in _FUNCTIONS:
            steps.append(player.play(Operation(_FUNCTIONS[name], slot, tuple(sizes))))
        if name == "d" and in_heap:
            steps.append(model.os_free(pointer))
        elif name == "g" and in_heap:
            steps.append(model.os_realloc(pointer, 100))
    return steps


def expected_errnos(steps: Sequence[Step]) -> list[int]:
    """Return the value of errno after each step: a call that succeeds does not change it."""
    return [errno.ENOMEM if step.failed else UNTOUCHED for step in steps]


def assert_agreement(
    driver: Driver, program: Sequence[str], policy: Policy, machine: Machine = Machine()
) -> None:
    """Assert that the allocator does what the model does."""
    report = driver.play(program)
    steps = play_on_model(program, policy, machine)
    assert report.wrong == []
    assert list(report.trace.calls) == [step.call for step in steps]
    assert report.trace.end == End(How.EXIT, 0)
    assert report.errnos == expected_errnos(steps)
