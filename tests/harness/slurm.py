"""A Slurm of one machine, for the tests: a controller and a node, with no accounts."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

_SECONDS = 120
_SETTINGS = """\
ClusterName=osmem
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/node.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
MailProg=/bin/true
SelectType=select/linear
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors}
PartitionName=all Nodes=ALL Default=YES
"""


@contextmanager
def slurm(folder: Path) -> Iterator[dict[str, str]]:
    """Run one, and give the environment in which its commands find it. It needs root."""
    settings = folder / "slurm.conf"
    with _free_port() as controller, _free_port() as node:
        settings.write_text(
            _SETTINGS.format(
                host=socket.gethostname(),
                controller=controller,
                node=node,
                folder=folder,
                processors=os.cpu_count(),
            )
        )
    env = {**os.environ, "SLURM_CONF": str(settings)}
    with ExitStack() as stack:
        for program in ("slurmctld", "slurmd"):
            stack.enter_context(_running([program, "-D"], env))
        deadline = time.monotonic() + _SECONDS
        while "idle" not in _output(["sinfo", "--noheader", "--format=%T"], env):
            assert time.monotonic() < deadline, "the node of Slurm does not get ready"
            time.sleep(0.2)
        yield env


@contextmanager
def _free_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def _running(command: list[str], env: dict[str, str]) -> Iterator[None]:
    null = subprocess.DEVNULL
    with subprocess.Popen(command, env=env, stdin=null, stdout=null, stderr=null) as program:
        try:
            yield
        finally:
            program.terminate()


def _output(command: list[str], env: dict[str, str]) -> str:
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout
