#!/usr/bin/python3
"""Write the generated workloads: each uses memory in its own way, or wears out an allocator.

They are the same every time: the name of a workload is the seed of its random numbers.
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
    """The calls of a workload, as they are generated."""

    chance: Random
    lines: list[str] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)
    """The sizes of the live blocks by their ids, the oldest first."""
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
        """Return a random number from 0 to below ``end``. Of all methods, only `Random.random` is
        sure to give the same numbers in every version of Python."""
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
    """Allocate and free at random, with about ``blocks`` blocks at a time."""
    for _ in range(count):
        if calls.below(2 * blocks) < len(calls.sizes):
            calls.free(calls.any_block())
        else:
            calls.allocate(size())


def uniform(calls: Calls) -> None:
    """All sizes up to 4 KiB are equally likely, and freed in any order."""
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
    """As in most programs, few blocks are large: each doubling of the size, from 16 bytes on,
    halves their number."""

    def size() -> int:
        least = 16
        while least < 32768 and calls.below(2):
            least *= 2
        return calls.between(least, 2 * least - 1)

    churn(calls, 6000, 800, size)


def powers_of_two(calls: Calls) -> None:
    """Sizes from 16 bytes to 32 KiB, at which a header hurts most."""
    churn(calls, 6000, 300, lambda: 16 << calls.below(12))


def threshold(calls: Calls) -> None:
    """Sizes around 128 KiB, at which many allocators turn from the heap to mappings."""
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
    """The first block allocated is the first freed, as in a server's queue of messages."""
    while calls.ids < 3000:
        length = calls.between(0, 400)
        while len(calls.sizes) > length:
            calls.free(next(iter(calls.sizes)))
        while len(calls.sizes) < length:
            calls.allocate(calls.between(64, 2048))
    calls.free_all(calls.sizes)


def sawtooth(calls: Calls) -> None:
    """Phases: a heap of blocks of one size is built, and all but a few blocks are freed."""
    kept: list[int] = []
    for _ in range(10):
        size = calls.between(16, 1024)
        built = [calls.allocate(size) for _ in range(300)]
        kept.extend(built[::30])
        calls.free_all(block for block in built if block not in kept)
    calls.free_all(kept)


def realloc_ladder(calls: Calls) -> None:
    """Buffers double while others grow beside them, and at last shrink to their content."""
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
    """One block in twenty stays to the end, among others that come and go around it."""
    passing: list[int] = []
    while calls.ids < 3000:
        block = calls.allocate(calls.between(16, 1024))
        if calls.below(20):
            passing.append(block)
        if len(passing) > 100:
            calls.free(passing.pop(calls.below(len(passing))))


def coalescing(calls: Calls) -> None:
    """An adversary of allocators that do not coalesce: small blocks are freed, and requested again
    as large ones."""
    for pieces in (2, 4, 8, 16, 32):
        blocks = [calls.allocate(100) for _ in range(512)]
        calls.free_all(blocks[::2])
        calls.free_all(blocks[1::2])
        calls.free_all([calls.allocate(100 * pieces) for _ in range(512 // pieces)])


def best_fit(calls: Calls) -> None:
    """An adversary of best fit: each request is a little smaller than the hole that fits it best,
    from the smallest hole to the largest, and leaves a splinter too small for any other request.
    First fit would put several blocks into each of the large holes."""
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
    help="Where to write them.  [default: beside this program]",
)
def main(out: Path) -> None:
    """Write the generated workloads."""
    for workload in WORKLOADS:
        name = workload.__name__.replace("_", "-")
        calls = Calls(Random(name))
        workload(calls)
        (out / f"{name}.rep").write_text(calls.text())


if __name__ == "__main__":
    main()
