#!/usr/bin/python3
"""Writes the made-up workloads: each is one way to use memory, or one way to wear out an allocator.

The same every time: chance comes from a generator that is seeded with the workload's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import click

HERE = Path(__file__).resolve().parent


@dataclass(slots=True)
class Calls:
    """The calls of a workload, as they come to be."""

    chance: Random
    lines: list[str] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)
    """Of what is allocated, by its id, the oldest first."""
    ids: int = 0
    live: int = 0
    peak: int = 0

    def allocate(self, size: int) -> int:
        block = self.ids
        self.ids += 1
        self.sizes[block] = 0
        self.lines.append(f"a {block} {size}")
        self._set_size(block, size)
        return block

    def resize(self, block: int, size: int) -> None:
        self.lines.append(f"r {block} {size}")
        self._set_size(block, size)

    def free(self, block: int) -> None:
        self.lines.append(f"f {block}")
        self.live -= self.sizes.pop(block)

    def free_all(self, blocks: Iterable[int]) -> None:
        for block in list(blocks):
            self.free(block)

    def below(self, end: int) -> int:
        """A random number from 0 on. Of all that `Random` can do, only `Random.random` is sure to
        be the same in every version of Python."""
        return int(self.chance.random() * end)

    def between(self, least: int, most: int) -> int:
        return least + self.below(most - least + 1)

    def any_block(self) -> int:
        return list(self.sizes)[self.below(len(self.sizes))]

    def text(self) -> str:
        header = (self.peak, self.ids, len(self.lines), 1)
        return "\n".join([*map(str, header), *self.lines]) + "\n"

    def _set_size(self, block: int, size: int) -> None:
        self.live += size - self.sizes[block]
        self.sizes[block] = size
        self.peak = max(self.peak, self.live)


def churn(calls: Calls, count: int, blocks: int, size: Callable[[], int]) -> None:
    """Allocates and frees at random, with about so many blocks at a time."""
    for _ in range(count):
        if calls.below(2 * blocks) < len(calls.sizes):
            calls.free(calls.any_block())
        else:
            calls.allocate(size())


def uniform(calls: Calls) -> None:
    """Every size up to 4 KiB as likely as the next, freed in any order."""
    churn(calls, 6000, 500, lambda: calls.between(1, 4096))


def bimodal(calls: Calls) -> None:
    """Nine small blocks to a large one."""
    churn(
        calls,
        6000,
        500,
        lambda: calls.between(16, 64) if calls.below(10) else calls.between(4096, 16384),
    )


def skewed(calls: Calls) -> None:
    """As in most programs: half of the blocks in every power of two, from 16 bytes on, are larger
    than it."""

    def size() -> int:
        least = 16
        while least < 32768 and calls.below(2):
            least *= 2
        return calls.between(least, 2 * least - 1)

    churn(calls, 6000, 800, size)


def powers_of_two(calls: Calls) -> None:
    """Sizes of 16 bytes to 32 KiB, where what an allocator adds to a block hurts most."""
    churn(calls, 6000, 300, lambda: 16 << calls.below(12))


def threshold(calls: Calls) -> None:
    """Sizes around 128 KiB, where many allocators turn from the heap to mappings."""
    churn(calls, 2000, 20, lambda: calls.between(120 * 1024, 136 * 1024))


def stack(calls: Calls) -> None:
    """The last block allocated is the first freed, as in a recursive program."""
    held: list[int] = []
    while calls.ids < 3000:
        depth = calls.between(0, 400)
        while len(held) > depth:
            calls.free(held.pop())
        while len(held) < depth:
            held.append(calls.allocate(calls.between(8, 512)))
    calls.free_all(reversed(held))


def queue(calls: Calls) -> None:
    """The first block allocated is the first freed, as in a server's line of messages."""
    while calls.ids < 3000:
        length = calls.between(0, 400)
        while len(calls.sizes) > length:
            calls.free(next(iter(calls.sizes)))
        while len(calls.sizes) < length:
            calls.allocate(calls.between(64, 2048))
    calls.free_all(calls.sizes)


def sawtooth(calls: Calls) -> None:
    """Phases: a heap is built from blocks of one size, and all but a few are thrown away."""
    kept: list[int] = []
    for _ in range(10):
        size = calls.between(16, 1024)
        built = [calls.allocate(size) for _ in range(300)]
        kept.extend(built[::30])
        calls.free_all(block for block in built if block not in kept)
    calls.free_all(kept)


def realloc_ladder(calls: Calls) -> None:
    """Buffers that double while others grow beside them, and shrink to what they hold at last."""
    for _ in range(60):
        ladders = {calls.allocate(16): calls.between(64, 30000) for _ in range(8)}
        for _ in range(11):
            for block, last in ladders.items():
                if calls.sizes[block] < last:
                    calls.resize(block, 2 * calls.sizes[block])
        for block, last in ladders.items():
            calls.resize(block, last)
        calls.free_all(ladders)


def long_lived(calls: Calls) -> None:
    """One block in twenty stays for good, among others that come and go around it."""
    passing: list[int] = []
    while calls.ids < 3000:
        block = calls.allocate(calls.between(16, 1024))
        if calls.below(20):
            passing.append(block)
        if len(passing) > 100:
            calls.free(passing.pop(calls.below(len(passing))))


def coalescing(calls: Calls) -> None:
    """An adversary of those that do not merge free neighbours: what is freed piece by piece is
    asked for again in one."""
    for pieces in (2, 4, 8, 16, 32):
        blocks = [calls.allocate(100) for _ in range(512)]
        calls.free_all(blocks[::2])
        calls.free_all(blocks[1::2])
        calls.free_all([calls.allocate(100 * pieces) for _ in range(512 // pieces)])


def best_fit(calls: Calls) -> None:
    """An adversary of best fit: the requests come from the smallest hole to the largest, each a
    little smaller than the hole it fits best, and leave a splinter that is too small for any other.
    To take the first hole that is large enough would fill the large ones with several."""
    sizes = sorted(160 + 8 * (number % 32) for number in range(125))
    for _ in range(12):
        holes = []
        for size in reversed(sizes):
            holes.append(calls.allocate(size))
            calls.allocate(24)  # a wall between two holes
        calls.free_all(holes)
        for size in sizes:
            calls.allocate(size - 64)
    calls.free_all(calls.sizes)


WORKLOADS: tuple[Callable[[Calls], None], ...] = (
    uniform,
    bimodal,
    skewed,
    powers_of_two,
    threshold,
    stack,
    queue,
    sawtooth,
    realloc_ladder,
    long_lived,
    coalescing,
    best_fit,
)


@click.command()
@click.option(
    "--out",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    default=HERE,
    metavar="DIR",
    help="Where they go.  [default: beside this program]",
)
def main(out: Path) -> None:
    """Writes the made-up workloads."""
    for workload in WORKLOADS:
        name = workload.__name__.replace("_", "-")
        calls = Calls(Random(name))
        workload(calls)
        (out / f"{name}.rep").write_text(calls.text())


if __name__ == "__main__":
    main()
