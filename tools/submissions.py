"""Submissions for the tests: the plain implementation, with a mistake or an attack."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
ATTACKS = tuple(sorted(path.stem for path in (TESTS / "hostile" / "attacks").glob("*.c")))
MISTAKES = tuple(
    mistake["name"] for mistake in tomllib.loads((TESTS / "mistakes.toml").read_text())["mistake"]
)


def plain(folder: Path, *definitions: str) -> Path:
    """The plain implementation; ``definitions`` go into its mistake.h."""
    shutil.copytree(TESTS / "plain", folder)
    with (folder / "mistake.h").open("a") as header:
        header.writelines(f"#define {definition}\n" for definition in definitions)
    return folder


def mistaken(folder: Path, mistake: str) -> Path:
    """The plain implementation with one of mistakes.toml."""
    return plain(folder, f'MISTAKE "{mistake}"')


def attacking(folder: Path, attack: str) -> Path:
    """The plain implementation with one of hostile/attacks."""
    shutil.copytree(TESTS / "hostile", folder, ignore=shutil.ignore_patterns("attacks"))
    shutil.copy(TESTS / "hostile" / "attacks" / f"{attack}.c", folder / "attack.c")
    shutil.copy(TESTS / "plain" / "osmem.c", folder / "plain.c")
    shutil.copy(TESTS / "plain" / "mistake.h", folder)
    return folder


def building(folder: Path, makefile: Path) -> Path:
    """The plain implementation with another Makefile."""
    plain(folder)
    shutil.copy(makefile, folder / "Makefile")
    return folder
