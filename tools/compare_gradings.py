#!/usr/bin/python3
"""Grade a folder of submissions five times, and show which grades differ.

    tools/compare_gradings.py --submissions FOLDER [options of ./checker.py grade]

Two of the five times, busy processes keep the machine under load. Without a folder, the
submissions are the plain implementation with a planted mistake each. Exits with 0 if all grades are
equal, with 1 if any differ, and with 2 if something was not graded.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from submissions import MISTAKES, ROOT, mistaken

GRADINGS = {
    "first": False,
    "second under load": True,
    "third": False,
    "fourth under load": True,
    "fifth": False,
}
"""The gradings, and whether the machine is under load meanwhile."""
SEED = "compared"
"""Randomized tests have the same sizes each time."""

Grades = dict[str, dict[str, str]]
"""The parts of each submission's grade, such as the outcome of a test."""


def write_submissions(folder: Path, count: int) -> None:
    """Write submissions with mistakes from the whole list, evenly spread."""
    for number in range(count):
        mistake = MISTAKES[number * len(MISTAKES) // count]
        mistaken(folder / mistake / "src", mistake)


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep this many processes busy."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def grade(submissions: Path, out: Path, options: Sequence[str]) -> Grades:
    """Grade all submissions, and return the parts of their grades."""
    command = [str(ROOT / "checker.py"), "grade", str(submissions), "--out", str(out)]
    command += ["--seed", SEED, *options]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode != 0:
        print(ended.stdout, end="", file=sys.stderr)
        sys.exit(2)
    results = json.loads((out / "results.json").read_text())
    return {result["submission"]: dict(parts(result)) for result in results}


def parts(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a grade consists of, with a name for each part."""
    yield "status", result["status"]
    yield "style", str(result["style"]["points"])
    yield "flags", "; ".join(result["flags"]) or "none"
    for test in result["tests"]:
        yield test["name"], f"{test['outcome']}, {test['points']} points"


def differences(gradings: dict[str, Grades], submission: str) -> Iterator[str]:
    """Yield a line for each part of a submission's grade that is not always the same."""
    grades = {name: grades.get(submission, {}) for name, grades in gradings.items()}
    names = dict.fromkeys(name for grade in grades.values() for name in grade)
    for part in names:
        times: dict[str, list[str]] = {}
        for name, each in grades.items():
            times.setdefault(each.get(part, "missing"), []).append(name)
        if len(times) > 1:
            found = "; ".join(f"{value} ({', '.join(when)})" for value, when in times.items())
            yield f"{submission}: {part}: {found}"


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--submissions",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Grade this folder.  [default: submissions with planted mistakes]",
)
@click.option(
    "--count",
    type=click.IntRange(1, len(MISTAKES)),
    default=60,
    show_default=True,
    help="The number of submissions with planted mistakes.",
)
@click.option(
    "--load",
    "busy_processes",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="The number of busy processes that keep the machine under load.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def main(
    submissions: Path | None, count: int, busy_processes: int, options: tuple[str, ...]
) -> None:
    """Grade a folder five times, and show which grades differ.

    OPTIONS are those of ./checker.py grade, such as --suite or --only.
    """
    with tempfile.TemporaryDirectory(prefix="osmem-compare-") as name:
        scratch = Path(name)
        if submissions is None:
            submissions = scratch / "submissions"
            write_submissions(submissions, count)
        gradings = {}
        for number, (grading, loaded) in enumerate(GRADINGS.items()):
            started = time.monotonic()
            with load(busy_processes if loaded else 0):
                gradings[grading] = grade(submissions, scratch / f"results-{number}", options)
            print(f"{grading}: {time.monotonic() - started:.0f} s", flush=True)
    found = {
        submission: list(differences(gradings, submission)) for submission in gradings["first"]
    }
    for line in (line for lines in found.values() for line in lines):
        print(line)
    differing = sum(map(bool, found.values()))
    print(f"{differing} of {len(found)} grades differ")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
