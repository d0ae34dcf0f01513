"""uftrace: calls recorded inside of the process, at a fiftieth of what ltrace costs.

Because it is inside, strace stands beside it, and only what both agree on is a trace; see
`agreement`. For the same reason it is not for programs that nobody trusts.
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
from harness.execution.process import Finished, Limits, lines_of, run
from harness.execution.process_tree import kill_below
from harness.trace.signatures import FUNCTIONS, Signature
from harness.tracers import strace, uftrace_output
from harness.tracers.tracer import Program, Streams, TracerError
from harness.tracers.cross_check import put_together

_SHARED_MEMORY = Path("/dev/shm")
_OWN_FILES = "uftrace-"
_TASK = re.compile(r"SESS .*?\bpid=(?P<task>\d+) sid=(?P<session>\w+)")
_MOST_DRIFT = 1000
"""In nanoseconds: clocks that moved further against each other were set."""


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
    """The programs that were run, in order."""
    tasks = raw / "data" / "task.txt"
    return _TASK.finditer(tasks.read_text() if tasks.is_file() else "")


def _clear_memory(raw: Path) -> None:
    """Removes what stays behind where uftrace was killed, by a limit or with the checker."""
    for task in _tasks(raw):
        for left in _SHARED_MEMORY.glob(f"{_OWN_FILES}{task['session']}-*"):
            left.unlink(missing_ok=True)


def _accounts(raw: Path) -> dict[Path, str]:
    """What strace wrote, of each process."""
    return {path: path.read_text(errors="replace") for path in raw.glob("kernel.*")}


def _ended_early(raw: Path) -> Path | None:
    """The account of the program, if that has ended before uftrace was ready to record it."""
    for path, text in _accounts(raw).items():
        # The threads of uftrace have accounts, too, but never become a program.
        if _is_over(text) and " execve(" in text and not _is_own(text):
            return path
    return None


def _is_own(account: str) -> bool:
    return '"uftrace", "record"' in account.partition("\n")[0]


def _is_over(account: str) -> bool:
    return account.endswith("+++\n")


def _end_in_vain(raw: Path) -> None:
    """Ends uftrace if it waits for a program that ended early; it would do so for ever."""
    early = _ended_early(raw) if next(_tasks(raw), None) is None else None
    if early is None or time.time() - early.stat().st_mtime < 1:  # there may be word of it yet
        return
    for path, text in _accounts(raw).items():
        if _is_own(text) and not _is_over(text):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(path.suffix[1:]), signal.SIGTERM)


class Uftrace:
    """The tracer for long runs of programs that one trusts."""

    name = "uftrace"
    tools: tuple[str, ...] = ("uftrace", "strace")
    confines = False

    def unsupported_reason(self, program: Path) -> str:
        return "" if read_linkage(program) else NOT_LINKED

    def run(self, program: Program, streams: Streams, raw: Path, limits: Limits) -> Finished:
        """Runs a program under uftrace, and that under strace; ``raw`` is a folder here. A program
        that is out of time is killed before they are, so that what it did is kept."""
        raw.mkdir()
        record = [*_RECORD, f"--logfile={raw / 'said'}", f"--data={raw / 'data'}"]
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
                on_timeout=lambda pid: kill_below(pid, "uftrace"),
                meanwhile=lambda: _end_in_vain(raw),
            )
        finally:
            _clear_memory(raw)
        if abs(strace.clock_offset() - before) > _MOST_DRIFT:
            raise TracerError("the clock was set while the program ran: run it again")
        (raw / "offset").write_text(str(before))
        return finished

    def events(self, raw: Path, confined: bool) -> Iterator[Event]:
        first = next(_tasks(raw), None)
        account = _ended_early(raw) if first is None else raw / f"kernel.{first['task']}"
        if account is None:  # the program was not even started
            return
        offset = int((raw / "offset").read_text())
        with account.open(errors="replace") as kernel:
            seen = strace.read_program(kernel, offset, f"{_SHARED_MEMORY}/{_OWN_FILES}")
            if first is None:
                yield from (event for _, event in seen)
                return
            task = f"--tid={first['task']}"
            with lines_of([*uftrace_output.COMMAND, task, f"--data={raw / 'data'}"]) as lines:
                yield from put_together(uftrace_output.read_replay(lines), seen)
