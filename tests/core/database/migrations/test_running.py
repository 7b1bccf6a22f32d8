"""`colonnade migrate`: each plug-in's migrations in order, once, wholly or not at all."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Barrier

import pytest
from sqlalchemy import inspect, text

from colonnade.core.database import Database
from colonnade.core.database.migrations import MigrationError, check, new_migration, pending, tables_of, upgrade
from colonnade.core.database.migrations.sources import sources_of
from colonnade.core.plugins import Plugin
from colonnade.core.problems import Unavailable
from tests.core.database.conftest import MakeDatabase
from tests.core.database.migrations.conftest import Workshop, a_plugin

PEOPLE = """
class Person(Model):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
LEAVE = """
class Leave(Model):
    __tablename__ = "leave"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
"""


@pytest.fixture
def empty(fresh_database_url: str, make_database: MakeDatabase) -> Database:
    """A database without tables."""
    return make_database(fresh_database_url)


def tables(database: Database) -> set[str]:
    """What is there."""
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def test_plug_ins_are_migrated_in_their_order_and_only_once(workshop: Workshop, empty: Database) -> None:
    people, leave = workshop.plugin("people", PEOPLE), workshop.plugin("leave", LEAVE)
    on = [people, leave]
    for plugin in on:
        new_migration(empty, plugin, on, f"First of {plugin.name}")
    told: list[str] = []
    done = upgrade(empty, on, lambda step: told.append(step.plugin))
    assert [(step.plugin, step.revision, step.summary) for step in done] == [
        ("people", "0001", "First of people."),
        ("leave", "0001", "First of leave."),
    ]
    assert told == ["people", "leave"]
    assert upgrade(empty, on) == ()
    assert tables(empty) == {"person", "leave", "alembic_version_people", "alembic_version_leave"}


def test_a_plug_in_is_switched_off_removed_and_added_again(workshop: Workshop, empty: Database) -> None:
    people, leave = workshop.plugin("people", PEOPLE), workshop.plugin("leave", LEAVE)
    for plugin in (people, leave):
        new_migration(empty, plugin, [people, leave], "First")
    upgrade(empty, [people, leave])
    with empty.engine.begin() as connection:
        connection.execute(text("INSERT INTO person (id) VALUES (1)"))
        connection.execute(text("INSERT INTO leave (id, person_id) VALUES (1, 1)"))
    workshop.migration(people, "0002", "op.add_column('person', sa.Column('added', sa.Integer))")

    assert [step.plugin for step in pending(empty, [people])] == ["people"]
    assert [step.plugin for step in upgrade(empty, [people])] == ["people"]
    assert check(empty, [people]).differences != ()  # the class has no column `added`
    workshop.migration(leave, "0002", "op.add_column('leave', sa.Column('added', sa.Integer))")
    assert [(step.plugin, step.revision) for step in upgrade(empty, [leave, people])] == [("leave", "0002")]
    with empty.read() as connection:
        assert connection.rows(text("SELECT id, person_id, added FROM leave")) == [(1, 1, None)]


@pytest.mark.parametrize("earlier", [1, 2, 3])
def test_a_plug_in_that_is_added_later_is_migrated_though_others_have_nothing_to_run(
    workshop: Workshop, empty: Database, earlier: int
) -> None:
    on = [workshop.plugin(name) for name in ("one", "two", "three", "four")]
    for plugin in on:
        workshop.migration(plugin, "0001", f"op.create_table('of_{plugin.name}', sa.Column('id', sa.Integer))")
        workshop.migration(plugin, "0002", f"op.add_column('of_{plugin.name}', sa.Column('more', sa.Integer))")
    upgrade(empty, on[:earlier])
    told: list[str] = []
    upgrade(empty, on, lambda step: told.append(f"{step.plugin} {step.revision}"))
    assert told == [f"{plugin.name} {revision}" for plugin in on[earlier:] for revision in ("0001", "0002")]
    assert pending(empty, on) == ()
    assert {f"of_{plugin.name}" for plugin in on} <= tables(empty)
    assert upgrade(empty, on) == ()


