"""Submissions for the tests: the plain implementation, with a mistake or an attack."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
ATTACKS = tuple(sorted(path.stem for path in (TESTS / "hostile" / "attacks").glob("*.c")))


@dataclass(frozen=True)
class Mistake:
    """An entry of mistakes.toml, which explains the keys."""

    name: str
    what: str
    rule: str
    seen: str
    program: Sequence[str] = ()
    policy: str = "default"


PLANTED = tuple(
    Mistake(**entry) for entry in tomllib.loads((TESTS / "mistakes.toml").read_text())["mistake"]
)
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
