"""Mistakes that implementations make, each with the rule that it breaks."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake that the plain implementation can make; its file explains the keys."""

    name: str
    what: str
    rule: str
    """The rule of the specification that it breaks."""
    seen: str
    """``ordinary``, ``extra`` or ``choice``."""
    look: str = ""
    """Where in the code to look for it; empty where what its rule says is enough."""
    program: tuple[str, ...] = ()
    """Calls that show it, if no test of the suite does."""
    policy: str = "default"
    """The policy under which they show it."""


def read_mistakes(path: Path) -> list[Mistake]:
    """Read a file of mistakes. Raises `UserError`."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return [_mistake(**entry) for entry in content["mistake"]]
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(f"{path}: expected a list of mistakes, found {error}") from error


def _mistake(program: Sequence[str] = (), **entry: str) -> Mistake:
    return Mistake(**entry, program=tuple(program))
