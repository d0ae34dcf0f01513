"""The store of grades, in a file and in PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from grades import GRADE, PACKED
from harness.errors import UserError
from harness.execution.build import ROOT
from harness.grading.store import Fresh, Store
from harness.results.grade import Status
from harness.results.packed import PackedGrade
from postgres import GUARDED, PASSWORD, Cluster

pytestmark = pytest.mark.xdist_group("postgres")

KEY = "k" * 64
OTHER = replace(GRADE, reason="another grade")


def rows(database: str, table: str) -> int:
    with create_engine(database).connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def names(store: Store, *wanted: str) -> list[str]:
    return [each.submission for each in store.graded(wanted)]


def test_a_grade_is_stored_once_and_found_again(database: str) -> None:
    first = Store(database, "rules")
    assert not first.assign({KEY: ["ana"]})
    first.save(Fresh(KEY, PACKED, 1.5, ("ana",)))
    first.save(Fresh(KEY, PackedGrade.of(OTHER), 9.5, ("ana",)))
    again = Store(database, "rules")
    assert list(again.assign({KEY: ["bob"], "another": ["eve"]})) == [KEY]
    ana, bob = again.graded(["ana", "bob", "nobody"])
    assert (ana.submission, ana.grade, ana.twins) == ("ana", GRADE, ("bob",))
    assert (bob.submission, bob.grade, bob.twins) == ("bob", GRADE, ("ana",))
    assert again.slowest(1) == [("ana", 1.5)]
    assert again.seed == first.seed


def test_what_was_skipped_has_no_grade_until_it_is_graded(database: str) -> None:
    store = Store(database, "rules")
    skipped = replace(GRADE, status=Status.SKIPPED)
    store.save(Fresh(KEY, PACKED, 1, ("ana",)))
    store.skip(PackedGrade.of(skipped), ["ana"])
    store.skip(PackedGrade.of(replace(skipped, reason="again")), ["ana"])
    assert [each.grade.reason for each in store.graded(["ana"])] == ["again"]
    assert store.assign({KEY: ["ana"]})
    assert [each.grade for each in store.graded(["ana"])] == [GRADE]


def test_more_grades_than_are_fetched_at_once_come_in_order(database: str) -> None:
    store = Store(database, "rules")
    many = [f"student {number:03}" for number in range(70)]
    for name in reversed(many):
        store.save(Fresh(name, PackedGrade.of(replace(GRADE, reason=name)), 1, (name,)))
    assert [(each.submission, each.grade.reason) for each in store.graded(many)] == [
        (name, name) for name in many
    ]


def test_grades_by_other_rules_are_kept_apart(database: str) -> None:
    old, new = Store(database, "old"), Store(database, "new")
    old.save(Fresh("old", PACKED, 1, ("ana",)))
    assert new.holds_only_others() and not old.holds_only_others()
    assert names(new, "ana") == []
    new.save(Fresh("new", PackedGrade.of(OTHER), 1, ("ana",)))
    assert [each.grade for each in old.graded(["ana"])] == [GRADE]
    assert [each.grade for each in new.graded(["ana"])] == [OTHER]
    new.forget(["ana"])
    assert (names(old, "ana"), names(new, "ana")) == (["ana"], [])


def test_many_graders_at_once_store_each_grade_once(database: str) -> None:
    many = [f"{number:03}" for number in range(40)]
    errors: list[Exception] = []

    def grade_all(order: random.Random) -> None:
        try:
            store = Store(database, "rules")
            for name in order.sample(many, len(many)):
                twins = (name, f"twin of {name}")
                if not store.assign({name: twins}):
                    store.save(Fresh(name, PACKED, 1, twins))
        except Exception as error:
            errors.append(error)

    graders = [threading.Thread(target=grade_all, args=[random.Random(n)]) for n in range(4)]
    for grader in graders:
        grader.start()
    for grader in graders:
        grader.join()
    assert errors == []
    assert (rows(database, "grades"), rows(database, "submissions")) == (40, 80)
    assert names(Store(database, "rules"), *many) == many


def test_whoever_started_before_all_was_forgotten_stores_nothing_more(database: str) -> None:
    before = Store(database, "rules")
    before.save(Fresh(KEY, PACKED, 1, ("ana",)))
    after = Store(database, "rules", fresh=True)
    assert names(after, "ana") == []
    with pytest.raises(UserError, match="started over, with --fresh; run the same command again"):
        before.save(Fresh(KEY, PACKED, 1, ("ana",)))
    assert names(after, "ana") == []


SAVING = """
import sys
from grades import PACKED
from harness.grading.store import Fresh, Store
store = Store(sys.argv[1], "rules")
print("ready", flush=True)
for number in range(100_000):
    store.save(Fresh(f"{number}", PACKED, 1, (f"{number}", f"twin of {number}")))
"""


def test_a_grader_that_is_killed_leaves_whole_grades_only(database: str) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "harness")])
    for delay in (0.1, 0.3):
        with subprocess.Popen(
            [sys.executable, "-c", SAVING, database],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
        ) as grader:
            assert grader.stdout is not None and grader.stdout.readline() == b"ready\n"
            time.sleep(delay)
            grader.send_signal(signal.SIGKILL)
    store = Store(database, "rules")
    stored = rows(database, "grades")
    assert rows(database, "submissions") == 2 * stored
    assert len(names(store, *map(str, range(stored)))) == stored


# ---- Versions ------------------------------------------------------------------------------------

VERSION_1 = (
    "CREATE TABLE settings (name VARCHAR(64) PRIMARY KEY, value VARCHAR(256) NOT NULL)",
    "CREATE TABLE grades (key VARCHAR(64) PRIMARY KEY, grade {bytes} NOT NULL,"
    " seconds FLOAT NOT NULL)",
    "CREATE TABLE submissions (name VARCHAR(1024) PRIMARY KEY, key VARCHAR(64) NOT NULL)",
    "CREATE TABLE skipped (name VARCHAR(1024) PRIMARY KEY, grade {bytes} NOT NULL)",
)


def write_version_1(database: str) -> None:
    """Write what the first version of the checker left."""
    packed = zlib.compress(GRADE.to_json().encode())
    kind = "BLOB" if database.startswith("sqlite") else "BYTEA"
    with create_engine(database).begin() as connection:
        for table in VERSION_1:
            connection.execute(text(table.format(bytes=kind)))
        settings = "INSERT INTO settings VALUES ('seed', 'secret'), ('rules', 'rules')"
        connection.execute(text(settings))
        connection.execute(text("INSERT INTO grades VALUES ('k', :p, 1.5)"), {"p": packed})
        connection.execute(text("INSERT INTO submissions VALUES ('ana', 'k'), ('bob', 'k')"))
        connection.execute(text("INSERT INTO skipped VALUES ('eve', :p)"), {"p": packed})


def test_a_database_of_an_older_version_keeps_its_grades(database: str) -> None:
    write_version_1(database)
    for _ in range(2):
        store = Store(database, "rules")
        assert names(store, "ana", "bob", "eve") == ["ana", "bob", "eve"]
        assert store.seed == "secret"
        assert store.assign({"k": ["zoe"]})
    assert rows(database, "submissions") == 3


def test_an_upgrade_that_fails_changes_nothing(database: str) -> None:
    write_version_1(database)
    with create_engine(database).begin() as connection:
        connection.execute(text("CREATE TABLE skipped_of_version_1 (name INTEGER)"))
    with pytest.raises(UserError):
        Store(database, "rules")
    with create_engine(database).begin() as connection:
        connection.execute(text("DROP TABLE skipped_of_version_1"))
    assert names(Store(database, "rules"), "ana", "bob", "eve") == ["ana", "bob", "eve"]


@pytest.mark.parametrize("fresh", [False, True])
def test_a_database_of_a_newer_version_is_left_alone(database: str, fresh: bool) -> None:
    Store(database, "rules").save(Fresh(KEY, PACKED, 1, ("ana",)))
    with create_engine(database).begin() as connection:
        connection.execute(text("UPDATE settings SET value = '99' WHERE name = 'version'"))
    with pytest.raises(UserError, match="version 2 or older, found version 99; use the newer"):
        Store(database, "rules", fresh=fresh)
    assert rows(database, "grades") == 1


def test_tables_of_something_else_are_left_alone(database: str) -> None:
    with create_engine(database).begin() as connection:
        connection.execute(text("CREATE TABLE settings (color INTEGER)"))
    with pytest.raises(UserError, match="no table settings of grades"):
        Store(database, "rules")
    if database.startswith("postgresql"):
        with pytest.raises(UserError, match="no table settings of grades"):
            Store(database, "rules", fresh=True)
        assert rows(database, "settings") == 0


# ---- Waiting for a database ----------------------------------------------------------------------


def test_a_file_that_another_writes_to_is_waited_for(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/grades.sqlite?timeout=0.01", "rules")
    other = sqlite3.connect(tmp_path / "grades.sqlite", check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    later = threading.Timer(0.5, other.rollback)
    later.start()
    store.save(Fresh(KEY, PACKED, 1, ("ana",)))
    later.join()
    assert names(store, "ana") == ["ana"]


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_is_started_again_loses_nothing(
    postgres: Cluster, how: signal.Signals
) -> None:
    store = Store(postgres.url(postgres.new_database()), "rules")
    store.save(Fresh("first", PACKED, 1, ("ana",)))
    postgres.stop(how)
    saving = threading.Thread(target=store.save, args=[Fresh("second", PACKED, 1, ("bob",))])
    saving.start()
    time.sleep(0.5)
    postgres.start()
    saving.join()
    assert names(store, "ana", "bob") == ["ana", "bob"]


# ---- What can't be used --------------------------------------------------------------------------


@pytest.mark.needs("postgresql")
def test_a_database_that_can_not_be_used_is_named_without_its_password(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = postgres.new_database()
    latin = postgres.new_database("-E", "LATIN1", "--locale=C", "-T", "template0")
    sealed = postgres.new_database()
    postgres.sql(sealed, f"ALTER DATABASE {sealed} SET default_transaction_read_only = on")
    written = PASSWORD.replace("@", "%40").replace("/", "%2F")
    host = f"?host={postgres.folder}"
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    for url, message in (
        (f"postgresql://{GUARDED}:{written}x@/{name}{host}", "authentication failed"),
        (f"postgresql://{GUARDED}@/{name}{host}", "no password supplied; check the server"),
        (f"postgresql:///{name}{host}&user={GUARDED}&password={written}", "denied for schema"),
        (f"postgresql://osmem:{written}@/nosuch{host}", 'database "nosuch" does not exist'),
        (f"postgresql://osmem:{written}@/{latin}{host}", "in UTF8, found LATIN1; create one"),
        (f"postgresql://osmem:{written}@/{sealed}{host}", "read-only transaction; name a server"),
        (f"postgresql://osmem:{written}@/x?host=/nonexistent", "check the server, --db and"),
        (f"postgresql://osmem:{PASSWORD}@/{name}{host}", "write %40 for an @"),
        (f"mysql://osmem:{written}@/{name}", "mysql database can't be used; use sqlite or"),
    ):
        with pytest.raises(UserError, match=message) as raised:
            Store(url, "rules")
        assert "\n" not in str(raised.value)
        assert "w0rd" not in str(raised.value)


@pytest.mark.needs("postgresql")
def test_a_password_may_come_from_the_environment(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = postgres.new_database()
    postgres.sql(name, f"ALTER DATABASE {name} OWNER TO {GUARDED}")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    store = Store(postgres.url(name, GUARDED), "rules")
    store.save(Fresh(KEY, PACKED, 1, ("ana",)))
    assert names(store, "ana") == ["ana"]
    assert "PGPASSWORD" not in os.environ  # programs would inherit it
