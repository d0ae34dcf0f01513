"""The database of grades, in which a batch stores them and the next one finds them.

It has three tables, and is SQLite unless the user names another. The key of a grade is a digest of
everything that the grade depends on, so that nothing is graded twice; a submission is a name for a
key. Each grade is written in one transaction: a batch that is killed loses only those that it was
working on.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

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
from sqlalchemy.engine import Connection
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

_GRADES_OF_SUBMISSIONS = _SUBMISSIONS.join(_GRADES, _SUBMISSIONS.c.key == _GRADES.c.key)


class Store:
    """An open database of grades, for one thread. All methods raise `UserError`."""

    def __init__(self, url: str) -> None:
        self._url = url
        with self._errors():
            self._engine = create_engine(url)
            _METADATA.create_all(self._engine)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, ImportError) as error:
            # A URL may hold a password: show only the kind of database.
            kind = self._url.partition("://")[0]
            message = f"the {kind} database can't be used: {str(error).splitlines()[0]}"
            raise UserError(message) from error

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
        """Remove the grades of these submissions, or everything if none is named."""
        with self._transaction() as connection:
            if names:
                keys = select(_SUBMISSIONS.c.key).where(_SUBMISSIONS.c.name.in_(names))
                connection.execute(delete(_GRADES).where(_GRADES.c.key.in_(keys)))
            else:
                for table in (_SUBMISSIONS, _GRADES, _SETTINGS):
                    connection.execute(delete(table))

    def knows(self, key: str) -> bool:
        """Return whether there is a grade."""
        with self._transaction() as connection:
            return connection.scalar(select(_GRADES.c.key).where(_GRADES.c.key == key)) is not None

    def save(self, key: str, grade: Grade, seconds: float, submissions: Iterable[str]) -> None:
        """Store a grade, the time it took, and the submissions it belongs to."""
        packed = zlib.compress(grade.to_json().encode())
        with self._transaction() as connection:
            connection.execute(_GRADES.insert().values(key=key, grade=packed, seconds=seconds))
            _assign(connection, key, submissions)

    def assign(self, key: str, submissions: Iterable[str]) -> None:
        """Assign an existing grade to submissions."""
        with self._transaction() as connection:
            _assign(connection, key, submissions)

    def graded(self, names: Sequence[str]) -> Iterator[Graded]:
        """Yield the submissions that have a grade, one by one, in their order."""
        with self._transaction() as connection:
            rows = connection.execute(select(_SUBMISSIONS.c.name, _SUBMISSIONS.c.key))
            known: dict[str, str] = {str(name): str(key) for name, key in rows}
            keys = {name: known[name] for name in names if name in known}
            owners: dict[str, list[str]] = {}
            for name, key in keys.items():
                owners.setdefault(key, []).append(name)
            for name, key in keys.items():
                packed = connection.scalar(select(_GRADES.c.grade).where(_GRADES.c.key == key))
                if packed is not None:
                    grade = grade_from_json(zlib.decompress(packed).decode())
                    twins = tuple(owner for owner in owners[key] if owner != name)
                    yield Graded(name, grade, twins)

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
        connection.execute(delete(_SUBMISSIONS).where(_SUBMISSIONS.c.name == submission))
        connection.execute(_SUBMISSIONS.insert().values(name=submission, key=key))
