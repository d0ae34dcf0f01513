"""Our allocator, and those it is compared with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRELOADED = ROOT / "src" / "libosmem-preload.so"
sys.path.insert(0, str(ROOT))

from harness.errors import UserError  # noqa: E402  (found by the line above)
from harness.execution.build import LIBRARY  # noqa: E402
from harness.workloads.allocators import (  # noqa: E402
    KNOWN,
    Allocator,
    known_allocator,
)


def ours() -> Allocator:
    """Build the allocator in src/, as it is installed."""
    _build()
    return Allocator("osmem", PRELOADED.with_name(LIBRARY))


def preloaded(name: str = "osmem") -> Allocator:
    """Build the library that takes the place of glibc's malloc()."""
    _build()
    return Allocator(name, preload=PRELOADED)


def _build() -> None:
    subprocess.run(["make", "-s", "-C", ROOT, "build"], check=True)


def installed_others() -> list[Allocator]:
    """Return the other allocators that are installed; name those that are not."""
    found = []
    for name in KNOWN:
        try:
            found.append(known_allocator(name))
        except UserError as error:
            print(f"Left out: {error}", file=sys.stderr)
    return found
