"""ltrace: stops the program at its calls of the allocator, and at every system call.

Requests are read from the system calls (``-S``), so that it does not matter how the library makes
them. Calls of the library to its own functions are left out (``@MAIN``).

`harness.tracers.ltrace_output` reads what it writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from harness.trace.events import Event
from harness.tracers.linkage import NOT_LINKED, read_linkage
from harness.tracers.ltrace_output import READ, STATEMENT_WORDS, after_entering, read_events
from harness.execution.limits import Finished, Limits
from harness.execution.process import is_plain_file, run
from harness.execution.process_tree import kill_below, usage_below
from harness.execution.sandbox import OUT
from harness.trace.signatures import ALLOCATOR, FUNCTIONS, INT, POINTER, SIZE, Signature
from harness.tracers.tracer import Program, Streams

_PROTOTYPES = "ltrace.conf"
_TYPES = {POINTER: "addr", SIZE: "ulong", INT: "int", None: "void"}
"""The names of types in prototypes. With them, ltrace shows pointers as addresses, and sizes as
unsigned numbers."""
_STATEMENT = f"array({_TYPES[POINTER]}, {STATEMENT_WORDS})*"


class Ltrace:
    """The tracer for grading: it is outside of the process, which can't change what it sees."""

    name = "ltrace"
    tools: tuple[str, ...] = ("ltrace",)
    confines = True
    takes_copies = True

    def unsupported_reason(self, program: Path) -> str:
        linkage = read_linkage(program)
        if linkage is None:
            return NOT_LINKED
        unseen = linkage.imported if linkage.second_plt else linkage.imported - linkage.by_plt
        if not unseen:
            return ""
        return (
            f"ltrace does not see its calls of {', '.join(sorted(unseen))}, which do not go through"
            " the PLT that it watches (full RELRO and CET, or -fno-plt): compile it with"
            " -fplt -fcf-protection=none, link it with -Wl,-z,lazy, or use --tracer uftrace"
        )

    def run(self, program: Program, streams: Streams, raw: Path, limits: Limits) -> Finished:
        """Run a program under ltrace. A program that is out of time is killed before ltrace is, so
        that ltrace can still write in which call it was."""
        prototypes = raw.with_name(_PROTOTYPES)
        prototypes.write_text(_prototypes())
        prototypes.chmod(0o644)  # whatever the umask: in a sandbox, ltrace runs as another user
        confinement = program.confinement
        if confinement is None:
            argv = [*_command(raw.parent, raw.name), "--", *program.argv]
        else:
            argv = confinement.sandbox.confine_watched(
                [*_command(Path(OUT), raw.name), "--"],
                program.argv,
                confinement.shown,
                raw.parent,
                program.env,
            )
        return run(
            argv,
            limits,
            env=program.env,
            cwd=program.cwd,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            measure=lambda pid: usage_below(pid, "ltrace"),
            on_excess=lambda pid: kill_below(pid, "ltrace"),
            limits_itself=confinement is not None,
        )

    def events(self, raw: Path, execs_to_enter: int = 0) -> Iterator[Event]:
        if not is_plain_file(raw):  # ltrace ended before it made the file
            return
        with raw.open(encoding="utf-8", errors="replace") as lines:
            entered = after_entering(lines, execs_to_enter) if execs_to_enter else lines
            yield from read_events(entered)


@cache
def _prototypes() -> str:
    # The statement is shown when the call begins, and once more when it returns.
    told = (_TYPES[SIZE], _STATEMENT, f"+{_STATEMENT}")
    calls = [_prototype(name, signature, told) for name, signature in ALLOCATOR.items()]
    requests = [_prototype(f"SYS_{name}", signature) for name, signature in READ.items()]
    return "".join(f"{line}\n" for line in (*calls, *requests))


def _prototype(name: str, signature: Signature, more: Sequence[str] = ()) -> str:
    parameters = ", ".join([*map(_TYPES.__getitem__, signature.parameters), *more])
    return f"{_TYPES[signature.result]} {name}({parameters});"


def _command(folder: Path, raw: str) -> list[str]:
    """Return the command that reads prototypes in a folder, and writes the file ``raw`` there."""
    calls = "+".join(f"{function}@MAIN" for function in FUNCTIONS)
    files = ["-F", str(folder / _PROTOTYPES), "-o", str(folder / raw)]
    return ["ltrace", "-S", "-i", "-A", str(STATEMENT_WORDS), *files, "-e", calls]
