"""Submissions for the tests: the plain implementation, with a mistake or an attack."""

from __future__ import annotations

import base64
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from harness.specification.mistakes import read_mistakes  # noqa: E402
from harness.trace.file import read_trace_file  # noqa: E402
from harness.trace.trace import NULL, Address, Call  # noqa: E402

TESTS = ROOT / "tests"
HOSTILE = TESTS / "hostile"

PLANTED = tuple(read_mistakes(TESTS / "mistakes.toml"))
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


_INCLUDE = re.compile(r'(#include "(?:plain|mistakes?))\.h"')
_RENAMED = "".join(
    f"#define os_{name} plain_{name}\n" for name in ("malloc", "calloc", "realloc", "free")
)
"""Puts the plain implementation behind that of hostile/carrier/osmem.c."""


def attacking(folder: Path, attack: str) -> Path:
    """The plain implementation with an attack in C, such as hostile/cost/ATTACK.c."""
    (source,) = HOSTILE.glob(f"*/{attack}.c")
    shutil.copytree(TESTS / "plain", folder)
    (folder / "osmem.c").rename(folder / "plain.c")
    for name in ("plain.c", "realloc.c"):
        (folder / name).write_text(_RENAMED + (folder / name).read_text())
    shutil.copytree(HOSTILE / "carrier", folder, dirs_exist_ok=True)
    shutil.copy(source, folder / "attack.c")
    return folder


def building(folder: Path, makefile: Path) -> Path:
    """The plain implementation with another Makefile."""
    plain(folder)
    shutil.copy(makefile, folder / "Makefile")
    return folder


def hidden(folder: Path, shown: str) -> Path:
    """The plain implementation in files that end in .txt, and a file in C of hostile/points/hidden
    for show."""
    plain(folder)
    for path in folder.glob("*.c"):
        path.rename(path.with_suffix(".txt"))
    for path in folder.glob("*.h"):
        path.rename(folder / f"{path.name}.txt")
    for path in folder.glob("*.txt"):
        path.write_text(_INCLUDE.sub(r'\1.h.txt"', path.read_text()))
    shutil.copy(HOSTILE / "points" / "hidden" / "Makefile", folder)
    shutil.copy(HOSTILE / "points" / "hidden" / f"{shown}.c", folder)
    return folder


# ---- Answers without an allocator ----------------------------------------------------------------

_CALLS = {"os_malloc": "m", "os_calloc": "c", "os_realloc": "r", "os_free": "f"}


def canned(folder: Path) -> Path:
    """The answers to all published tests, and no allocator."""
    shutil.copytree(HOSTILE / "points" / "canned", folder)
    (folder / "answers.h").write_text("".join(f"{line},\n" for line in _answers()))
    return folder


def canned_in_makefile(folder: Path) -> Path:
    """The same, with its source hidden in the Makefile."""
    canned(folder)
    source = (folder / "osmem.c").read_text()
    source = source.replace('#include "answers.h"\n', (folder / "answers.h").read_text())
    for path in folder.iterdir():
        path.unlink()
    hidden = base64.b64encode(source.encode()).decode()
    command = "base64 -d hidden | gcc -x c -fPIC -shared -D_GNU_SOURCE -I../utils -o $@ -"
    lines = "".join(
        f"\techo {hidden[at:at + 4000]} >>hidden\n" for at in range(0, len(hidden), 4000)
    )
    (folder / "Makefile").write_text(f"libosmem.so:\n{lines}\t{command}\n")
    return folder


def _answers() -> Iterator[str]:
    """Yield the steps that hostile/points/canned knows by heart, in C."""
    for reference in sorted((TESTS / "ref" / "default").glob("*.trace")):
        yield _step("T")
        sizes: dict[object, int] = {}
        for call in read_trace_file(reference).calls:
            yield from _answer(call, sizes)


def _answer(call: Call, sizes: dict[object, int]) -> Iterator[str]:
    """Yield the steps of a call; ``sizes`` are those of the blocks in use."""
    pointer = call.args[0]
    old = sizes.pop(pointer, 0) if call.function in ("os_realloc", "os_free") else 0
    numbers = [arg for arg in call.args if isinstance(arg, int)]
    if call.function in ("os_realloc", "os_free"):
        numbers.append(int(pointer != NULL))
    yield _step(_CALLS[call.function], *numbers)
    returned = []
    for request in call.requests:
        match request.name, request.args:
            case "sbrk", (int(increment),):
                yield _step("S", increment)
            case "mmap", (_, int(length), *_):
                yield _step("M", length)
            case "munmap", (Address(_, int(number)), int(length)):
                returned.append(_step("U", number, length))
    if isinstance(call.result, Address):
        mapping = call.result.mapping
        yield _step("P" if mapping else "H", call.result.offset, mapping or 0)
        size = sizes[call.result] = numbers[0] * (numbers[1] if call.function == "os_calloc" else 1)
        if call.function == "os_calloc":
            yield _step("Z", size)
        elif old:
            yield _step("C", min(old, size))
    yield from returned


def _step(what: str, *numbers: int) -> str:
    first, second = (*numbers, 0, 0)[:2]
    return f"{{'{what}', {{{first}u, {second}u}}}}"
