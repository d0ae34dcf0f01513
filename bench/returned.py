#!/usr/bin/python3
"""Measure how much memory allocators give back to the system: see returned.c. If redis is
installed, measure its memory, too: with 400,000 values of 200 bytes, and after they are flushed.

Prints tables in Markdown; --json FILE keeps the measurements.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from compared import installed_others, ours, preloaded
from harness.workloads.allocators import Allocator
from measurements import json_option, keep
from tables import show_table

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_START = 20
SECONDS_TO_SETTLE = 2
VALUES = 400_000
BYTES = 200


def build(folder: Path) -> Path:
    program = folder / "returned"
    subprocess.run(
        ["gcc", "-O2", "-std=gnu11", "-D_GNU_SOURCE", "-fno-builtin", f"-I{ROOT / 'utils'}"]
        + [str(ROOT / "bench" / "returned.c"), "-o", str(program)],
        check=True,
    )
    return program


def environment(allocator: Allocator) -> dict[str, str]:
    preload = {} if allocator.preload is None else {"LD_PRELOAD": str(allocator.preload)}
    return {**os.environ, **preload}


def measure(program: Path, allocator: Allocator) -> list[int]:
    """Return the MiB with 1 GiB of blocks, when they are freed, and after trimming."""
    ended = subprocess.run(
        [program, str(allocator.library or "-")],
        env=environment(allocator),
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in ended.stdout.split()]


def resident(server: subprocess.Popen[bytes]) -> int:
    """Return the MiB of a process that are in memory."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


def ask(socket: Path, *command: str) -> str:
    ended = subprocess.run(["redis-cli", "-s", socket, *command], capture_output=True, text=True)
    return ended.stdout.strip()


@contextmanager
def redis(folder: Path, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run a server that keeps nothing on disk; return it and its socket."""
    socket = folder / "socket"
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", ""]
    command += ["--enable-debug-command", "local", "--dir", str(folder)]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while ask(socket, "ping") != "PONG":
                if server.poll() is not None or time.monotonic() > deadline:
                    sys.exit("redis-server: expected it to start")
                time.sleep(0.1)
            yield server, socket
        finally:
            server.terminate()


def measure_redis(env: dict[str, str]) -> list[int]:
    """Return the MiB of redis with its values, when they are flushed, and a little later."""
    with tempfile.TemporaryDirectory() as folder, redis(Path(folder), env) as (server, socket):
        found = ask(socket, "debug", "populate", str(VALUES), "key", str(BYTES))
        if found != "OK":
            sys.exit(f"redis-cli: expected OK, found: {found}")
        measured = [resident(server)]
        ask(socket, "flushall")
        measured.append(resident(server))
        time.sleep(SECONDS_TO_SETTLE)
        return [*measured, resident(server)]


def show(what: str, steps: tuple[str, ...], measured: dict[str, list[int]]) -> None:
    show_table(
        (f"resident MiB, {what}", *steps),
        ((name, *map(str, row)) for name, row in measured.items()),
    )


@click.command()
@json_option
def main(json_path: Path | None) -> None:
    """Measure how much memory allocators give back."""
    library = preloaded("osmem-preload")
    allocators = [ours(), library, *installed_others()]
    with tempfile.TemporaryDirectory() as scratch:
        program = build(Path(scratch))
        blocks = {allocator.name: measure(program, allocator) for allocator in allocators}
    show("1 GiB in blocks of 1 KiB", ("all live", "all freed", "trimmed"), blocks)
    served = {}
    if shutil.which("redis-server") and shutil.which("redis-cli"):
        served = {
            "osmem-preload": measure_redis(environment(library)),
            "redis's own jemalloc": measure_redis(dict(os.environ)),
        }
        show("redis", ("with values", "flushed", f"{SECONDS_TO_SETTLE} s later"), served)
    else:
        print("Left out: redis-server and redis-cli are not installed", file=sys.stderr)
    keep({"blocks": blocks, "redis": served}, json_path)


if __name__ == "__main__":
    main()
