"""The flags that make every compiler accept and refuse the same sources.

A submission's Makefile calls the compiler of the machine it is built on. Compilers refuse more from
version to version: gcc 14 refuses implicit declarations, of which gcc 10 only warned, and adds
warnings to `-Wall`, which `-Werror` makes into errors. So a build finds our flags in front of its
own: the first try refuses what gcc 14 refuses, with any gcc from 10 on; the second try accepts what
gcc 10 accepted. The flags of the Makefile come later, and so win.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
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
"""Warnings of `-Wall`, `-Wextra` or of every build, each by the version that added it. No compiler
complains of a warning that it does not know, as long as it is turned off."""
_COMMON = ("-std=gnu17", *(f"-W{name}" for name in _ADDED_SINCE_10))
"""gcc 15 takes C23 where no standard is named."""


@dataclass(frozen=True, slots=True)
class CompilerFlags:
    """The flags put in front of those that a build gives to the compiler."""

    first_try: tuple[str, ...] = (*_COMMON, *(f"-Werror={name}" for name in _REFUSED_SINCE_14))
    second_try: tuple[str, ...] = (*_COMMON, *(f"-Wno-error={name}" for name in _REFUSED_SINCE_14))
    """Those of another build, where the first one fails. If empty, there is no other."""


_COMPILERS = ("cc", "c89", "c99", "gcc", "clang")
_ERROR = re.compile(r"error: .* \[-W(?:error=)?([a-z0-9+-]+)(?:,.*)?\]$", re.MULTILINE)


def write_compilers(folder: Path, flags: Sequence[str], path: str) -> None:
    """Makes a folder of compilers that take the flags first, then those they are given. ``path`` is
    the search path on which the real ones are found."""
    folder.mkdir(mode=0o755)
    for name in _COMPILERS:
        if real := shutil.which(name, path=path):
            script = folder / name
            script.write_text(f'#!/bin/sh\nexec {shlex.join([real, *flags])} "$@"\n')
            script.chmod(0o755)


def refusals(log: str) -> Iterator[str]:
    """The warnings that a compiler took for errors, by name, each once, sorted."""
    yield from sorted(set(_ERROR.findall(log)))
