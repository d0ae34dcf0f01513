"""The grades, which a batch stores one by one and the next one finds.

They are in an SQLite database, or in one of PostgreSQL, which many graders may share. Grades are
plain values, wherever they were made: only the process that owns a batch stores them. The key of a
grade is a digest of everything that the grade depends on, so that nothing is graded twice, and a
grade that is stored twice is stored once. Each is written in one transaction: a batch that is
killed loses only those that it was working on.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Table, delete, select
from sqlalchemy.engine import Connection

from harness.errors import UserError
from harness.grading import schema
from harness.grading.database import Damaged, Database
from harness.grading.schema import GRADES, SETTINGS, SKIPPED, SUBMISSIONS
from harness.results.grade import Graded
from harness.results.packed import PackedGrade, unpacked

_T = TypeVar("_T")
_CHUNK = 64
"""The number of grades that are fetched at a time."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A new grade."""

    key: str
    grade: PackedGrade
    seconds: float
    """How long it took."""
    names: tuple[str, ...]
    """The submissions that it belongs to."""


class Store:
    """An open database of the grades by the same rules, for one thread. All methods raise
    `UserError`."""

    def __init__(self, url: str, rules: str, seed: str | None = None, fresh: bool = False) -> None:
        """Open a database, for grades by the rules with this key, and make its tables if they are
        missing. ``seed`` is the seed of randomized sizes if none is stored, by default one that
        nobody can guess. If it is to be ``fresh``, forget all that it holds; a file that is no
        database makes room for one."""
        self._database = Database(url)
        self._rules = rules
        wanted = seed or secrets.token_hex(16)
        try:
            self.seed = self._database.run(lambda connection: self._open(connection, wanted, fresh))
            """The seed of randomized sizes."""
        except Damaged:
            if not fresh or self._database.file is None:
                raise
            _move_aside(self._database.file)
            self._database = Database(url)
            self.seed = self._database.run(lambda connection: self._open(connection, wanted, fresh))

    def for_rules(self, rules: str) -> Store:
        """Return the same database, for grades by the rules with another key."""
        other = copy(self)
        other._rules = rules
        return other

    @property
    def shared(self) -> bool:
        """Whether batches on other machines may use it, too."""
        return self._database.file is None

    def _open(self, connection: Connection, seed: str, fresh: bool) -> str:
        schema.prepare(connection, self._database.name)
        if fresh:
            schema.empty(connection)
        _insert(connection, SETTINGS, [{"name": "seed", "value": seed}])
        return str(connection.scalar(select(SETTINGS.c.value).where(SETTINGS.c.name == "seed")))

    def _write(self, work: Callable[[Connection], _T]) -> _T:
        """Do what changes grades, unless another batch has meanwhile forgotten all."""

        def checked(connection: Connection) -> _T:
            query = select(SETTINGS.c.value).where(SETTINGS.c.name == "seed")
            if connection.scalar(query.with_for_update(read=True)) != self.seed:
                raise UserError(
                    f"{self._database.name}: another batch has started over, with --fresh",
                    "run the same command again",
                )
            return work(connection)

        return self._database.run(checked)

    def holds_only_others(self) -> bool:
        """Return whether all submissions in it were graded by other rules."""

        def work(connection: Connection) -> bool:
            ours = select(SUBMISSIONS.c.name).where(SUBMISSIONS.c.rules == self._rules).limit(1)
            others = select(SUBMISSIONS.c.name).limit(1)
            return connection.scalar(ours) is None and connection.scalar(others) is not None

        return self._database.run(work)

    def forget(self, names: Sequence[str]) -> None:
        """Remove the grades of these submissions."""

        def work(connection: Connection) -> None:
            keys = select(SUBMISSIONS.c.key).where(
                SUBMISSIONS.c.rules == self._rules, SUBMISSIONS.c.name.in_(names)
            )
            connection.execute(delete(GRADES).where(GRADES.c.key.in_(keys)))

        self._write(work)

    def assign(self, submissions: Mapping[str, Sequence[str]]) -> Collection[str]:
        """Assign existing grades to submissions, whose names are given by the key of their grade.
        Return the keys of those grades; the others do not exist."""

        def work(connection: Connection) -> Collection[str]:
            query = select(GRADES.c.key).where(GRADES.c.key.in_(submissions))
            found = {str(key) for (key,) in connection.execute(query)}
            self._assign(connection, {name: key for key in found for name in submissions[key]})
            return found

        return self._write(work)

    def save(self, *fresh: Fresh) -> None:
        """Store grades, all in one transaction. If there is a grade with the same key already, that
        one stays."""
        # In the same order everywhere, or else two batches could wait for each other.
        ordered = sorted(fresh, key=lambda each: each.key)
        packed = [
            {"key": each.key, "grade": each.grade.content, "seconds": each.seconds}
            for each in ordered
        ]

        def work(connection: Connection) -> None:
            _insert(connection, GRADES, packed)
            self._assign(connection, {name: each.key for each in ordered for name in each.names})

        if fresh:
            self._write(work)

    def skip(self, grade: PackedGrade, submissions: Sequence[str]) -> None:
        """Note that submissions have no grade; this one says why, and is never taken for theirs."""

        def work(connection: Connection) -> None:
            self._forget_names(connection, SUBMISSIONS, submissions)
            packed = grade.content
            rows = [{"rules": self._rules, "name": each, "grade": packed} for each in submissions]
            _put(connection, SKIPPED, "grade", rows)

        self._write(work)

    def _assign(self, connection: Connection, keys: dict[str, str]) -> None:
        """Assign grades to submissions: the keys of the ones to the names of the others."""
        if not keys:
            return
        self._forget_names(connection, SKIPPED, keys)
        rows = [{"rules": self._rules, "name": name, "key": keys[name]} for name in sorted(keys)]
        _put(connection, SUBMISSIONS, "key", rows)

    def _forget_names(self, connection: Connection, table: Table, names: Iterable[str]) -> None:
        named = (table.c.rules == self._rules) & table.c.name.in_(list(names))
        connection.execute(delete(table).where(named))

    def graded(self, names: Sequence[str]) -> Iterator[Graded]:
        """Yield the submissions that have a grade or were skipped, one by one, in their order."""
        keys = self._keys(names)
        owners: dict[str, list[str]] = {}
        for name, key in keys.items():
            owners.setdefault(key, []).append(name)
        for start in range(0, len(names), _CHUNK):
            chunk = names[start : start + _CHUNK]
            packed = self._fetch(chunk, keys)
            for name in chunk:
                if name in packed:
                    twins = (owner for owner in owners.get(keys.get(name, ""), ()) if owner != name)
                    with self._database.errors():
                        grade = unpacked(packed[name])
                    yield Graded(name, grade, tuple(twins))

    def _keys(self, names: Sequence[str]) -> dict[str, str]:
        """Return the keys of the grades of submissions, by their names and in their order."""
        query = select(SUBMISSIONS.c.name, SUBMISSIONS.c.key).join_from(
            SUBMISSIONS, GRADES, SUBMISSIONS.c.key == GRADES.c.key
        )
        query = query.where(SUBMISSIONS.c.rules == self._rules)
        if len(names) <= _CHUNK:  # or else the names of all would be read for each few
            query = query.where(SUBMISSIONS.c.name.in_(names))
        rows = self._database.run(lambda connection: connection.execute(query).all())
        known = {str(name): str(key) for name, key in rows}
        return {name: known[name] for name in names if name in known}

    def _fetch(self, names: Sequence[str], keys: dict[str, str]) -> dict[str, bytes]:
        """Return grades as they are stored, or what stands for them if they were skipped."""
        wanted = {keys[name] for name in names if name in keys}
        grades = select(GRADES.c.key, GRADES.c.grade).where(GRADES.c.key.in_(wanted))
        skipped = select(SKIPPED.c.name, SKIPPED.c.grade).where(
            SKIPPED.c.rules == self._rules, SKIPPED.c.name.in_(names)
        )

        def work(connection: Connection) -> dict[str, bytes]:
            by_key = {str(key): bytes(packed) for key, packed in connection.execute(grades)}
            found = {str(name): bytes(packed) for name, packed in connection.execute(skipped)}
            graded = {name: by_key[keys[name]] for name in names if keys.get(name) in by_key}
            return found | graded

        return self._database.run(work)

    def slowest(self, count: int) -> list[tuple[str, float]]:
        """Return the submissions that took longest to grade, with their seconds."""
        query = (
            select(SUBMISSIONS.c.name, GRADES.c.seconds)
            .join_from(SUBMISSIONS, GRADES, SUBMISSIONS.c.key == GRADES.c.key)
            .where(SUBMISSIONS.c.rules == self._rules)
            .order_by(GRADES.c.seconds.desc(), SUBMISSIONS.c.name)
            .limit(count)
        )
        rows = self._database.run(lambda connection: connection.execute(query).all())
        return [(str(name), float(seconds)) for name, seconds in rows]


def _insertion(connection: Connection, table: Table) -> Any:
    """Return an insertion that knows what to do with a row that is there."""
    # Loading all dialects would take some MiB.
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    return dialect.insert(table)


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, except those with the key of one that is there."""
    statement = _insertion(connection, table)
    connection.execute(statement.on_conflict_do_nothing(), rows)


def _put(connection: Connection, table: Table, changed: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or change one column of those with the same primary keys."""
    if rows:
        statement = _insertion(connection, table)
        keys = [column.name for column in table.primary_key]
        update = {changed: statement.excluded[changed]}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=update)
        connection.execute(statement, rows)


def _move_aside(file: Path) -> None:
    """Rename a database that can't be used, with the files that SQLite keeps beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        path = file.with_name(f"{file.name}{suffix}")
        if path.is_file():
            path.replace(f"{path}.unusable")
