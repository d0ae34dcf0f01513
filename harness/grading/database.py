"""A database that many may use at once: its URL, its transactions, and its errors in one line.

A password is shown nowhere. It is taken out of the URL for all that is printed, out of the reasons
that a driver gives, and out of the environment that programs inherit. The command takes it out of
the command line that other users can list.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_ERROR, SQLITE_NOTADB
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from harness.errors import UserError
from harness.grading.passwords import environment_password

KINDS = ("sqlite", "postgresql")
_T = TypeVar("_T")

_PATIENCE_SECONDS = 60.0
"""How long to wait for a database that was lost, or is locked: longer than it takes to restart."""
_PAUSE_SECONDS = 0.5
_HIDDEN = "***"
_CONNECTING: dict[str, Any] = {
    "application_name": "osmem",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Parameters of libpq: within half a minute, notice that a network was cut."""
_LOST = ("08", "57P", "40")
"""What the codes of PostgreSQL begin with if the connection is lost, the server is going down, or
two transactions would have waited for each other."""
_SIGNS_OF_DAMAGE = (SQLITE_CORRUPT, SQLITE_ERROR, SQLITE_NOTADB)
_ADVICE = {
    "25006": "name a server that can be written to",
    "42501": "let this user own the database: createdb --owner USER NAME",
}
"""What to do, by the codes of PostgreSQL."""
_ERRORS = (SQLAlchemyError, ImportError, zlib.error, ValueError, KeyError, TypeError)
"""What it comes to if a database can't be used, or does not hold what it should."""


class Damaged(UserError):
    """A file holds no database of grades, or no longer a whole one."""


def read_url(url: str) -> URL:
    """Return the parts of a URL. Raises `UserError`, which does not show it."""
    try:
        parts = make_url(url)
        if "@" in (parts.host or ""):
            raise ValueError
    except (SQLAlchemyError, ValueError):
        raise UserError(
            "--db: expected a URL such as postgresql://USER@HOST/DATABASE, found another text",
            "write %40 for an @ in a password, or put it into ~/.pgpass",
        ) from None
    if parts.get_backend_name() not in KINDS:
        kind = parts.get_backend_name()
        raise UserError(f"--db: the {kind} database can't be used", f"use {' or '.join(KINDS)}")
    return parts


def database_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other. Raises `UserError`."""
    parts = read_url(url)
    if parts.get_backend_name() != "sqlite" or not parts.database:
        return None
    return Path(parts.database)


class Database:
    """A database for one thread. All methods raise `UserError`."""

    def __init__(self, url: str) -> None:
        self._url = read_url(url)
        self._secrets = _secrets(self._url)
        self.file = database_file(url)
        self.name = str(self.file or _shown(self._url))
        """What it is called in messages."""
        with self.errors():
            self._engine = _make_engine(self._url)
        self._opened = False

    def run(self, work: Callable[[Connection], _T]) -> _T:
        """Do ``work`` in one transaction, and return its result. If the connection is lost, wait
        for the database and repeat it; so it must not matter whether it is done once or twice."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                with self.errors(), self._engine.begin() as connection:
                    result = work(connection)
                self._opened = True
                return result
            except UserError as error:
                if not (self._opened and _may_pass(error.__cause__)):
                    raise
                if time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE_SECONDS)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what goes wrong with a database, and with what it holds, into `UserError`."""
        try:
            yield
        except _ERRORS as error:
            raise self._for_user(error) from error

    def _for_user(self, error: Exception) -> UserError:
        cause = getattr(error, "orig", None) or error
        reason = (str(cause).splitlines() or [type(cause).__name__])[0]
        for secret in self._secrets:
            reason = reason.replace(secret, _HIDDEN)
        if self.file is None:
            code = getattr(cause, "pgcode", None)
            connecting = isinstance(error, OperationalError) and not code
            advice = _ADVICE.get(code or "", "check the server, --db and password" * connecting)
            return UserError(f"{self.name}: the database can't be used: {reason}", advice)
        code = getattr(cause, "sqlite_errorcode", SQLITE_CORRUPT) & 0xFF
        if code in _SIGNS_OF_DAMAGE:
            return Damaged(
                f"{self.file}: expected a database of grades that is whole, found: {reason}",
                "--fresh, without --only, starts over with a new one",
            )
        advice = "wait until no other program uses it" if code == SQLITE_BUSY else ""
        return UserError(f"{self.file}: {reason}", advice)


def _may_pass(error: BaseException | None) -> bool:
    """Return whether waiting may help: the connection is lost, or another writes to the file."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if hasattr(error.orig, "sqlite_errorcode"):
        return bool(error.orig.sqlite_errorcode & 0xFF == SQLITE_BUSY)
    code = getattr(error.orig, "pgcode", None) or _LOST[0]
    return isinstance(error, OperationalError) and str(code).startswith(_LOST)


# ---- Connections ---------------------------------------------------------------------------------


def _make_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url)
        # Else a transaction that reads first could not write once another one has.
        event.listen(engine, "connect", _let_us_begin)
        event.listen(engine, "begin", _begin_to_write)
        return engine
    options = {name: value for name, value in _CONNECTING.items() if name not in url.query}
    password = environment_password()
    if password and url.password is None:
        options["password"] = password
    return create_engine(url, connect_args=options)


def _let_us_begin(connection: Any, _: object) -> None:
    connection.isolation_level = None


def _begin_to_write(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


# ---- Passwords -----------------------------------------------------------------------------------


def _is_secret(parameter: str) -> bool:
    return "password" in parameter


def _shown(url: URL) -> str:
    """Return a URL without its passwords."""
    query = {name: value for name, value in url.query.items() if not _is_secret(name)}
    parts = (url.drivername, url.username, None, url.host, url.port, url.database, query)
    return str(URL.create(*parts))


def _secrets(url: URL) -> list[str]:
    """Return all passwords, also as they are written in a URL; the longest first."""
    given = [str(value) for name, value in url.query.items() if _is_secret(name)]
    given += [str(url.password or ""), environment_password()]
    written = {form for each in given for form in (each, quote(each), quote_plus(each))}
    return sorted(written - {""}, key=len, reverse=True)
