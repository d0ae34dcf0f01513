"""The tables of a database of grades, and how those of an older version become these.

The key of a grade is a digest of everything that the grade depends on. A submission is a name for a
key, and one that was skipped is a name for the reason; both are kept apart by the rules they are
graded by, so that batches with different suites never mix. The setting ``version`` numbers the
tables; databases from before there were such numbers are of version 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Column, Float, LargeBinary, MetaData, String, Table, inspect, select, text
from sqlalchemy.engine import Connection

from harness.errors import UserError
from harness.text import printable

VERSION = 2
_OLDEST = 1

_METADATA = MetaData()
SETTINGS = Table(
    "settings",
    _METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", String(256), nullable=False),
)
GRADES = Table(
    "grades",
    _METADATA,
    Column("key", String(64), primary_key=True),
    Column("grade", LargeBinary, nullable=False),
    Column("seconds", Float, nullable=False),
)
SUBMISSIONS = Table(
    "submissions",
    _METADATA,
    Column("rules", String(64), primary_key=True),
    Column("name", String(1024), primary_key=True),
    Column("key", String(64), nullable=False),
)
SKIPPED = Table(
    "skipped",
    _METADATA,
    Column("rules", String(64), primary_key=True),
    Column("name", String(1024), primary_key=True),
    Column("grade", LargeBinary, nullable=False),
)
_LOCK = 0x6F736D656D
"""The advisory lock that is held while tables are made or changed: the letters of osmem."""


def prepare(connection: Connection, database: str) -> None:
    """Make the tables in an empty database, or bring those of an older version up to date, within
    the connection's transaction. Messages call it ``database``. Raises `UserError` if it is of a
    newer version, and `ValueError` if tables of the same names hold something else."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        _require_unicode(connection, database)
    if not _columns(connection):
        _require_empty(connection, database)
        _METADATA.create_all(connection)
        _set_version(connection)
        return
    version = _version(connection)
    if version > VERSION:
        raise UserError(
            f"{database}: expected grades of version {VERSION} or older, found version {version}",
            "use the newer checker that made it, or another --db or --out",
        )
    if version < VERSION:
        for older in range(version, VERSION):
            _MIGRATIONS[older](connection)
        _set_version(connection)
    _require_columns(connection, {name: set(t.c.keys()) for name, t in _METADATA.tables.items()})


def empty(connection: Connection) -> None:
    """Remove all that the tables hold."""
    for table in _METADATA.tables.values():
        connection.execute(table.delete())
    _set_version(connection)


def _columns(connection: Connection) -> dict[str, set[str]]:
    """Return the columns of those tables that have the names of ours."""
    inspector = inspect(connection)
    names = [name for name in inspector.get_table_names() if name in _METADATA.tables]
    return {name: {str(c["name"]) for c in inspector.get_columns(name)} for name in names}


def _require_columns(connection: Connection, expected: Mapping[str, set[str]]) -> None:
    found = _columns(connection)
    for name, columns in expected.items():
        if found.get(name) != columns:
            raise ValueError(f"no table {name} of grades" if name in found else f"no table {name}")


def _require_empty(connection: Connection, database: str) -> None:
    if others := sorted(inspect(connection).get_table_names()):
        raise UserError(
            f"{database}: expected a database of grades, or an empty one, found that of another"
            f" program, with a table {printable(others[0])}",
            "use another --db",
        )


def _require_unicode(connection: Connection, database: str) -> None:
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise UserError(
            f"{database}: expected a database in UTF8, found {encoding}",
            "create one with: createdb --encoding UTF8 --template template0 NAME",
        )


def _version(connection: Connection) -> int:
    _require_columns(connection, {"settings": set(SETTINGS.c.keys())})
    found = connection.scalar(select(SETTINGS.c.value).where(SETTINGS.c.name == "version"))
    return int(found or _OLDEST)


def _set_version(connection: Connection) -> None:
    connection.execute(SETTINGS.delete().where(SETTINGS.c.name == "version"))
    connection.execute(SETTINGS.insert().values(name="version", value=str(VERSION)))


# ---- Older versions ------------------------------------------------------------------------------

_VERSION_1 = {
    "settings": {"name", "value"},
    "grades": {"key", "grade", "seconds"},
    "submissions": {"name", "key"},
    "skipped": {"name", "grade"},
}


def _keep_rules_apart(connection: Connection) -> None:
    """Turn version 1, in which all submissions are graded by the rules in the settings."""
    _require_columns(connection, _VERSION_1)
    rules = connection.scalar(select(SETTINGS.c.value).where(SETTINGS.c.name == "rules"))
    for table in (SUBMISSIONS, SKIPPED):
        new, old = table.name, f"{table.name}_of_version_1"
        columns = ", ".join(sorted(_VERSION_1[new]))
        connection.execute(text(f"ALTER TABLE {new} RENAME TO {old}"))
        table.create(connection)
        copy = f"INSERT INTO {new} (rules, {columns}) SELECT :rules, {columns} FROM {old}"
        connection.execute(text(copy), {"rules": rules or ""})
        connection.execute(text(f"DROP TABLE {old}"))
    connection.execute(SETTINGS.delete().where(SETTINGS.c.name == "rules"))


_MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {1: _keep_rules_apart}
"""What brings each older version to the next one."""
