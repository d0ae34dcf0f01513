"""uftrace: calls recorded inside of the process, at a fiftieth of what ltrace costs.

Because it is inside, strace stands beside it, and only what both agree on is a trace; see
`agreement`. For the same reason it is not for programs that nobody trusts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.events import Event
from harness.linkage import NOT_LINKED, read_linkage
from harness.process import Finished, Limits, kill_below, lines_of, run
from harness.trace import FUNCTIONS
from harness.tracers import Program, Streams, TracerError, replay, strace
from harness.tracers.agreement import put_together

_SHARED_MEMORY = Path("/dev/shm")
_OWN_FILES = "uftrace-"
_TASK = re.compile(r"SESS .*?\bpid=(?P<task>\d+) sid=(?P<session>\w+)")
_MOST_DRIFT = 1000
"""In nanoseconds: clocks that moved further against each other were set."""
_RECORD = (
    *("uftrace", "record", "--force", "--nest-libcall", "--no-event", "--no-pager"),
    *(word for function in FUNCTIONS for word in ("-F", function)),
    *(
        word
        for function, count in replay.ARGUMENTS.items()
        for word in ("-A", f"{function}@" + ",".join(f"arg{i + 1}/x64" for i in range(count)))
    ),
    *(
        word
        for name in replay.ARGUMENTS
        if name != "os_free"
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


class Uftrace:
    """The tracer for long runs of programs that one trusts."""

    name = "uftrace"
    tools: tuple[str, ...] = ("uftrace", "strace")
    confines = False

    def why_blind(self, program: Path) -> str:
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
            )
        finally:
            _clear_memory(raw)
        if abs(strace.clock_offset() - before) > _MOST_DRIFT:
            raise TracerError("the clock was set while the program ran: run it again")
        (raw / "offset").write_text(str(before))
        return finished

    def events(self, raw: Path, confined: bool) -> Iterator[Event]:
        first = next(_tasks(raw), None)
        if first is None:  # uftrace did not come as far as to start the program
            return
        task, offset = first["task"], int((raw / "offset").read_text())
        told = lines_of([*replay.COMMAND, f"--tid={task}", f"--data={raw / 'data'}"])
        with (raw / f"kernel.{task}").open(errors="replace") as kernel, told as lines:
            seen = strace.read_program(kernel, offset, f"{_SHARED_MEMORY}/{_OWN_FILES}")
            yield from put_together(replay.read_replay(lines), seen)
