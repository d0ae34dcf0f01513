"""The database of grades, in which a batch stores them and the next one finds them.

It has four tables, and is SQLite unless the user names another. The key of a grade is a digest of
everything that the grade depends on, so that nothing is graded twice; a submission is a name for a
key. A submission that was skipped has no key, and its grade says why. Each grade is written in one
transaction: a batch that is killed loses only those that it was working on.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_ERROR, SQLITE_NOTADB

from sqlalchemy import (
    Column,
    Float,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    select,
    update,
)
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from harness.errors import UserError
from harness.results.grade import Grade, Graded, grade_from_json

_METADATA = MetaData()
_SETTINGS = Table(
    "settings",
    _METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", String(256), nullable=False),
)
_GRADES = Table(
    "grades",
    _METADATA,
    Column("key", String(64), primary_key=True),
    Column("grade", LargeBinary, nullable=False),
    Column("seconds", Float, nullable=False),
)
_SUBMISSIONS = Table(
    "submissions",
    _METADATA,
    Column("name", String(1024), primary_key=True),
    Column("key", String(64), nullable=False),
)

_SKIPPED = Table(
    "skipped",
    _METADATA,
    Column("name", String(1024), primary_key=True),
    Column("grade", LargeBinary, nullable=False),
)

_GRADES_OF_SUBMISSIONS = _SUBMISSIONS.join(_GRADES, _SUBMISSIONS.c.key == _GRADES.c.key)


def database_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other."""
    try:
        parts = make_url(url)
    except SQLAlchemyError:
        return None
    if parts.get_backend_name() != "sqlite" or not parts.database:
        return None
    return Path(parts.database)


_SIGNS_OF_DAMAGE = (SQLITE_CORRUPT, SQLITE_ERROR, SQLITE_NOTADB)


class _Damaged(UserError):
    """A file holds no database of grades, or no longer a whole one."""


