"""What a worker that the command starts does first: Ctrl-C is meant for the command.

A terminal sends it to all processes of a group, so a worker leaves that of the command. Until then,
it has inherited that interrupts are blocked; what it grades must not inherit that.
"""

from __future__ import annotations

import os
import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Called by Dask in a worker that begins."""
    os.setpgid(0, 0)
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)  # forgets what has come meanwhile
    signal.signal(signal.SIGINT, usual)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
