"""What commands answer: their standard output."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from subprocess import DEVNULL, PIPE

from harness.execution.limits import Finished, Limits
from harness.execution.output import Output
from harness.execution.process import run
from harness.execution.process_tree import usage_of_all

_OUTPUT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command wrote to standard output, and how it ended."""

    text: str
    """The beginning of it."""
    finished: Finished

    @property
    def failure(self) -> str:
        """Why the text can't be relied on; empty if the command ended with status 0."""
        if self.finished.timed_out:
            return "it did not end in time"
        if self.finished.too_much_output:
            return "it wrote too much"
        status = self.finished.status
        if status < 0:
            return f"{signal.Signals(-status).name} killed it"
        return f"it ended with status {status}" if status else ""


def output_of(
    command: Sequence[str], limits: Limits, env: Mapping[str, str], kept: float = _OUTPUT_BYTES
) -> Answer:
    """Return what a command writes to standard output, up to ``kept`` bytes. Raises `OSError` if it
    can't be started."""
    output = Output(limits.file_bytes, kept)
    finished = run(command, limits, env=env, stdout=output, measure=usage_of_all)
    return Answer(output.text, finished)


@contextlib.contextmanager
def lines_of(command: Sequence[str]) -> Iterator[Iterator[str]]:
    """Run a trusted command, and give the lines of its standard output as it writes them. Raises
    `OSError` if it can't be started."""
    with subprocess.Popen(
        command,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.kill()