def test_a_migration_that_fails_is_named_and_leaves_nothing_of_itself(workshop: Workshop, empty: Database) -> None:
    plugin = workshop.plugin("people")
    workshop.migration(plugin, "0001", "op.create_table('kept', sa.Column('id', sa.Integer))")
    workshop.migration(
        plugin, "0002", "op.create_table('half', sa.Column('id', sa.Integer))\nop.execute('SELECT nonsense')"
    )
    with pytest.raises(MigrationError, match="people/0002 failed"):
        upgrade(empty, [plugin])
    assert "half" not in tables(empty)
    workshop.migration(plugin, "0002", "op.create_table('whole', sa.Column('id', sa.Integer))")
    upgrade(empty, [plugin])
    assert {"kept", "whole"} <= tables(empty)


def test_what_other_plug_ins_have_done_before_a_failure_stays(workshop: Workshop, empty: Database) -> None:
    people, leave = workshop.plugin("people"), workshop.plugin("leave")
    workshop.migration(people, "0001", "op.create_table('kept', sa.Column('id', sa.Integer))")
    workshop.migration(leave, "0001", "raise LookupError('a mistake in Python')")
    with pytest.raises(LookupError):
        upgrade(empty, [people, leave])
    assert "kept" in tables(empty)
    assert [step.plugin for step in pending(empty, [people, leave])] == ["leave"]


def test_references_hold_at_the_end_of_a_migration_on_sqlite(
    workshop: Workshop, tmp_path: Path, make_database: MakeDatabase
) -> None:
    database = make_database(f"sqlite:///{tmp_path}/db.sqlite")
    people, leave = workshop.plugin("people", PEOPLE), workshop.plugin("leave", LEAVE)
    for plugin in (people, leave):
        new_migration(database, plugin, [people, leave], "First")
    upgrade(database, [people, leave])
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO person (id) VALUES (1)"))
        connection.execute(text("INSERT INTO leave (id, person_id) VALUES (1, 1)"))
    workshop.migration(people, "0002", "op.execute('DELETE FROM person')")
    with pytest.raises(MigrationError, match="leave → person"):
        upgrade(database, [people, leave])
    with database.read() as connection:
        assert connection.rows(text("SELECT count(*) FROM person")) == [(1,)]


def busy_plugin(workshop: Workshop) -> Plugin:
    """A plug-in whose migrations take a moment, and would be seen to run twice."""
    plugin = workshop.plugin("people")
    rows = "".join(f"op.execute('INSERT INTO log (n) VALUES ({n})')\n" for n in range(20))
    workshop.migration(plugin, "0001", "op.create_table('log', sa.Column('n', sa.Integer))")
    for number in range(2, 12):
        workshop.migration(plugin, f"{number:04}", rows)
    return plugin


MIGRATE = """
import sys, warnings
warnings.simplefilter("ignore")
from colonnade.core.database import Database, DatabaseSettings
from colonnade.core.database.migrations import upgrade
from tests.core.database.migrations.conftest import a_plugin
database = Database(DatabaseSettings(url=sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(len(upgrade(database, [a_plugin("people", "people")])))
"""


def test_processes_that_migrate_at_the_same_time_do_not_meet(workshop: Workshop, empty: Database) -> None:
    busy_plugin(workshop)
    repository = Path(__file__).parents[4]
    processes = [
        Popen(
            [sys.executable, "-c", MIGRATE, empty.url.render_as_string(hide_password=False)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [workshop.folder, repository, *sys.path]))},
            stdin=PIPE,
            stdout=PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sorted(int(process.communicate()[0]) for process in processes) == [0, 0, 11]
    with empty.read() as connection:
        assert connection.rows(text("SELECT count(*) FROM log")) == [(200,)]


