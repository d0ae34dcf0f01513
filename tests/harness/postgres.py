"""A PostgreSQL server on a socket in a temporary folder, which no other program can reach.

The kernel ends the server if the tests are killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

ADMIN = "osmem"
GUARDED = "guarded"
"""A user who needs a password."""
PASSWORD = "p@ss:w0rd/x"
_SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
_RULES = f"local all {GUARDED} scram-sha-256\nlocal all all trust\n"
_SETTINGS = ("listen_addresses=", "fsync=off", "shared_buffers=16MB", "max_connections=200")


@dataclass(slots=True)
class Cluster:
    """The databases of a server, whether it runs or not."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)
    _server: subprocess.Popen[bytes] | None = None

    def url(self, database: str, user: str = ADMIN) -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def new_database(self, *options: str) -> str:
        """Make an empty database, and return its name."""
        name = f"test{next(self._numbers)}"
        self.do("createdb", *options, name)
        return name

    def do(self, program: str, *words: str) -> str:
        """Run a program of the server's administrator, and return its output."""
        call = [str(_SERVERS[-1] / program), "-h", str(self.folder), "-U", ADMIN, *words]
        return subprocess.run(call, check=True, text=True, stdout=subprocess.PIPE).stdout

    def sql(self, database: str, statement: str) -> list[str]:
        """Execute SQL, and return the rows as lines."""
        return self.do("psql", "-qAtX", "-d", database, "-c", statement).splitlines()

    def start(self) -> None:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        words = ["postgres", "-D", "data", "-k", str(self.folder), *settings]
        self._server = subprocess.Popen(
            _as_ordinary_user(*words), cwd=self.folder, stderr=subprocess.DEVNULL
        )
        ready = [str(_SERVERS[-1] / "pg_isready"), "-q", "-h", str(self.folder)]
        while subprocess.run(ready, check=False).returncode != 0:
            assert self._server.poll() is None, "the server does not start"
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server; SIGQUIT ends it as a crash does."""
        assert self._server is not None
        self._server.send_signal(how)
        self._server.wait()

    @contextmanager
    def running(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self.stop(signal.SIGQUIT)


@contextmanager
def made_cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="osmem-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        initdb = ("initdb", "-D", "data", "-U", ADMIN, "-E", "UTF8", "--locale=C.UTF-8", "-N")
        subprocess.run(
            _as_ordinary_user(*initdb), cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
        (folder / "data" / "pg_hba.conf").write_text(_RULES)
        cluster = Cluster(folder)
        with cluster.running():
            cluster.sql("postgres", f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'")
        yield cluster
    finally:
        shutil.rmtree(folder)


def _as_ordinary_user(program: str, *words: str) -> list[str]:
    """Return the command that runs a program of the server, which refuses to be root."""
    become = ["setpriv", "--pdeathsig", "QUIT"]
    if os.geteuid() == 0:
        become += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
    return [*become, str(_SERVERS[-1] / program), *words]
