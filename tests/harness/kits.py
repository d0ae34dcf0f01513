"""Kits for students: commands that see nothing else of the project, and solutions in a kit."""

from __future__ import annotations

import base64
import binascii
import gzip
import lzma
import re
import subprocess
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from harness.execution.build import ROOT

SYSTEM = (
    *("--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc"),
    *("--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin"),
    *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
    *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),
)


def alone(kit: Path, *command: str) -> list[str]:
    """A command in a copy of the system that has the kit, and nothing else of the project."""
    return [
        *("bwrap", "--unshare-all", "--die-with-parent", *SYSTEM),
        *("--bind", str(kit), "/kit", "--chdir", "/kit"),
        *("--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp"),
        *command,
    ]


def in_kit(kit: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(alone(kit, *command), capture_output=True, text=True, check=False)


# ---- What must not be in a kit ------------------------------------------------------------------

SOLUTIONS = [
    path
    for pattern in ("src/*.[ch]", "tests/plain/*.[ch]", "tests/hostile/carrier/*.c")
    for path in ROOT.glob(pattern)
] + [ROOT / "harness" / "specification" / f"{n}.py" for n in ("model", "operations", "program")]
SHARED = [path for name in ("utils", "tests/snippets") for path in (ROOT / name).glob("*.[ch]")]
SHARED += [
    ROOT / "harness" / f"{name}.py" for name in ("specification/policy", "execution/process")
]
CODED = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}|[0-9a-fA-F]{60,}")
COMMON_LINE = re.compile(
    r"from |import |@|def \w+\(.*:$|\"{3}|self[.]_\w+: |#include|#define|/\* SPDX|void \*?os_"
)
FUNCTION = re.compile(r"^[a-z][\w *]*?\b(\w+_\w+)\([^;]*$", re.MULTILINE)


def lines_of(text: str) -> set[str]:
    """The lines of a text that say enough to be known again."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return {line for line in lines if len(line) >= 24 and not COMMON_LINE.match(line)}


UNPACKING: tuple[Callable[[bytes], bytes], ...] = (
    gzip.decompress,
    lzma.decompress,
    zlib.decompress,
)
DECODING: tuple[Callable[[bytes], bytes], ...] = (
    base64.b64decode,
    base64.urlsafe_b64decode,
    binascii.unhexlify,
)


def layers(content: bytes) -> Iterator[bytes]:
    """A file's content, and what is packed in it, in any of the usual ways."""
    if not content:
        return
    yield content
    for unpack in UNPACKING:
        try:
            yield from layers(unpack(content))
        except (OSError, EOFError, lzma.LZMAError, zlib.error):
            pass
    for run in CODED.findall(content):
        for decode in DECODING:
            try:
                yield from layers(decode(run))
            except ValueError:
                pass


def read(paths: list[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@cache
def known() -> tuple[set[str], set[str]]:
    """The lines of solutions, and the names of their functions."""
    solutions, shared = read(SOLUTIONS), read(SHARED)
    names = set(FUNCTION.findall(solutions)) - set(re.findall(r"\w+", shared))
    return lines_of(solutions) - lines_of(shared), names


def found_in(content: bytes) -> set[str]:
    """The lines and the names of functions of solutions that are in a file."""
    lines, names = known()
    texts = [layer.decode("utf-8", errors="replace") for layer in layers(content)]
    return {
        found
        for text in texts
        for found in (lines_of(text) & lines) | (set(re.findall(r"\w+", text)) & names)
    }