def test_threads_that_migrate_at_the_same_time_do_not_meet(
    workshop: Workshop, empty: Database, make_database: MakeDatabase
) -> None:
    plugin = busy_plugin(workshop)
    url = empty.url.render_as_string(hide_password=False)
    together = Barrier(3)

    def migrate(_: int) -> int:
        database = make_database(url)
        together.wait()
        return len(upgrade(database, [plugin]))

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(migrate, range(3))) == [0, 0, 11]
    with empty.read() as connection:
        assert connection.rows(text("SELECT count(*) FROM log")) == [(200,)]


def test_a_database_of_newer_code_is_not_touched_and_serves(workshop: Workshop, empty: Database) -> None:
    plugin = workshop.plugin("people", PEOPLE)
    new_migration(empty, plugin, [plugin], "First")
    newer = workshop.migration(plugin, "0002", "pass")
    upgrade(empty, [plugin])
    newer.unlink()
    older = a_plugin("people", "people")
    with pytest.raises(MigrationError, match="at 0002 of people, which is not installed here"):
        upgrade(empty, [older])
    assert pending(empty, [older]) == ()


def test_two_migrations_of_one_number_are_told_apart(workshop: Workshop, empty: Database) -> None:
    plugin = workshop.plugin("people", PEOPLE)
    new_migration(empty, plugin, [plugin], "First")
    workshop.migration(plugin, "0001", "pass")
    with pytest.raises(MigrationError, match=r"0001_by_hand\.py and 0001_first\.py"):
        upgrade(empty, [plugin])


def test_migrations_that_form_no_line_are_named(workshop: Workshop, empty: Database) -> None:
    plugin = workshop.plugin("people")
    for number in ("0001", "0002", "0003"):
        path = workshop.migration(plugin, number, "pass")
    path.write_text(path.read_text().replace("'0002'", "'0001'"))
    with pytest.raises(MigrationError, match="form no line"):
        upgrade(empty, [plugin])


def test_two_plug_ins_do_not_share_a_folder(workshop: Workshop, empty: Database) -> None:
    plugin = workshop.plugin("people", PEOPLE)
    new_migration(empty, plugin, [plugin], "First")
    twin = a_plugin("twin", "people.models", "people:migrations")
    with pytest.raises(MigrationError, match="people and twin share the folder"):
        upgrade(empty, [plugin, twin])


def test_a_plug_in_that_is_a_module_has_its_migrations_beside_it(workshop: Workshop) -> None:
    workshop.plugin("people", PEOPLE)
    (source,) = sources_of([a_plugin("single", "people.models")])
    assert source.directory == workshop.folder / "people" / "migrations"
    (named,) = sources_of([a_plugin("single", "people.models", "people:data/changes")])
    assert named.directory == workshop.folder / "people" / "data" / "changes"


NAMED = """
class Person(Model):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
"""


def test_a_migration_may_leave_its_transaction_for_what_cannot_be_in_one(workshop: Workshop, empty: Database) -> None:
    plugin = workshop.plugin("people", NAMED)
    new_migration(empty, plugin, [plugin], "First")
    workshop.migration(
        plugin,
        "0002",
        """
        with op.get_context().autocommit_block():
            op.create_index("ix_person_name", "person", ["name"], postgresql_concurrently=True)
        """,
    )
    workshop.migration(plugin, "0003", """op.execute("INSERT INTO person (name) VALUES ('Ann')")""")
    plugin = workshop.plugin("people", NAMED.replace("str | None]", "str | None] = mapped_column(index=True)"))
    assert len(upgrade(empty, [plugin])) == 3
    assert check(empty, [plugin]).differences == ()
    with empty.read() as connection:
        assert connection.rows(text("SELECT name FROM person")) == [("Ann",)]


def test_looking_at_what_is_pending_changes_nothing(workshop: Workshop, empty: Database) -> None:
    plugin = workshop.plugin("people", PEOPLE)
    new_migration(empty, plugin, [plugin], "First")
    empty.engine.connect().close()  # SQLite makes the file
    assert [(step.plugin, step.revision, step.summary) for step in pending(empty, [plugin])] == [
        ("people", "0001", "First.")
    ]
    assert tables(empty) == set()


