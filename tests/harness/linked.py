"""Programs for the tests that are linked with a libosmem.so."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness.execution.build import ROOT, Library, build_library
from harness.execution.kit import UTILS
from harness.suite import load_suite

SUITE = load_suite(ROOT / "tests" / "suite.toml")
LAZY = ("-fcf-protection=none", "-Wl,-z,lazy")
"""The flags to link a program whose calls every tracer sees."""


def library() -> Library:
    """The project's own library."""
    return build_library(ROOT / "src", SUITE.build_limits)


def link(folder: Path, body: str, flags: Sequence[str] = LAZY, name: str = "program") -> Path:
    """A program whose main() is ``body``."""
    source = folder / f"{name}.c"
    source.write_text(
        "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
        '#include "osmem.h"\n'
        f"int main(int argc, char **argv)\n{{\n(void)argc, (void)argv;\n{body}\n}}\n"
    )
    program = folder / name
    search = f"-L{library().folder}"
    subprocess.run(
        ["gcc", *flags, "-D_GNU_SOURCE", f"-I{UTILS}", source, search, "-losmem", "-o", program],
        check=True,
    )
    return program
