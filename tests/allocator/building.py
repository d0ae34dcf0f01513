"""Building the libraries and the C programs of these tests."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.execution.build import ROOT

HERE = ROOT / "tests" / "allocator"


@dataclass(frozen=True)
class Built:
    """Both libraries in a folder of their own, and what they were built with."""

    folder: Path
    flags: str

    @property
    def preload(self) -> Path:
        return self.folder / "src" / "libosmem-preload.so"

    def link(self, name: str) -> Path:
        """Builds one of the C programs beside this file."""
        program = self.folder / name
        options = f"{self.flags} -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE".split()
        options += ["-pthread", "-rdynamic"]
        library = [f"-L{self.folder / 'src'}", "-losmem", f"-Wl,-rpath,{self.folder / 'src'}"]
        subprocess.run(
            ["gcc", *options, f"-I{ROOT / 'utils'}", HERE / f"{name}.c", *library, "-o", program],
            check=True,
        )
        return program


def build(folder: Path, flags: str = "-O2 -g") -> Built:
    """Builds both libraries in ``folder``."""
    unwanted = shutil.ignore_patterns("*.o", "*.d", "*.so", "*.so.*")
    for part in ("src", "utils"):
        shutil.copytree(ROOT / part, folder / part, ignore=unwanted)
    subprocess.run(["make", "-s", "-C", folder / "src", "all", f"CFLAGS={flags}"], check=True)
    return Built(folder, flags)
