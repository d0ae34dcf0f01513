"""Where the parts of a test program lie: elsewhere in the programs of each batch.

A library that is graded can't know beforehand how far the program's code, tables and frames are
from anything that it sees. tests/snippets/layout.c and calls.c are the other side.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

_PARTS = ("tests", "snippet", "records", "contents", "calls", "phases", "printf", "layout")
_STEP = 16
"""What the processor's widest words are aligned to, in bytes; and frames."""
_MOST_STEPS = {"CODE": 2048, "CONSTANT": 2048, "VARIABLE": 2048, "TABLE": 65536}
_MOST_FRAME_STEPS = 64
_RETURN_ADDRESS = 8


@dataclass(frozen=True, slots=True)
class ProgramLayout:
    """How to link programs, and where they go."""

    folder: Path
    options: tuple[str, ...]
    """Options of make."""


def draw_layout(folder: Path) -> ProgramLayout:
    """Draw a layout for the programs in a folder."""
    parts = list(_PARTS)
    secrets.SystemRandom().shuffle(parts)
    paddings = {f"{name}_PADDING": _draw_bytes(most) for name, most in _MOST_STEPS.items()}
    numbers = {**paddings, "FRAME": _RETURN_ADDRESS + _draw_bytes(_MOST_FRAME_STEPS)}
    definitions = " ".join(f"-D{name}={number}" for name, number in numbers.items())
    return ProgramLayout(folder, (f"PARTS={' '.join(parts)}", f"LAYOUT={definitions}"))


def _draw_bytes(most_steps: int) -> int:
    return _STEP * (1 + secrets.randbelow(most_steps))
