"""The checker on a terminal of its own, for what is interactive."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from pathlib import Path
from types import TracebackType

from harness.execution.build import ROOT

_SECONDS = 120
_ROWS, _COLUMNS = 50, 120


class Terminal:
    """A command of the checker, with a terminal as its standard streams."""

    def __init__(self, *args: str | Path, env: dict[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            [ROOT / "checker.py", *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm", "PYTHONUTF8": "1", **(env or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._unread = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def write(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def read_to(self, words: str) -> str:
        """Return what is shown up to these words and with them, without returns of the carriage."""
        while words not in self._unread:
            assert self._read(), f"it ended; expected {words!r}, found {self._unread!r}"
        shown, self._unread = self._unread.split(words, 1)
        return shown + words

    def ends(self) -> int:
        """Read to the end, and return the exit status."""
        while self._read():
            pass
        return self._process.wait(_SECONDS)

    def _read(self) -> bool:
        """Read more, unless it has ended."""
        ready, _, _ = select.select([self._master], [], [], _SECONDS)
        assert ready, f"nothing more was shown after {self._unread!r}"
        try:
            read = os.read(self._master, 1 << 16)
        except OSError:
            return False
        self._unread += read.decode(errors="replace").replace("\r", "")
        return bool(read)
