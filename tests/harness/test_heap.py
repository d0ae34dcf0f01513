"""The heap over time: exact on the expected side, and no more than was seen on the observed one."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.execution.build import ROOT
from harness.heap.exact import exact
from harness.heap.observed import observed
from harness.heap.state import Block, State, Step, Use
from harness.heap.timeline import Timeline
from harness.specification.model import follow
from harness.specification.policy import Policy
from harness.suite import load_suite
from harness.trace.file import read_trace_file
from harness.trace.text import read_trace
from harness.trace.trace import Trace

SUITE = load_suite(ROOT / "tests" / "suite.toml")
REFERENCES = [test.reference for test in SUITE.tests]


def trace(*lines: str) -> Trace:
    return read_trace((*lines, "exit 0"), "a trace")


def shown(state: State) -> list[tuple[int, int, Use, int]]:
    return [(b.offset, b.size, b.use, b.call) for b in state.heap]


def test_a_block_is_split_and_freed() -> None:
    calls = trace(
        "os_malloc(1000) = heap+0x20",
        "  sbrk(131072) = heap+0x0",
        "os_free(heap+0x20)",
        "os_malloc(100) = heap+0x20",
    ).calls
    heap = exact(calls, Policy())
    assert heap.is_exact
    assert shown(heap.at(0)) == []
    assert shown(heap.at(1)) == [(32, 1000, Use.USED, 1), (1064, 130008, Use.FREE, 1)]
    assert shown(heap.at(2)) == [(32, 131040, Use.FREE, 2)]
    assert shown(heap.at(3)) == [(32, 104, Use.USED, 3), (168, 130904, Use.FREE, 3)]
    assert [heap.at(n).end for n in range(4)] == [0, 131072, 131072, 131072]
    assert [g.size for g in heap.at(1).grown] == [131072] and heap.at(2).grown == ()


def test_only_what_was_handed_out_or_given_back_is_observed() -> None:
    calls = trace(
        "os_malloc(1000) = heap+0x20",
        "  sbrk(131072) = heap+0x0",
        "os_free(heap+0x20)",
        "os_malloc(100) = heap+0x90",
    ).calls
    heap = observed(calls)
    assert not heap.is_exact
    assert shown(heap.at(1)) == [(32, 1000, Use.USED, 1)]
    assert shown(heap.at(2)) == [(32, 1000, Use.INFERRED, 2)]
    assert shown(heap.at(3)) == [
        (32, 112, Use.INFERRED, 2),
        (144, 100, Use.USED, 3),
        (244, 788, Use.INFERRED, 2),
    ]


def test_a_mapping_comes_and_goes() -> None:
    calls = trace(
        "os_malloc(200000) = map1+0x20",
        "  mmap(NULL, 200032, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = map1",
        "os_free(map1+0x20)",
        "  munmap(map1, 200032) = 0",
    ).calls
    for heap in (exact(calls, Policy()), observed(calls)):
        assert [(m.number, m.length) for m in heap.at(1).mappings] == [(1, 200032)]
        assert [(b.mapping, b.offset, b.size) for b in heap.at(1).blocks] == [(1, 32, 200000)]
        assert heap.at(2) == State((), (), 0, ())


@pytest.mark.parametrize("path", REFERENCES, ids=[test.name for test in SUITE.tests])
def test_the_exact_heap_is_that_of_the_model(path: Path) -> None:
    calls = read_trace_file(path).calls
    heap = exact(calls, SUITE.policy)
    for state, (_, model) in zip(heap.states(), follow(calls, SUITE.policy)):
        assert [(b.offset, b.size, b.use is Use.FREE) for b in state.heap] == [
            (b.pointer.offset, b.size, b.free) for b in model.heap()
        ]
        assert state.end == model.heap_end
        assert len(state.mappings) == len(model.state().mappings)


@pytest.mark.parametrize("path", REFERENCES, ids=[test.name for test in SUITE.tests])
def test_what_is_observed_of_a_right_allocator_is_so(path: Path) -> None:
    calls = read_trace_file(path).calls
    for seen, known in zip(observed(calls).states(), exact(calls, SUITE.policy).states()):
        assert seen.end == known.end
        assert [m.length for m in seen.mappings] == [m.length for m in known.mappings]
        used = {b.place: b.size for b in known.blocks if b.use is Use.USED}
        assert {b.place for b in _used(seen)} == set(used)
        assert all(b.size <= used[b.place] for b in _used(seen))
        for one, other in zip(seen.blocks, seen.blocks[1:]):
            assert one.mapping != other.mapping or one.end <= other.offset


def _used(state: State) -> list[Block]:
    return [block for block in state.blocks if block.use is Use.USED]


def test_a_state_far_into_a_trace_is_the_one_that_its_steps_lead_to() -> None:
    steps = tuple(
        Step(n, ((0, n - 5),) if n > 5 else (), (Block(0, n, 1, Use.USED, n),))
        for n in range(1, 4001)
    )
    heap = Timeline(steps)
    for calls in (3500, 1000, 999, 4000, 0):
        expected = [n for n in range(max(calls - 4, 1), calls + 1)]
        assert [block.offset for block in heap.at(calls).blocks] == expected
