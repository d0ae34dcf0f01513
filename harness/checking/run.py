"""A traced run of a test's program with a library."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL

from harness.checking.audit import Audit, audit
from harness.execution.budget import charge
from harness.execution.build import LIBRARY, Library
from harness.trace.canonical import canonicalise
from harness.specification.policy import Policy
from harness.execution.output import Output
from harness.execution.process import Excess, Finished, Limits, is_plain_file
from harness.execution.sandbox import Sandbox, make_readable, make_writable_folder
from harness.execution.turns import alone
from harness.text import printable
from harness.trace.trace import Trace, gather
from harness.tracers.tracer import SHOWN, Confinement, Program, Streams, Tracer

_STDERR_BYTES = 4096
_LINE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a run."""

    trace: Trace
    finished: Finished
    """How the tracer ended."""
    stderr_line: str
    """The first line that the program wrote on standard error."""
    missing: tuple[str, ...]
    """The functions of the allocator that the library lacks."""
    audit: Audit


@contextmanager
def scratch_folder(top: Path | None = None) -> Iterator[Path]:
    """Make a temporary folder that sandboxes can reach into and other users can't list. It lies in
    ``top``, which has to be such a folder as well, or where temporary files go."""
    top = top or Path(tempfile.gettempdir()).absolute()
    with tempfile.TemporaryDirectory(prefix="osmem-", dir=top, ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        scratch.chmod(0o711)
        yield scratch


def _first_line(text: str) -> str:
    """Return the first line that is not blank, printable and cut to a bounded length."""
    lines = (printable(line).strip() for line in text.splitlines())
    return next(filter(None, lines), "")[:_LINE_LENGTH]


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs programs with libraries, in sandboxes if there is one."""

    tracer: Tracer
    policy: Policy
    limits: Limits
    sandbox: Sandbox | None
    scratch: Path | None = None
    """Where `scratch_folder` makes its folders."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that programs find beside those for the library."""

    def run(
        self,
        program: Path,
        library: Library,
        stdin: bytes = b"",
        moves_break: bool = False,
    ) -> Run:
        """Trace a program whose whole input is ``stdin``. Set ``moves_break`` if it
        moves the break itself.

        A program that meets the limit of wall time is traced again, alone: other programs may have
        delayed it. Raises `OSError`.
        """
        run = self._run_once(program, library, stdin, moves_break)
        if run.finished.excess is Excess.WALL and not run.audit.spawned:
            with alone():
                return self._run_once(program, library, stdin, moves_break)
        return run

    def _run_once(self, program: Path, library: Library, stdin: bytes, moves_break: bool) -> Run:
        with scratch_folder(self.scratch) as scratch:
            out = scratch / "out"
            make_writable_folder(out)
            raw = out / "trace"
            errors = Output(self.limits.file_bytes, _STDERR_BYTES)
            finished = self.tracer.run(
                self._program(program, library, scratch),
                Streams(stdin, DEVNULL, errors),
                raw,
                self.limits,
            )
            if is_plain_file(raw):
                charge(output_bytes=raw.stat().st_size)
            events = list(self.tracer.events(raw, self.sandbox is not None))
            return Run(
                gather(canonicalise(events)),
                finished,
                _first_line(errors.text),
                library.missing,
                audit(events, moves_break),
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
        """Return the environment of a program: nothing of ours but the library."""
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "LD_LIBRARY_PATH": str(library)}
        if conf := self.policy.as_conf():
            env["OSMEM_CONF"] = conf
        return {**env, **self.variables}
