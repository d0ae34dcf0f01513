"""Submissions for the tests: the plain implementation, with a mistake or an attack."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from harness.specification.mistakes import read_mistakes  # noqa: E402

TESTS = ROOT / "tests"
ATTACKS = tuple(sorted(path.stem for path in (TESTS / "hostile" / "attacks").glob("*.c")))


PLANTED = tuple(read_mistakes(TESTS / "mistakes.toml"))
MISTAKES = tuple(mistake.name for mistake in PLANTED)


def plain(folder: Path, *definitions: str) -> Path:
    """The plain implementation; ``definitions`` go into its mistake.h."""
    shutil.copytree(TESTS / "plain", folder)
    with (folder / "mistake.h").open("a") as header:
        header.writelines(f"#define {definition}\n" for definition in definitions)
    return folder


def mistaken(folder: Path, *mistakes: str) -> Path:
    """The plain implementation with some of mistakes.toml."""
    return plain(folder, f'MISTAKE "{",".join(mistakes)}"')


def attacking(folder: Path, attack: str) -> Path:
    """The plain implementation with one of hostile/attacks."""
    shutil.copytree(TESTS / "plain", folder)
    (folder / "osmem.c").rename(folder / "plain.c")
    shutil.copytree(
        TESTS / "hostile", folder, ignore=shutil.ignore_patterns("attacks"), dirs_exist_ok=True
    )
    shutil.copy(TESTS / "hostile" / "attacks" / f"{attack}.c", folder / "attack.c")
    return folder


def building(folder: Path, makefile: Path) -> Path:
    """The plain implementation with another Makefile."""
    plain(folder)
    shutil.copy(makefile, folder / "Makefile")
    return folder
