"""Flags with which every compiler accepts and refuses the same sources.

A submission's Makefile calls the compiler of the machine, and newer compilers refuse more: gcc 14
refuses implicit declarations, where gcc 10 only warned, and adds warnings to `-Wall`, which
`-Werror` turns into errors. So a build puts flags of ours in front of those of the Makefile. With
any gcc from 10 on, the first try refuses what gcc 14 refuses, and the second try accepts what gcc
10 accepted, and what gcc 9 linked. The flags of the Makefile come later, and so take precedence.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_REFUSED_SINCE_14 = (
    "implicit-function-declaration",
    "implicit-int",
    "incompatible-pointer-types",
    "int-conversion",
)
"""https://gcc.gnu.org/gcc-14/porting_to.html#c"""
_ADDED_SINCE_10 = (
    "no-unknown-warning-option",  # clang's, which does not know all of these
    "no-array-parameter",  # gcc 11
    "no-mismatched-dealloc",
    "no-sizeof-array-div",
    "no-stringop-overread",
    "no-vla-parameter",
    "no-array-compare",  # gcc 12
    "no-dangling-pointer",
    "no-infinite-recursion",
    "no-use-after-free",
    "no-enum-int-mismatch",  # gcc 13
    "no-xor-used-as-pow",
    "no-alloc-size",  # gcc 14
    "no-calloc-transposed-args",
    "no-declaration-missing-parameter-type",
    "no-return-mismatch",
    "no-header-guard",  # gcc 15
    "no-unterminated-string-initialization",
)
"""Warnings that `-Wall`, `-Wextra` or the compiler itself turns on, by the version that added them.
No compiler complains about turning off a warning that it does not know."""
_COMMON = ("-std=gnu17", *(f"-W{name}" for name in _ADDED_SINCE_10))
"""Without a standard, gcc 15 compiles C23."""


@dataclass(frozen=True, slots=True)
class CompilerFlags:
    """The flags in front of those that a Makefile gives to the compiler."""

    first_try: tuple[str, ...] = (*_COMMON, *(f"-Werror={name}" for name in _REFUSED_SINCE_14))
    second_try: tuple[str, ...] = (
        *_COMMON,
        *(f"-Wno-error={name}" for name in _REFUSED_SINCE_14),
        "-fcommon",  # the default up to gcc 9: a variable in a header is one variable
    )
    """For a second build, if the first one fails; empty for none."""

    def behind(self, flags: tuple[str, ...]) -> CompilerFlags:
        """Return these flags with others in front of them."""
        return CompilerFlags(
            (*flags, *self.first_try), self.second_try and (*flags, *self.second_try)
        )


_COMPILERS = ("cc", "c89", "c99", "gcc", "clang")
_REFUSED = re.compile(r" \[-W(?:error=)?([a-z0-9+-]+)(?:,[^][]*)?\]$")
"""The end of a line that reports an error. Whatever the line, it is found in linear time."""
_DEFINED_TWICE = re.compile(r"multiple definition of |duplicate symbol")
"""The complaint of a linker, which -fcommon silences if it is about a variable without a value."""


def write_compilers(folder: Path, flags: Sequence[str], path: str) -> None:
    """Make a folder of compilers that put these flags in front of their own. The real compilers are
    those on the search path ``path``."""
    folder.mkdir(mode=0o755)
    for name in _COMPILERS:
        if real := shutil.which(name, path=path):
            script = folder / name
            script.write_text(f'#!/bin/sh\nexec {shlex.join([real, *flags])} "$@"\n')
            script.chmod(0o755)


def refusals(log: str) -> list[str]:
    """Return the names of the warnings that a compiler took for errors, each once, sorted; or why
    the linker failed, if it did."""
    if _DEFINED_TWICE.search(log):
        return ["a variable defined in several files, which needs -fcommon"]
    errors = (line.partition("error: ")[2] for line in log.split("\n"))
    return sorted({match[1] for match in map(_REFUSED.search, errors) if match})
