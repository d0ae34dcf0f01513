#!/usr/bin/python3
"""Record the calls of malloc(), calloc(), realloc() and free() of a program as a workload. The
program has to be a single process with a single thread, linked with glibc.

A calloc() becomes an allocation like any other. Sizes of 0, and blocks from before the recording,
are left out.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent.parent
REPLAYER = ROOT / "replayer"


class CannotRecord(click.ClickException):
    """The program can't be run, or not be recorded."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Call:
    """A line of the recorder."""

    kind: str
    given: int
    size: int
    returned: int


def parse(line: str) -> Call:
    kind, given, size, returned = line.split()
    return Call(kind, int(given, 16), int(size, 16), int(returned, 16))


@dataclass(slots=True)
class Ids:
    """The ids of the live blocks, by their addresses."""

    by_address: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def new(self, address: int) -> int:
        self.by_address[address] = self.count
        self.count += 1
        return self.by_address[address]


def operations(calls: Iterator[Call], ids: Ids) -> Iterator[str]:
    """Yield the calls as operations of a workload."""
    for call in calls:
        known = call.given in ids.by_address
        if known and (call.kind == "f" or call.size == 0):
            yield f"f {ids.by_address.pop(call.given)}"
        elif call.size == 0 or call.returned == 0:
            continue
        elif known:
            block = ids.by_address.pop(call.given)
            ids.by_address[call.returned] = block
            yield f"r {block} {call.size}"
        else:
            yield f"a {ids.new(call.returned)} {call.size}"


def record(command: tuple[str, ...], log: Path) -> Iterator[Call]:
    """Run a command to its end, and yield its calls."""
    recorder = log.parent / "recorder.so"
    source = REPLAYER / "recorder.c"
    subprocess.run(
        ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-fno-builtin", "-fPIC", "-shared"]
        + [str(source), "-o", str(recorder)],
        check=True,
    )
    env = {**os.environ, "LD_PRELOAD": str(recorder), "OSMEM_RECORDING": str(log)}
    ended = subprocess.run(command, env=env, check=False)
    if ended.returncode != 0:
        click.echo(f"{command[0]}: ended with status {ended.returncode}", err=True)
    if not log.exists():
        raise CannotRecord(f"{command[0]}: expected a program that is linked with glibc's malloc()")
    with log.open() as lines:
        yield from map(parse, lines)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--most",
    type=click.IntRange(1),
    default=20_000,
    show_default=True,
    metavar="N",
    help="Stop recording after this number of calls.",
)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def main(most: int, out: Path, command: tuple[str, ...]) -> None:
    """Run COMMAND, and write its calls of malloc() and its family to the workload OUT."""
    ids = Ids()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            calls = record(command, Path(scratch) / "calls")
            lines = list(islice(operations(calls, ids), most))
        if not lines:
            raise CannotRecord(f"{command[0]}: expected a program that allocates, found none")
        header = (0, ids.count, len(lines), 1)
        out.write_text("\n".join([*map(str, header), *lines]) + "\n")
    except OSError as error:
        raise CannotRecord(f"{error.filename}: {error.strerror}") from error


if __name__ == "__main__":
    main()
