"""Building libraries, and the C programs of these tests that are linked with them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.execution.build import ROOT
from harness.execution.kit import UTILS
from harness.execution.sources import BUILT_SUFFIXES

HERE = ROOT / "tests" / "allocator"
PLAIN = ROOT / "tests" / "plain"
_OPTIONS = "-std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -pthread -rdynamic".split()
_BUILT_FILES = [f"*{suffix}" for suffix in BUILT_SUFFIXES] + ["*.so.*"]


def copy_source(source: Path, to: Path) -> None:
    """Copy a folder, without the files that a build left there."""
    shutil.copytree(source, to, ignore=shutil.ignore_patterns(*_BUILT_FILES))


@dataclass(frozen=True)
class Built:
    """A library, and how it was built."""

    folder: Path
    """The folder of the library."""
    compiler: str
    flags: str

    def link(self, name: str) -> Path:
        """Build the C program of this name beside this file, linked with libosmem.so."""
        return self._compile(name, f"-L{self.folder}", "-losmem", f"-Wl,-rpath,{self.folder}")

    def compile(self, name: str) -> Path:
        """Build the C program of this name beside this file, without the library."""
        return self._compile(name, "-fno-builtin")

    def _compile(self, name: str, *options: str) -> Path:
        program = self.folder.parent / name
        command = [self.compiler, *self.flags.split(), *_OPTIONS, f"-I{UTILS}"]
        subprocess.run([*command, HERE / f"{name}.c", *options, "-o", program], check=True)
        return program


def build(
    folder: Path,
    source: Path = ROOT / "src",
    flags: str = "-O2 -g",
    compiler: str = "gcc",
    target: str = "libosmem.so",
) -> Built:
    """Build the library of a folder of sources, in a copy below ``folder``."""
    copy_source(source, folder / "src")
    copy_source(UTILS, folder / "utils")
    subprocess.run(
        ["make", "-s", "-C", folder / "src", target, f"CC={compiler}", f"CFLAGS={flags}"],
        check=True,
    )
    return Built(folder / "src", compiler, flags)