def test_what_is_pending_in_an_absent_database_cannot_be_told(
    workshop: Workshop, tmp_path: Path, make_database: MakeDatabase
) -> None:
    plugin = workshop.plugin("people", PEOPLE)
    for url in (f"sqlite:///{tmp_path}/absent.sqlite", "postgresql://nobody@127.0.0.1:1/nothing"):
        with pytest.raises(Unavailable):
            pending(make_database(url), [plugin])
    with pytest.raises(Unavailable, match="cannot be reached"):
        upgrade(make_database("postgresql://nobody@127.0.0.1:1/nothing"), [plugin])
    assert not (tmp_path / "absent.sqlite").exists()


def test_migrating_makes_the_file_of_an_sqlite_database(
    workshop: Workshop, tmp_path: Path, make_database: MakeDatabase
) -> None:
    plugin = workshop.plugin("people", PEOPLE)
    database = make_database(f"sqlite:///{tmp_path}/new.sqlite")
    new_migration(database, plugin, [plugin], "First")
    upgrade(database, [plugin])
    assert "person" in tables(database)


NOT_OURS = """
class Base(DeclarativeBase):
    metadata = sa.MetaData()

class Foreign(Base):
    __tablename__ = "foreign_thing"
    id: Mapped[int] = mapped_column(primary_key=True)
"""


def test_tables_of_other_bases_are_left_alone_and_those_of_nobody_are_noted(
    workshop: Workshop, empty: Database
) -> None:
    plugin = workshop.plugin("people", PEOPLE + NOT_OURS)
    assert [table.name for table in tables_of(plugin, [plugin])] == ["person"]
    path = new_migration(empty, plugin, [plugin], "First").path
    assert path is not None
    assert "foreign_thing" not in path.read_text()
    workshop.migration(
        plugin,
        "0002",
        """
        op.create_table('foreign_thing', sa.Column('id', sa.String, primary_key=True), sa.Column('more', sa.Integer))
        op.create_table('nobodys', sa.Column('id', sa.Integer, primary_key=True))
        """,
    )
    found = check(empty, [plugin])
    assert found.differences == ()
    assert [note for note in found.notes if "nobodys" in note]
    assert not [note for note in found.notes if "foreign_thing" in note]
    assert new_migration(empty, plugin, [plugin], "Nothing").path is None


def test_a_class_belongs_to_the_plug_in_with_the_longest_package(workshop: Workshop) -> None:
    outer = workshop.plugin("outer", PEOPLE)
    inner = workshop.plugin("inner", LEAVE, package="outer.inner")
    namesake = a_plugin("namesake", "out")
    on = [outer, inner, namesake]
    assert [[table.name for table in tables_of(each, on)] for each in on] == [["person"], ["leave"], []]
    assert [table.name for table in tables_of(outer, [outer])] == ["person", "leave"]


def test_classes_of_a_plug_in_that_is_off_are_nobodys_business(workshop: Workshop, empty: Database) -> None:
    people = workshop.plugin("people", PEOPLE)
    workshop.plugin("leave", LEAVE)
    new_migration(empty, people, [people], "First")
    assert check(empty, [people]).differences == ()


@pytest.mark.parametrize(
    "change, words",
    [
        ("id: Mapped[int] = mapped_column(primary_key=True)\n    age: Mapped[int]", "no migration adds person.age"),
        ("id: Mapped[str] = mapped_column(primary_key=True)", "the type of person.id"),
        (
            "id: Mapped[int] = mapped_column(sa.ForeignKey('person.id'), primary_key=True)",
            "no migration adds fk fk_person_id (id) of person",
        ),
    ],
)
def test_a_difference_is_said_in_words(workshop: Workshop, empty: Database, change: str, words: str) -> None:
    plugin = workshop.plugin("people", PEOPLE)
    new_migration(empty, plugin, [plugin], "First")
    plugin = workshop.plugin("people", PEOPLE.replace("id: Mapped[int] = mapped_column(primary_key=True)", change))
    assert [each for each in check(empty, [plugin]).differences if words in str(each)]
