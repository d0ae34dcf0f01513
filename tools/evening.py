#!/usr/bin/python3
"""Write the stages of docs/an-evening-with-osmem.md, and make its pictures.

    tools/evening.py FOLDER                       write the sources of all stages
    tools/evening.py FOLDER --pictures FOLDER     ... check them, and draw what comes of it

The first stage returns NULL everywhere. The later ones are the plain implementation with mistakes
of tests/mistakes.toml, fewer from stage to stage, until none is left.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from submissions import ROOT, mistaken

COLUMNS = 100
_ERASED = "\x1b[2K"
"""Ends the progress bar, of which a terminal shows nothing afterwards."""
_NOTHING = """#include "osmem.h"

void *os_malloc(size_t size)
{
    return NULL;
}

void *os_calloc(size_t nmemb, size_t size)
{
    return NULL;
}

void *os_realloc(void *ptr, size_t size)
{
    return NULL;
}

void os_free(void *ptr)
{
}
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A state of the sources."""

    name: str
    mistakes: tuple[str, ...] | None
    """What it still gets wrong; None if it does nothing at all."""
    test: str = ""
    """The failed test whose heap is drawn; empty if none is."""


_REALLOC = ("realloc-takes-no-neighbours", "realloc-never-extends")
STAGES = (
    Stage("0-nothing", None),
    Stage(
        "1-extend",
        ("free-never", "preallocate-never", "realloc-always-moves"),
        "malloc-block-reuse",
    ),
    Stage(
        "2-reuse",
        (
            *("preallocate-never", "split-leaves-whole", "fit-first"),
            *("coalesce-never", "realloc-always-moves"),
        ),
        "malloc-split-one-block",
    ),
    Stage(
        "3-split",
        ("preallocate-never", "coalesce-never", "realloc-always-moves"),
        "malloc-coalesce",
    ),
    Stage("4-coalesce", ("preallocate-never", "realloc-always-moves"), "malloc-preallocate"),
    Stage("5-preallocate", ("realloc-always-moves",), "realloc-split-one-block"),
    Stage("6-shrink", _REALLOC, "realloc-coalesce"),
    Stage("7-grow", ()),
)


def write_stages(folder: Path) -> None:
    """Write the sources of each stage into a folder of its own, in place of what was there."""
    for stage in STAGES:
        shutil.rmtree(folder / stage.name, ignore_errors=True)
        if stage.mistakes is not None:
            mistaken(folder / stage.name, *stage.mistakes)
            continue
        (folder / stage.name).mkdir(parents=True)
        (folder / stage.name / "osmem.c").write_text(_NOTHING)
        shutil.copy(ROOT / "harness" / "execution" / "default.mk", folder / stage.name / "Makefile")


def check(source: Path, *args: str | Path) -> str:
    """Check a stage, and return what a terminal shows of it."""
    command = ["./checker.py", "check", "--src", str(source.relative_to(ROOT)), *map(str, args)]
    ended = subprocess.run(
        ["script", "-qec", f"stty cols {COLUMNS}; exec {' '.join(command)}", "/dev/null"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=False,
    )
    shown = ended.stdout.decode().replace("\r\n", "\n")
    if ended.returncode > 1:
        sys.exit(f"{' '.join(command)}: {shown}")
    return shown.rpartition(_ERASED)[2]


def draw_stages(folder: Path, pictures: Path) -> None:
    """Check each stage, and draw the heap of a test, the whole result at the beginning and the end,
    and how the tests came to pass."""
    # Only pictures need a browser.
    from pictures import Browser, draw_text

    pictures.mkdir(parents=True, exist_ok=True)
    passed: dict[str, list[bool]] = {}
    with tempfile.TemporaryDirectory() as scratch, Browser() as browser:
        page, result = Path(scratch) / "page.html", Path(scratch) / "result.json"
        for stage in STAGES:
            shown = check(folder / stage.name, "--html", page, "--json", result)
            for test in json.loads(result.read_text())["tests"]:
                if test["max"] > 0:
                    passed.setdefault(test["name"], []).append(test["outcome"] == "passed")
            if stage.test:
                browser.draw_heap(page, stage.test, pictures / f"{stage.name}.png")
            else:
                draw_text(Text.from_ansi(shown), pictures / f"{stage.name}.svg", COLUMNS)
    draw_text(_progress(passed), pictures / "progress.svg", COLUMNS)


def _progress(passed: Mapping[str, Sequence[bool]]) -> Table:
    """Return a table of tests and stages."""
    table = Table("test", *(stage.name[2:] for stage in STAGES), box=None)
    for name, stages in passed.items():
        table.add_row(
            name, *(Text("██", "green") if done else Text("··", "dim") for done in stages)
        )
    return table


@click.command(help=(__doc__ or "").split("\n", maxsplit=1)[0])
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--pictures", type=click.Path(file_okay=False, path_type=Path))
def main(folder: Path, pictures: Path | None) -> None:
    """Write the stages, and the pictures if asked."""
    write_stages(folder.resolve())
    if pictures is not None:
        draw_stages(folder.resolve(), pictures)


if __name__ == "__main__":
    main()
