"""The program of a test under gdb, valgrind or AddressSanitizer, instead of a tracer.

gdb stops at the call that went wrong in a run before; a test runs the same each time.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.checking.run import library_variables
from harness.errors import UserError
from harness.execution.build import Library, build_library
from harness.execution.compiler import CompilerFlags
from harness.execution.kit import UTILS
from harness.execution.tools import require_tools
from harness.results.verdict import Verdict
from harness.specification.policy import Policy
from harness.suite import Suite
from harness.trace.judged import View
from harness.trace.trace import Trace

_COMMANDS = Path(__file__).with_name("in_gdb.py")
_SANITIZE = ("-fsanitize=address", "-fno-omit-frame-pointer", "-g")
_SANITIZER = "libasan.so"


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, and the environment that it needs."""

    argv: Sequence[str]
    env: dict[str, str]


# ---- gdb -----------------------------------------------------------------------------------------


def call_to_stop_at(verdict: Verdict, found: Trace) -> int:
    """Return the number of the call that went wrong, or else of the first one that is judged."""
    return verdict.call or min(View(found).start + 1, len(found.calls))


def under_gdb(
    verdict: Verdict, program: Path, library: Library, source: Path, policy: Policy, batch: bool
) -> Command:
    """Return a gdb that stops at the call that went wrong; ``batch`` lets it print where that is,
    and the blocks of the heap, and end. Raises `UserError`."""
    require_tools("gdb")
    if verdict.found is None or not verdict.found.calls:
        raise UserError(
            f"{verdict.test.name}: expected a run with calls to stop at, found none:"
            f" {verdict.reason or verdict.outcome}"
        )
    number = call_to_stop_at(verdict, verdict.found)
    line = verdict.found.calls[number - 1].line
    visits = sum(call.line == line for call in verdict.found.calls[: number - 1])
    settings = [
        *("set breakpoint pending on", "set debuginfod enabled off", "set print thread-events off"),
        *(
            f"set environment {name} {value}"
            for name, value in library_variables(library.folder, policy).items()
        ),
        *("set startup-with-shell off", "set filename-display basename"),
        f"directory {source.resolve()}:{UTILS}:{verdict.test.snippet.parent.resolve()}",
    ]
    steps = [
        f"source {_COMMANDS}",
        f"set $osmem_alignment = {policy.alignment}",
        f"osmem start {number} {verdict.test.snippet.name} {line} {visits}",
    ]
    if batch:
        steps += ["osmem blocks"]
    options = ["-nx", "-batch"] if batch else []
    early = [word for setting in settings for word in ("-iex", setting)]
    later = [word for step in steps for word in ("-ex", step)]
    return Command(["gdb", "-q", *options, *early, str(program), *later], {})


# ---- Checkers of memory --------------------------------------------------------------------------


def under_valgrind(program: Path, library: Library, policy: Policy) -> Command:
    """Return the program under valgrind. Raises `UserError`."""
    require_tools("valgrind")
    argv = ["valgrind", "--error-exitcode=1", str(program)]
    return Command(argv, library_variables(library.folder, policy))


def under_asan(program: Path, source: Path, suite: Suite) -> Command:
    """Return the program with a library that was built with AddressSanitizer. Raises `UserError`
    or `BuildError`.

    The program itself is built without, so that the runtime has to be loaded before it.
    """
    asked = ["gcc", f"-print-file-name={_SANITIZER}"]
    runtime = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    if not runtime.is_absolute():
        raise UserError(
            f"{_SANITIZER}: not found, so gcc can't build with AddressSanitizer",
            "install the package libgcc-N-dev, where N is the version of gcc",
        )
    flags = CompilerFlags(
        (*suite.compiler.first_try, *_SANITIZE),
        suite.compiler.second_try and (*suite.compiler.second_try, *_SANITIZE),
    )
    library = build_library(source, suite.build_limits, flags=flags)
    env = {**library_variables(library.folder, suite.policy), "LD_PRELOAD": str(runtime)}
    return Command([str(program)], {**env, "ASAN_OPTIONS": "detect_leaks=0"})
