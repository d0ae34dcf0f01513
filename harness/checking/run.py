"""A traced run of a test's program with a library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from harness.checking.attestation import Unchecked, first_unchecked
from harness.checking.audit import Audit, audit
from harness.checking.linking import links_oddly
from harness.checking.origin import Foreign, first_foreign
from harness.checking.printed import printed_in_calls
from harness.checking.program_code import read_code
from harness.checking.shown import ShownFolders
from harness.checking.traced import TRACED_LIBRARY, traced_copy
from harness.execution.budget import charge
from harness.execution.build import LIBRARY, Library
from harness.trace.canonical import canonicalise
from harness.specification.policy import Policy
from harness.execution.output import Output
from harness.execution.limits import Excess, Finished, Limits
from harness.execution.process import is_plain_file
from harness.execution.sandbox import (
    SHOWN,
    RunSandbox,
    make_writable_folder,
    scratch_folder,
)
from harness.execution.turns import alone
from harness.results.verdict import Printed
from harness.trace.trace import Trace, gather
from harness.tracers.tracer import Confinement, Program, Streams, Tracer

_PRINTED_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a run."""

    trace: Trace
    finished: Finished
    """How the tracer ended."""
    printed: tuple[Printed, ...]
    """What the program printed: its first 4 KiB."""
    missing: tuple[str, ...]
    """The functions of the allocator that the library lacks."""
    audit: Audit
    links_oddly: bool = False
    """Whether the library does more, while it is linked, than libraries do."""
    unchecked: Unchecked | None = None
    """The first call that the program has checked otherwise than it should have."""
    foreign: Foreign | None = None
    """The first thing that the library did in place of the program, or to it."""


def library_variables(library: Path, policy: Policy) -> dict[str, str]:
    """Return the environment variables with which a program loads the library in a folder, and that
    follows a policy."""
    return {"LD_LIBRARY_PATH": str(library), **_policy_variables(policy)}


@lru_cache(maxsize=8)  # for each run
def _policy_variables(policy: Policy) -> Mapping[str, str]:
    conf = policy.as_conf()
    return {"OSMEM_CONF": conf} if conf else {}


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs programs with libraries, in sandboxes if there is one."""

    tracer: Tracer
    policy: Policy
    limits: Limits
    sandbox: RunSandbox | None
    shown: ShownFolders | None = None
    """What the sandbox shows."""
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
            raw = self._writable_folder(scratch) / "trace"
            output = Output(self.limits.file_bytes, _PRINTED_BYTES)
            finished = self.tracer.run(
                self.program(program, library, scratch, as_linked=not self.tracer.takes_copies),
                Streams(stdin, output, output),
                raw,
                self.limits,
            )
            if is_plain_file(raw):
                charge(output_bytes=raw.stat().st_size)
            entering = self.sandbox.execs_to_enter if self.sandbox is not None else 0
            events = list(self.tracer.events(raw, entering))
            code = read_code(program)
            return Run(
                gather(canonicalise(events)),
                finished,
                printed_in_calls(bytes(output.content), events),
                library.missing,
                audit(events, moves_break),
                links_oddly(library.folder / LIBRARY),
                first_unchecked(events),
                first_foreign(events, code) if code else None,
            )

    def _writable_folder(self, scratch: Path) -> Path:
        """Return the folder that the tracer can write to."""
        if self.sandbox is None:
            return scratch
        out = scratch / "out"
        make_writable_folder(out)
        return out

    def program(self, program: Path, library: Library, scratch: Path, as_linked: bool) -> Program:
        """Return a program to run with a library, with a home in the folder ``scratch``: the copy
        of it to trace, or itself, ``as_linked``."""
        file, name, env = traced_copy(program), TRACED_LIBRARY, self._environment()
        if as_linked:
            file, name, env = program, LIBRARY, {**env, "LD_LIBRARY_PATH": SHOWN}
        if self.sandbox is None:
            home = scratch / "home"
            home.mkdir()
            shown = home / SHOWN
            shown.mkdir()
            (shown / name).symlink_to(library.folder / LIBRARY)
            return Program([str(file)], env, home)
        assert self.shown is not None, "it comes with the sandbox"
        shown = self.shown.show(file, library.folder / LIBRARY, name)
        return Program([f"{SHOWN}/{file.name}"], env, None, Confinement(self.sandbox, shown))

    def _environment(self) -> dict[str, str]:
        """Return the environment of a program: nothing of ours but the policy of the library."""
        # Without this, libc registers memory of the thread's own with the kernel, which a library
        # could use to go on elsewhere whenever the program is interrupted.
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "GLIBC_TUNABLES": "glibc.pthread.rseq=0"}
        return {**env, **_policy_variables(self.policy), **self.variables}
