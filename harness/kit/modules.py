"""The modules of the checker that a kit needs: those that its commands import."""

from __future__ import annotations

from collections.abc import Iterable
from modulefinder import ModuleFinder
from pathlib import Path

from harness.execution.build import ROOT

SOLUTIONS = (
    "harness.specification.model",
    "harness.specification.operations",
    "harness.specification.program",
)
"""The model, and those who play calls on it; `harness.specification.answers` does without them."""
_FILES = (
    "checking/in_gdb.py",
    "execution/default.mk",
    "execution/confine/*",
    "reports/html/*",
)
"""What the modules need and don't import, in the folder of the harness."""


def needed_files(entrances: Iterable[str]) -> list[Path]:
    """Return all files of the checker that a kit with these modules needs."""
    finder = ModuleFinder([str(ROOT)], excludes=SOLUTIONS)
    for name in entrances:
        finder.import_hook(name)
    files = (getattr(module, "__file__", None) for module in finder.modules.values())
    modules = [Path(file) for file in files if file]
    others = [path for pattern in _FILES for path in (ROOT / "harness").glob(pattern)]
    return sorted({*modules, *(path for path in others if path.is_file())})