class Store:
    """An open database of grades, for one thread. All methods raise `UserError`."""

    def __init__(self, url: str, fresh: bool = False) -> None:
        """Open a database, and make its tables if they are missing. If it is to be ``fresh``,
        forget all that it holds; a file that is no database makes room for one."""
        self._url = url
        self._file = database_file(url)
        try:
            self._open(fresh)
        except _Damaged:
            if not fresh or self._file is None:
                raise
            _move_aside(self._file)
            self._open(fresh)

    def _open(self, fresh: bool) -> None:
        with self._errors():
            self._engine = create_engine(self._url)
            if fresh:
                _METADATA.drop_all(self._engine)
            _METADATA.create_all(self._engine)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, ImportError, zlib.error, ValueError, KeyError, TypeError) as error:
            cause = getattr(error, "orig", None) or error
            reason = (str(cause).splitlines() or [type(cause).__name__])[0]
            code = getattr(cause, "sqlite_errorcode", SQLITE_CORRUPT) & 0xFF
            if self._file is None:
                # A URL may hold a password: show only the kind of database.
                kind = self._url.partition("://")[0]
                raise UserError(f"the {kind} database can't be used: {reason}") from error
            if code in _SIGNS_OF_DAMAGE:
                raise _Damaged(
                    f"{self._file}: expected a database of grades that is whole, found: {reason}",
                    "--fresh, without --only, starts over with a new one",
                ) from error
            advice = "wait until no other program uses it" if code == SQLITE_BUSY else ""
            raise UserError(f"{self._file}: {reason}", advice) from error

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._errors(), self._engine.begin() as connection:
            yield connection

    def seed(self, wanted: str | None) -> str:
        """Return the seed of randomized sizes: the stored one, or else the wanted one, or else one
        that nobody can guess, which is stored then."""
        return self._setting("seed", wanted or secrets.token_hex(16))

    def rules(self, wanted: str) -> str:
        """Return the key of the rules of all grades: the stored one, or else the wanted one, which
        is stored then."""
        return self._setting("rules", wanted)

    def _setting(self, name: str, first: str) -> str:
        with self._transaction() as connection:
            query = select(_SETTINGS.c.value).where(_SETTINGS.c.name == name)
            found = connection.scalar(query)
            if found is None:
                connection.execute(_SETTINGS.insert().values(name=name, value=first))
            return first if found is None else str(found)

    def change_rules(self, rules: str) -> None:
        """Store the key of other rules, for all grades from now on."""
        with self._transaction() as connection:
            connection.execute(
                update(_SETTINGS).where(_SETTINGS.c.name == "rules").values(value=rules)
            )

    def forget(self, names: Sequence[str]) -> None:
        """Remove the grades of these submissions."""
        with self._transaction() as connection:
            keys = select(_SUBMISSIONS.c.key).where(_SUBMISSIONS.c.name.in_(names))
            connection.execute(delete(_GRADES).where(_GRADES.c.key.in_(keys)))

    def knows(self, key: str) -> bool:
        """Return whether there is a grade."""
        with self._transaction() as connection:
            return connection.scalar(select(_GRADES.c.key).where(_GRADES.c.key == key)) is not None

    def save(self, key: str, grade: Grade, seconds: float, submissions: Iterable[str]) -> None:
        """Store a grade, the time it took, and the submissions it belongs to."""
        with self._transaction() as connection:
            row = _GRADES.insert().values(key=key, grade=_packed(grade), seconds=seconds)
            connection.execute(row)
            _assign(connection, key, submissions)

    def skip(self, grade: Grade, submissions: Iterable[str]) -> None:
        """Note that submissions have no grade; this one says why, and is never taken for theirs."""
        with self._transaction() as connection:
            for name in submissions:
                _forget_name(connection, name)
                connection.execute(_SKIPPED.insert().values(name=name, grade=_packed(grade)))

    def assign(self, key: str, submissions: Iterable[str]) -> None:
        """Assign an existing grade to submissions."""
        with self._transaction() as connection:
            _assign(connection, key, submissions)

    def graded(self, names: Sequence[str]) -> Iterator[Graded]:
        """Yield the submissions that have a grade or were skipped, one by one, in their order."""
        with self._transaction() as connection:
            rows = connection.execute(select(_SUBMISSIONS.c.name, _SUBMISSIONS.c.key))
            known: dict[str, str] = {str(name): str(key) for name, key in rows}
            keys = {name: known[name] for name in names if name in known}
            owners: dict[str, list[str]] = {}
            for name, key in keys.items():
                owners.setdefault(key, []).append(name)
            for name in names:
                if name in keys:
                    query = select(_GRADES.c.grade).where(_GRADES.c.key == keys[name])
                    twins = tuple(owner for owner in owners[keys[name]] if owner != name)
                else:
                    query = select(_SKIPPED.c.grade).where(_SKIPPED.c.name == name)
                    twins = ()
                packed = connection.scalar(query)
                if packed is not None:
                    yield Graded(name, _unpacked(packed), twins)

    def slowest(self, count: int) -> list[tuple[str, float]]:
        """Return the submissions that took longest to grade, with their seconds."""
        query = (
            select(_SUBMISSIONS.c.name, _GRADES.c.seconds)
            .select_from(_GRADES_OF_SUBMISSIONS)
            .order_by(_GRADES.c.seconds.desc(), _SUBMISSIONS.c.name)
            .limit(count)
        )
        with self._transaction() as connection:
            return [(str(name), float(seconds)) for name, seconds in connection.execute(query)]


def _assign(connection: Connection, key: str, submissions: Iterable[str]) -> None:
    for submission in submissions:
        _forget_name(connection, submission)
        connection.execute(_SUBMISSIONS.insert().values(name=submission, key=key))


def _forget_name(connection: Connection, submission: str) -> None:
    for table in (_SUBMISSIONS, _SKIPPED):
        connection.execute(delete(table).where(table.c.name == submission))


def _packed(grade: Grade) -> bytes:
    return zlib.compress(grade.to_json().encode())


def _unpacked(packed: bytes) -> Grade:
    return grade_from_json(zlib.decompress(packed).decode())


def _move_aside(file: Path) -> None:
    """Rename a database that can't be used, with the files that SQLite keeps beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        path = file.with_name(f"{file.name}{suffix}")
        if path.is_file():
            path.replace(f"{path}.unusable")
