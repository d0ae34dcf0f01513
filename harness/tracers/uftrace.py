"""uftrace: records calls inside of the process, in a fiftieth of the time that ltrace takes.

A program can change what is recorded inside of it. So strace records the system calls from outside,
there is a trace only if both agree (see `cross_check`), and uftrace is only for trusted programs.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from harness.trace.events import Event
from harness.tracers.linkage import NOT_LINKED, read_linkage
from harness.execution.answer import lines_of
from harness.execution.limits import Finished, Limits
from harness.execution.process import run
from harness.execution.process_tree import kill_below, usage_below
from harness.trace.signatures import FUNCTIONS, Signature
from harness.tracers import strace, uftrace_output
from harness.tracers.tracer import Program, Streams, TracerError
from harness.tracers.cross_check import merge

_SHARED_MEMORY = Path("/dev/shm")
_OWN_FILES = "uftrace-"
_TASK = re.compile(r"SESS .*?\bpid=(?P<task>\d+) sid=(?P<session>\w+)")
_MAX_DRIFT = 1000
"""In nanoseconds. If two clocks drift further apart during a run, one of them was set."""


def _specifiers(signature: Signature) -> str:
    return ",".join(f"arg{number}/x64" for number, _ in enumerate(signature.parameters, 1))


_RECORD = (
    *("uftrace", "record", "--force", "--nest-libcall", "--no-event", "--no-pager"),
    *(word for function in FUNCTIONS for word in ("-F", function)),
    *(
        word
        for function, signature in uftrace_output.RECORDED.items()
        for word in ("-A", f"{function}@{_specifiers(signature)}")
    ),
    *(
        word
        for name, signature in uftrace_output.RECORDED.items()
        if signature.result is not None
        for word in ("-R", f"{name}@retval/x64")
    ),
)


def _tasks(raw: Path) -> Iterator[re.Match[str]]:
    """Yield the programs that uftrace recorded, in the order in which they started."""
    tasks = raw / "data" / "task.txt"
    return _TASK.finditer(tasks.read_text() if tasks.is_file() else "")


def _remove_shared_memory(raw: Path) -> None:
    """Remove what uftrace leaves behind if it is killed, by a limit or with the checker."""
    for task in _tasks(raw):
        for path in _SHARED_MEMORY.glob(f"{_OWN_FILES}{task['session']}-*"):
            path.unlink(missing_ok=True)


def _kernel_logs(raw: Path) -> dict[Path, str]:
    """Return what strace wrote on each process."""
    return {path: path.read_text(errors="replace") for path in raw.glob("kernel.*")}


def _log_of_early_end(raw: Path) -> Path | None:
    """Return strace's log on the program, if that ended before uftrace was ready to record it."""
    for path, text in _kernel_logs(raw).items():
        # The threads of uftrace have logs as well, but never become a program.
        if _is_complete(text) and " execve(" in text and not _is_on_uftrace(text):
            return path
    return None


def _is_on_uftrace(log: str) -> bool:
    return '"uftrace", "record"' in log.partition("\n")[0]


def _is_complete(log: str) -> bool:
    return log.endswith("+++\n")


def _stop_waiting(raw: Path) -> None:
    """End uftrace if the program ended before it could be recorded: uftrace would wait forever."""
    log = _log_of_early_end(raw) if next(_tasks(raw), None) is None else None
    if log is None or time.time() - log.stat().st_mtime < 1:  # a record may still come
        return
    for path, text in _kernel_logs(raw).items():
        if _is_on_uftrace(text) and not _is_complete(text):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(path.suffix[1:]), signal.SIGTERM)


class Uftrace:
    """The tracer for long runs of trusted programs."""

    name = "uftrace"
    tools: tuple[str, ...] = ("uftrace", "strace")
    confines = False
    takes_copies = False

    def unsupported_reason(self, program: Path) -> str:
        return "" if read_linkage(program) else NOT_LINKED

    def run(self, program: Program, streams: Streams, raw: Path, limits: Limits) -> Finished:
        """Run a program under uftrace, and uftrace under strace; ``raw`` is a folder. A program
        that is out of time is killed before the tracers are, so that its records are kept."""
        raw.mkdir()
        record = [*_RECORD, f"--logfile={raw / 'log'}", f"--data={raw / 'data'}"]
        before = strace.clock_offset()
        try:
            finished = run(
                strace.command(raw / "kernel", [*record, "--", *program.argv]),
                limits,
                env=program.env,
                cwd=program.cwd,
                stdin=streams.stdin,
                stdout=streams.stdout,
                stderr=streams.stderr,
                measure=lambda pid: usage_below(pid, "uftrace"),
                on_excess=lambda pid: kill_below(pid, "uftrace"),
                meanwhile=lambda: _stop_waiting(raw),
            )
        finally:
            _remove_shared_memory(raw)
        if abs(strace.clock_offset() - before) > _MAX_DRIFT:
            raise TracerError("the clock was set while the program ran: run it again")
        (raw / "offset").write_text(str(before))
        return finished

    def events(self, raw: Path, execs_to_enter: int = 0) -> Iterator[Event]:
        first = next(_tasks(raw), None)
        log = _log_of_early_end(raw) if first is None else raw / f"kernel.{first['task']}"
        if log is None:  # the program did not start
            return
        offset = int((raw / "offset").read_text())
        with log.open(errors="replace") as lines:
            seen = strace.read_program(lines, offset, f"{_SHARED_MEMORY}/{_OWN_FILES}")
            if first is None:
                yield from (event for _, event in seen)
                return
            task = f"--tid={first['task']}"
            with lines_of([*uftrace_output.COMMAND, task, f"--data={raw / 'data'}"]) as output:
                yield from merge(uftrace_output.read_records(output), seen)
