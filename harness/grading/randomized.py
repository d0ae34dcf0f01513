"""Tests with randomized sizes, to which a submission can't bring the answers along.

The calls of a test are repeated, in their order and on the same blocks, but with other sizes. The
model gives the expected trace. Each call is in the same situation as in the test, so that it judges
the same rule and is no harder to get right: the same block serves it in the same way, the same free
blocks are large enough, a size that is close to that of a block or to a threshold stays as close,
and a multiple of 16 stays one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import compress, takewhile
from math import gcd, prod
from random import Random

from harness.grading.script import Script, published_script
from harness.specification.model import Model
from harness.specification.operations import ModelPlayer, Operation
from harness.specification.steps import Step
from harness.specification.policy import Policy
from harness.suite import Test
from harness.trace.trace import Address, Phase, Value

_MOST_SIZES = 12
"""How many sizes of a test are drawn at most; it takes time to find out whether one will do."""
_TRIES = 2
"""How often a size is drawn, until every call is in the same situation."""
_NUMBER = re.compile(r"heap[+-]0x[0-9a-f]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class _Anchor:
    """What a size is close to: heap blocks side by side, by their places in the heap; or, if there
    are none, a threshold, and the size stays as it is."""

    blocks: tuple[int, ...] = ()
    distance: int = 0


@dataclass(frozen=True, slots=True)
class _Situation:
    """What is the same in a test and in its repetition, for one call."""

    anchor: _Anchor | None
    comparisons: tuple[bool | int, ...]
    """How its size compares with thresholds and blocks, and free blocks with one another."""
    outcome: tuple[str | bool, ...]
    """What it returns, its requests, the rules that decide, and which blocks are free then."""


class _Course:
    """The course of a script in the model."""

    def __init__(self, script: Script, policy: Policy) -> None:
        self._script = script
        self._policy = policy
        self._player = ModelPlayer(Model(policy))
        self._header = self._player.model.header
        self._close = 2 * (self._header + policy.alignment)
        self._offsets: tuple[int, ...] = ()
        self._sizes: tuple[int, ...] = ()
        self._free: tuple[bool, ...] = ()
        """Of each block of the heap: where it lies, its size, and whether it is free."""

    def begin(self, phase: Phase) -> None:
        if phase is Phase.SET_UP:
            self._script.take_up_preallocation(self._player.model)
            self._look()

    def _look(self) -> None:
        layout = self._player.model.layout()
        self._offsets, self._sizes, self._free = zip(*layout) if layout else ((), (), ())

    def resize(
        self, operation: Operation, anchor: _Anchor | None, drawn: Mapping[int, int]
    ) -> Operation:
        """Return an operation with the size that is as close to the anchor as its own is, or else
        with the one drawn for it."""
        size = total_size(operation)
        if size == 0:
            return operation
        if anchor is None:
            size = drawn[size]
        elif anchor.blocks:
            size = self._together(anchor.blocks) + anchor.distance
        count = gcd(size, *operation.sizes[:-1]) if len(operation.sizes) > 1 else 1
        sizes = (*[count] * (len(operation.sizes) - 1), size // count)
        return operation if sizes == operation.sizes else replace(operation, sizes=sizes)

    def play(self, operation: Operation) -> _Situation:
        """Play an operation, and return the situation that it was in."""
        own = self._place(self._player.pointer(operation.slot))
        size = total_size(operation)
        anchor = self._anchor(operation, size, own) if size else None
        comparisons = tuple(self._comparisons(size, own)) if size else ()
        return _Situation(anchor, comparisons, self._outcome(self.repeat(operation)))

    def repeat(self, operation: Operation) -> Step:
        """Play an operation whose situation is known."""
        step = self._player.play(operation)
        self._look()
        return step

    def _place(self, pointer: Value | None) -> int | None:
        """Return the place of a block in the heap; None if the pointer is not to one."""
        if not isinstance(pointer, Address) or pointer.mapping is not None:
            return None
        return self._offsets.index(pointer.offset) if pointer.offset in self._offsets else None

    def _together(self, places: Sequence[int]) -> int:
        """Return the size of the block that neighbours would become."""
        return sum(self._sizes[place] + self._header for place in places) - self._header

    def _rounded(self, size: int) -> int:
        return size + -size % self._policy.alignment

    def _thresholds(self) -> tuple[int, ...]:
        """Return the sizes from which a request may go elsewhere."""
        policy = self._policy
        return policy.mmap_threshold - self._header, policy.calloc_threshold - self._header

    def _anchor(self, operation: Operation, size: int, own: int | None) -> _Anchor | None:
        if any(abs(size - threshold) <= self._close for threshold in self._thresholds()):
            return _Anchor()
        for places in self._candidates(size, own if operation.function == "os_realloc" else None):
            distance = size - self._together(places)
            if abs(distance) <= self._close:
                return _Anchor(places, distance)
        return None

    def _candidates(self, size: int, own: int | None) -> Iterator[tuple[int, ...]]:
        """Yield the blocks that a size may be close to: the resized one, that with the free memory
        behind it, and the one that serves it."""
        if own is not None:
            yield (own,)
            behind = takewhile(self._free.__getitem__, range(own + 1, len(self._free)))
            if together := tuple(behind):
                yield (own, *together)
        if fitting := self._player.model.fitting(size):
            place = self._place(fitting.pointer)
            assert place is not None
            yield (place,)

    def _comparisons(self, size: int, own: int | None) -> Iterator[bool | int]:
        needed = self._rounded(size)
        yield from (needed >= threshold for threshold in self._thresholds())
        if own is not None:
            yield needed > self._sizes[own]
        free = list(compress(self._sizes, self._free))
        ranks = sorted(set(free))
        yield from (needed <= size for size in free)
        yield from map(ranks.index, free)

    def _outcome(self, step: Step) -> tuple[str | bool, ...]:
        call = step.call
        place = self._place(call.result)
        mapping = call.result.mapping if isinstance(call.result, Address) else None
        requests = (request.name for request in call.requests)
        rules = _NUMBER.sub("", step.why)
        return f"{place} {mapping}", *requests, rules, *self._free


def total_size(operation: Operation) -> int:
    """Return how many bytes an operation asks for."""
    return prod(operation.sizes) if operation.sizes else 0


def _study(script: Script, policy: Policy) -> list[_Situation | None]:
    """Return the situation of each call of a script; None for the beginnings of phases."""
    course = _Course(script, policy)
    situations: list[_Situation | None] = []
    for line in script.lines:
        if isinstance(line, Phase):
            course.begin(line)
            situations.append(None)
        else:
            situations.append(course.play(line))
    return situations


def _redraw(
    script: Script,
    situations: Sequence[_Situation | None],
    policy: Policy,
    drawn: Mapping[int, int],
) -> Script | None:
    """Return a script with other sizes; None if a call would be in another situation."""
    course = _Course(script, policy)
    lines: list[Operation | Phase] = []
    differs = False
    for line, situation in zip(script.lines, situations, strict=True):
        if isinstance(line, Phase):
            course.begin(line)
        elif situation is not None:
            resized = course.resize(line, situation.anchor, drawn)
            differs = differs or resized != line
            if not differs:
                course.repeat(line)
            elif course.play(resized) != situation:
                return None
            line = resized
        lines.append(line)
    return replace(script, lines=lines)


def _other_size(size: int, step: int, random: Random) -> int:
    """Return another size, about half to twice as large, with the same remainder by ``step``."""
    least, most = max(size // 2, 1), max(2 * size, size + 4 * step)
    smaller, larger = (size - least) // step, (most - size) // step
    steps = random.randrange(smaller + larger) - smaller
    return size + (steps if steps < 0 else steps + 1) * step


@dataclass(frozen=True, slots=True)
class _Published:
    """The calls of a test as they are published, and the situation of each."""

    script: Script
    situations: Sequence[_Situation | None]
    policy: Policy

    def free_sizes(self) -> list[int]:
        """Return the sizes that no block and no threshold keeps close."""
        return sorted(
            {
                total_size(line)
                for line, situation in zip(self.script.lines, self.situations, strict=True)
                if isinstance(line, Operation)
                and situation is not None
                and situation.anchor is None
            }
        )


def _published(test: Test, policy: Policy) -> _Published | None:
    """Return the calls of a test; None if the player can't make them. They are studied again only
    if the reference has changed."""
    status = test.reference.stat()
    return _studied(test, policy, status.st_ino, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _studied(test: Test, policy: Policy, *_: int) -> _Published | None:
    script = published_script(test, policy)
    return None if script is None else _Published(script, _study(script, policy), policy)


class _Draw:
    """The sizes drawn for a test so far, and its calls with these sizes."""

    def __init__(self, published: _Published, random: Random) -> None:
        self.script = published.script
        self._published = published
        self._random = random
        self._drawn = {size: size for size in published.free_sizes()}

    def draw(self, sizes: Sequence[int]) -> bool:
        """Draw these sizes anew, and return whether every call is in the same situation with them.
        If not, they stay as they were."""
        step = 2 * self._published.policy.alignment
        tried = self._drawn | {size: _other_size(size, step, self._random) for size in sizes}
        published = self._published
        redrawn = _redraw(published.script, published.situations, published.policy, tried)
        if redrawn is None:
            return False
        self.script, self._drawn = redrawn, tried
        return True


def randomize(test: Test, policy: Policy, random: Random) -> Script | None:
    """Return the calls of a test with other sizes; None if the player can't make them."""
    published = _published(test, policy)
    if published is None:
        return None
    free = published.free_sizes()
    sizes = random.sample(free, min(len(free), _MOST_SIZES))
    draw = _Draw(published, random)
    if not draw.draw(sizes):
        for size in sizes:
            any(draw.draw([size]) for _ in range(_TRIES))
    return draw.script
