"""What an untrusted command writes, and what it reads: through pipes.

A file of this machine is never open in such a command. By a descriptor it could change the file's
mode, empty it, or make it grow, whatever its limits are and wherever it runs.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import subprocess

_LEAST_PIPE_BYTES = 64 * 1024
"""What a pipe holds, unless it is made larger: 16 pages, from Linux 2.6.11 on."""


class Output:
    """The beginning of what a command writes to a pipe."""

    def __init__(self, limit: float, kept: float = math.inf) -> None:
        self.limit = limit
        """The most bytes that the command may write; with more, it is ended."""
        self.kept = min(limit, kept)
        """How many of them are kept."""
        self.content = bytearray()
        self.size = 0
        """How many bytes it has written."""

    @property
    def excessive(self) -> bool:
        return self.size > self.limit

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", errors="replace")

    def take(self, reader: int) -> bool:
        """Take what a pipe holds, without waiting for more. Return whether more may follow."""
        while not self.excessive:
            try:
                piece = os.read(reader, 1 << 16)
            except BlockingIOError:
                return True
            if not piece:
                break
            self.size += len(piece)
            if len(self.content) < self.kept:
                self.content += piece
                del self.content[int(min(self.kept, len(self.content))) :]
        return False


def give(process: subprocess.Popen[bytes], content: bytes) -> None:
    """Give a process its whole input. Raises `OSError` if it is more than a pipe can hold."""
    assert process.stdin is not None
    with process.stdin as pipe:
        if len(content) > _LEAST_PIPE_BYTES:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, len(content))
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            pipe.write(content)


def readers(
    process: subprocess.Popen[bytes], stdout: int | Output, stderr: int | Output
) -> dict[int, Output]:
    """Return where a process's output goes, by the descriptors to read it from."""
    found = {}
    for pipe, output in ((process.stdout, stdout), (process.stderr, stderr)):
        if pipe is not None and isinstance(output, Output):
            os.set_blocking(pipe.fileno(), False)
            found[pipe.fileno()] = output
    return found
