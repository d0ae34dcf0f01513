"""`watch` checks again whenever a source changes."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from command import checker
from submissions import mistaken, plain
from terminals import Terminal

WAITING = "Ctrl-C ends."


@pytest.fixture(name="source")
def fixture_source(tmp_path: Path) -> Path:
    return mistaken(tmp_path / "src", "fit-worst")


def mend(source: Path) -> None:
    """Put files without a mistake in the place of all that differ."""
    right = plain(source.parent / "right")
    for path in right.iterdir():
        (source / path.name).write_bytes(path.read_bytes())


def test_a_saved_source_is_checked_at_once(source: Path) -> None:
    with Terminal("watch", "malloc-split-last", "--src", source) as watch:
        assert "0 of 1 tests passed" in watch.read_to(WAITING)
        mend(source)
        assert "1 of 1 tests passed" in watch.read_to(WAITING)
        watch.write("\x03")
        assert watch.ends() == 128 + signal.SIGINT


def test_a_source_that_can_not_be_built_is_told_and_may_be_mended(source: Path) -> None:
    makefile = source / "Makefile"
    kept = makefile.read_text()
    makefile.unlink()
    with Terminal("watch", "malloc-split-last", "--src", source) as watch:
        assert "expected a Makefile" in " ".join(watch.read_to(WAITING).split())
        makefile.write_text(kept)
        assert "0 of 1 tests passed" in watch.read_to(WAITING)


def test_what_failed_the_last_time_comes_first(source: Path) -> None:
    names = ["malloc-arrays", "malloc-split-last"]
    assert order(checker("check", "--ff", "--src", source, *names)) == names
    assert order(checker("check", "--ff", "--src", source, *names)) == names[::-1]


def order(checked: subprocess.CompletedProcess[str]) -> list[str]:
    """The tests in the order of the table."""
    rows = [line.split() for line in checked.stdout.splitlines()]
    return [row[0] for row in rows if len(row) > 1 and row[1] in ("passed", "differs")]
