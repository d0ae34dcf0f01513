"""One traced run of a program with a library."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL

from harness.checking.loading import loading_environment
from harness.execution.build import LIBRARY, Library
from harness.trace.canonical import canonicalise
from harness.specification.policy import Policy
from harness.execution.process import UNLIMITED, Finished, Limits
from harness.execution.sandbox import Sandbox, make_readable, make_writable_folder
from harness.execution.tools import require_tools
from harness.text import printable
from harness.trace.trace import End, How, Part, Trace, gather, threads_or_processes
from harness.tracers.tracer import SHOWN, Confinement, Program, Streams, Tracer, TracerError
from harness.checking.audit import Testimony, testify

_TOLD_BYTES = 4096
_TOLD_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run."""

    trace: Trace
    finished: Finished
    """How the tracer ended."""
    told: str
    """The first line that the program wrote on standard error."""
    missing: tuple[str, ...]
    """The functions of the allocator that the library lacks."""
    testimony: Testimony


@contextmanager
def scratch_folder(top: Path | None = None) -> Iterator[Path]:
    """A folder of our own for a while, which sandboxes can reach into but others can't list. It is
    made in ``top``, which then has to be such a folder too, or where temporary files go."""
    top = top or Path(tempfile.gettempdir()).absolute()
    with tempfile.TemporaryDirectory(prefix="osmem-", dir=top, ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        scratch.chmod(0o711)
        yield scratch


def _first_line(told: Path) -> str:
    """The first line of a file that says something, harmless to a terminal and not too long."""
    with told.open("rb") as file:
        text = file.read(_TOLD_BYTES).decode("utf-8", errors="replace")
    lines = (printable(line).strip() for line in text.splitlines())
    return next(filter(None, lines), "")[:_TOLD_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs programs with libraries, in sandboxes if there is one."""

    tracer: Tracer
    policy: Policy
    limits: Limits
    sandbox: Sandbox | None
    scratch: Path | None = None
    """Where scratch folders are made; see `scratch_folder`."""

    def run(
        self,
        program: Path,
        library: Library,
        stdin: Path | None = None,
        moves_break: bool = False,
    ) -> Run:
        """Traces a program, which reads the file ``stdin``, or nothing, and may move the break
        itself. Raises `OSError`."""
        with scratch_folder(self.scratch) as scratch:
            out, told = scratch / "out", scratch / "told"
            make_writable_folder(out)
            raw = out / "trace"
            with told.open("wb") as stderr, Path(stdin or os.devnull).open("rb") as given:
                finished = self.tracer.run(
                    self._program(program, library, scratch),
                    Streams(given, DEVNULL, stderr),
                    raw,
                    self.limits,
                )
            events = list(self.tracer.events(raw, self.sandbox is not None))
            return Run(
                gather(canonicalise(events)),
                finished,
                _first_line(told),
                library.missing,
                testify(events, moves_break),
            )

    def _program(self, program: Path, library: Library, scratch: Path) -> Program:
        if self.sandbox is None:
            home = scratch / "home"
            home.mkdir()
            return Program([str(program)], self._environment(library.folder), home)
        shown = scratch / "shown"
        shown.mkdir()
        shutil.copy(program, shown / "program")
        shutil.copy(library.folder / LIBRARY, shown)
        make_readable(shown)
        env = self._environment(Path(SHOWN))
        return Program([f"{SHOWN}/program"], env, None, Confinement(self.sandbox, shown))

    def _environment(self, library: Path) -> dict[str, str]:
        """What a program finds in its environment: nothing of ours but the library."""
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "LD_LIBRARY_PATH": str(library)}
        if conf := self.policy.as_conf():
            env["OSMEM_CONF"] = conf
        return env


@dataclass(frozen=True, slots=True)
class Invocation:
    """A program of the user's, as it is to be run."""

    program: Path
    args: Sequence[str]
    library: Library
    """The libosmem.so for a program that finds none."""
    replace: bool
    """Whether the library also takes the place of one that the program finds."""


def trace_program(invocation: Invocation, tracer: Tracer, output: int) -> Iterator[Part]:
    """Run any program as the user would run it, and yield its trace. What it prints goes to the
    file ``output``. Raises `UserError` or `OSError`."""
    program = invocation.program
    require_tools("readelf", "ldd")
    if why := tracer.unsupported_reason(program):
        raise TracerError(f"{program}: {why}")
    here = sys.stdin.fileno() if sys.stdin is not None else DEVNULL
    streams = Streams(here, output, sys.stderr.fileno())
    with scratch_folder() as scratch:
        links = scratch / "library"
        links.mkdir()
        env = loading_environment(program, invocation.library, invocation.replace, links)
        command = Program([str(program.resolve()), *invocation.args], env, None)
        raw = scratch / "trace"
        finished = tracer.run(command, streams, raw, UNLIMITED)
        for number, part in enumerate(canonicalise(tracer.events(raw, confined=False))):
            if number == 0 and isinstance(part, End) and part.how is How.CUT_SHORT:
                raise TracerError(
                    f"{program}: {tracer.name} could not run it, and ended with status"
                    f" {finished.status}; does it run without a tracer?"
                )
            yield part


def is_whole(end: End) -> bool:
    """Return whether a program exited outside of the allocator, and all its calls are in its
    trace."""
    return end.how is How.EXIT and not end.inside and not end.untraced


def missing_calls(calls: int, end: End) -> str:
    """Return which calls a trace lacks, in one line, given how many it has and its end; empty if it
    has all."""
    if end.untraced:
        others = threads_or_processes(end.untraced)
        return f"the calls of {others} that it started were not seen"
    if calls:
        return ""
    return (
        "no call of os_malloc() and the like was seen; is it linked with -losmem, and does it make"
        " any?"
    )
