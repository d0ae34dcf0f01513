#!/usr/bin/python3
"""Write the workloads that hold 30 MiB and more, which are too large to be kept as files.

They are the same every time: the name of a workload is the seed of its random numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import click

from generate import Calls


class Pool:
    """Blocks, of which any can be taken out at random in constant time."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._blocks: list[int] = []

    def __len__(self) -> int:
        return len(self._blocks)

    def add(self, size: int) -> None:
        self._blocks.append(self._calls.allocate(size))

    def free_any(self) -> None:
        place = self._calls.below(len(self._blocks))
        self._blocks[place], self._blocks[-1] = self._blocks[-1], self._blocks[place]
        self._calls.free(self._blocks.pop())


def doubling(calls: Calls, least: int, most: int) -> int:
    """Return a random size, of which each doubling is half as likely."""
    while least < most and calls.below(2):
        least *= 2
    return calls.between(least, 2 * least - 1)


def interpreter(calls: Calls) -> None:
    """Objects of 16 to 256 bytes, most of them short-lived, and tables of theirs that double: up to
    500,000 live objects, of which half are dropped and replaced."""
    objects = Pool(calls)
    table = calls.allocate(64)
    for wanted in (500_000, 250_000, 500_000):
        while len(objects) > wanted:
            objects.free_any()
        while len(objects) < wanted:
            objects.add(doubling(calls, 16, 128) // 8 * 8)
            calls.free(calls.allocate(calls.between(2, 6) * 8))  # a temporary
            if calls.sizes[table] < 8 * len(objects):
                calls.resize(table, 2 * calls.sizes[table])


def store(calls: Calls) -> None:
    """Keys and values of a store in memory, up to 24 KiB, that replace each other at random;
    the values grow from phase to phase, so that old holes do not fit."""
    entries = Pool(calls)
    held = 40 << 20
    for scale in (1, 2, 3):
        for _ in range(120_000):
            while calls.live > held:
                entries.free_any()
                entries.free_any()
            entries.add(calls.between(16, 48))
            entries.add(scale * doubling(calls, 32, 4096))


def server(calls: Calls) -> None:
    """The calls of 64 threads in turn, each with a request: buffers for its connection, parts of
    the request that are freed together, and a session that stays. Sessions expire at random."""
    sessions = Pool(calls)
    requests: list[list[int]] = [[] for _ in range(64)]
    for _ in range(600_000):
        request = requests[calls.below(len(requests))]
        if not request:
            request += [calls.allocate(16384), calls.allocate(calls.between(1, 8) * 4096)]
        elif len(request) < 4 or calls.below(12):
            request.append(calls.allocate(doubling(calls, 24, 2048)))
        else:
            calls.free_all(reversed(request))
            request.clear()
            for _ in range(8):
                sessions.add(doubling(calls, 64, 2048))
            while calls.live > 36 << 20:
                sessions.free_any()


WORKLOADS: tuple[Callable[[Calls], None], ...] = (interpreter, store, server)


@click.command()
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(out: Path) -> None:
    """Write the workloads that hold 30 MiB and more into a folder."""
    for workload in WORKLOADS:
        calls = Calls(Random(workload.__name__))
        workload(calls)
        (out / f"{workload.__name__}.rep").write_text(calls.text())


if __name__ == "__main__":
    main()
