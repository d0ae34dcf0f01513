#!/usr/bin/python3
"""Workers of a Dask cluster that sleep in place of grading, for `scale.py`.

They are Dask's own, but all in one process: as many processes would keep two cores busy with what
each of them does while nothing happens. Every submission gets the grade that a file holds.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import click
from distributed import Worker, get_worker

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from harness.grading import dask_worker  # noqa: E402  (found by the line above)
from harness.results.grade import Status  # noqa: E402


def sleep(
    seconds: float,
    grade: bytes,
    order: dask_worker.BatchOrder,
    key: str,
    source: str,
    content: str,
    packed: bytes,
) -> dask_worker.Answer:
    """Take so many seconds, and return this grade; the rest is as `grade_parcel` has it."""
    worker = get_worker()
    worker.log_event(dask_worker.TOPIC, {"key": key, "name": str(worker.name)})
    time.sleep(seconds)
    return str(worker.name), "", Status.GRADED, grade, seconds


async def work(scheduler: str, count: int, threads: int) -> None:
    """Run workers until the scheduler ends."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        workers = [
            await stack.enter_async_context(
                Worker(
                    scheduler,
                    name=f"worker-{number}",
                    nthreads=threads,
                    local_directory=folder,
                    dashboard=False,
                )
            )
            for number in range(count)
        ]
        await asyncio.gather(*(worker.finished() for worker in workers))


@click.command()
@click.argument("scheduler")
@click.argument("count", type=int)
@click.argument("threads", type=int)
@click.argument("seconds", type=float)
@click.argument("grade", type=click.Path(path_type=Path))
def main(scheduler: str, count: int, threads: int, seconds: float, grade: Path) -> None:
    """Run COUNT workers of THREADS threads each, which take SECONDS for a submission."""
    logging.disable()
    dask_worker.prepare = lambda *_: ""
    dask_worker.grade_parcel = partial(sleep, seconds, grade.read_bytes())
    asyncio.run(work(scheduler, count, threads))


if __name__ == "__main__":
    main()
