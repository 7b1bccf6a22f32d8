"""The data: 20 departments, 100,000 employees with a salary each, two users; and a copy of them for each system.

They are laid down once, in a database that is only copied from, so that every system begins every round with the same
tables, whatever it wrote in the round before.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count, islice
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Table, create_engine, insert, make_url, text

from colonnade import Model, main
from colonnade.core.changes.statements import PAST
from colonnade.core.database import Database, database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.plugins.accounts import create_token, create_user

SERVER = os.environ.get("COLONNADE_TEST_POSTGRESQL") or "postgresql://postgres@127.0.0.1:5432/test"
DEPARTMENTS = 20
EMPLOYEES = 100_000
#: The employee who is the user of the role staff, and the department that they lead.
LEADER, LED = 7, 3
BATCH = 10_000

PLUGINS = ("health", "accounts", "rest", "openapi", "transfer", "people", "history")


def settings(url: str, plugins: tuple[str, ...] = PLUGINS, **more: str) -> dict[str, str]:
    """The product as it would run in production."""
    return {
        "colonnade.environment": "production",
        "colonnade.secret": "W9dY2cUq0mXkq3bN7tLr5vZsA1fGhJ8eP4oTiRuQxMw",
        "colonnade.plugins": "\n".join(plugins),
        "sqlalchemy.url": url,
        **more,
    }


# -- Rows


def departments() -> Iterator[dict[str, object]]:
    """All departments."""
    for i in range(1, DEPARTMENTS + 1):
        yield {"id": i, "code": f"d{i:03}", "name": f"Department {i}"}


def employees(number: int = EMPLOYEES) -> Iterator[dict[str, object]]:
    """So many employees."""
    titles = ("Senior Engineer", "Manager", "Engineer")
    for i in range(1, number + 1):
        yield {
            "id": i,
            "number": i,
            "first_name": f"First{i * 7919 % 1000}",
            "last_name": f"Last{i * 104729 % 5000}",
            "email": f"person{i}@example.com",
            "birth_date": date(1960, 1, 1) + timedelta(days=i % 12000),
            "gender": "FM"[i % 2],
            "hired_on": date(1995, 1, 1) + timedelta(days=i % 9000),
            "title": titles[i % 3],
            "salary": Decimal(40000 + i % 60000) + Decimal("0.25"),
            "department_id": 1 + i % DEPARTMENTS,
        }


def salaries(number: int = EMPLOYEES) -> Iterator[dict[str, object]]:
    """One for each employee, since they were hired."""
    for each in employees(number):
        yield {
            "id": each["id"],
            "employee_id": each["id"],
            "amount": each["salary"],
            "from_date": each["hired_on"],
            "to_date": date(9999, 1, 1),
        }


def tables(number: int) -> dict[str, Iterator[dict[str, object]]]:
    """The rows of each table, in an order that their references allow."""
    return {"department": departments(), "employee": employees(number), "salary": salaries(number)}


def fill(database: Database, number: int = EMPLOYEES) -> None:
    """Write the rows into the product's tables, past its change log: they were there before it."""
    if database.dialect.name == "postgresql":
        copy_rows(database.url.render_as_string(hide_password=False), number)
        return
    with database.engine.connect().execution_options(**{PAST: True}) as connection, connection.begin():
        for name, rows in tables(number).items():
            insert_rows(connection, Model.metadata.tables[name], rows)


def copy_rows(url: str, number: int) -> None:
    """Fill PostgreSQL's tables as fast as it goes."""
    with psycopg.connect(plain(url)) as connection, connection.cursor() as cursor:
        for name, rows in tables(number).items():
            first = next(rows)
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, first))
            )
            with cursor.copy(into) as copy:
                copy.write_row(tuple(first.values()))
                for row in rows:
                    copy.write_row(tuple(row.values()))
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [name, max(number, DEPARTMENTS)])


def insert_rows(connection: Connection, table: Table, rows: Iterator[dict[str, object]]) -> None:
    """Fill a table through SQLAlchemy, which knows how each type is stored."""
    while batch := list(islice(rows, BATCH)):
        connection.execute(insert(table).execution_options(**{PAST: True}), batch)


def add_users(database: Database) -> dict[str, str]:
    """A user who may do everything with people, and one who leads a department: their tokens, by role.

    The peers know a token by a table of their own, so that they need no more than one look-up for it.
    """
    tokens = {}
    with database.sessions.begin() as session:
        for role in ("hr", "staff"):
            user = create_user(session, role, [role])
            tokens[role] = create_token(session, user)[1]
            session.flush()
            if role == "staff":
                session.execute(text("UPDATE employee SET user_id = :u WHERE id = :e"), {"u": user.id, "e": LEADER})
                session.execute(text("UPDATE department SET manager_id = :e WHERE id = :d"), {"e": LEADER, "d": LED})
        session.execute(
            text(
                "CREATE TABLE benchmark_token (key varchar(64) PRIMARY KEY,"
                " user_id integer NOT NULL REFERENCES user_account (id))"
            )
        )
        for user_id, token in enumerate(tokens.values(), 1):
            session.execute(text("INSERT INTO benchmark_token VALUES (:k, :u)"), {"k": token, "u": user_id})
    return tokens


# -- Databases


def plain(url: str) -> str:
    """The URL as the driver takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def on_server(statement: str, *names: str) -> None:
    """Say something to the server about databases."""
    with psycopg.connect(plain(SERVER), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def empty_database(dialect: str, folder: Path) -> Iterator[str]:
    """The URL of a database of its own, which is gone afterwards."""
    name = f"colonnade_benchmark_{os.getpid()}_{next(_numbers)}"
    if dialect == "sqlite":
        file = folder / f"{name}.sqlite"
        try:
            yield f"sqlite:///{file}"
        finally:
            for each in folder.glob(f"{file.name}*"):
                each.unlink()
        return
    on_server("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
    try:
        yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


_numbers = count(1)


@contextmanager
def filled_database(
    dialect: str, folder: Path, number: int = EMPLOYEES, plugins: tuple[str, ...] = PLUGINS
) -> Iterator[tuple[str, dict[str, str]]]:
    """A database with the data in it: its URL, and the tokens of its users."""
    with empty_database(dialect, folder) as url:
        app = main({}, **settings(url, plugins))
        database = database_of(app.registry)
        upgrade(database, plugins_of(app.registry), lambda _: None)
        fill(database, number)
        tokens = add_users(database)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE" if dialect == "postgresql" else "ANALYZE")
        database.dispose()
        yield url, tokens


@dataclass(frozen=True)
class Seed:
    """What each system gets a copy of.

    tokens: of the users, by their role.
    ours, theirs: the URLs of the databases that are copied. On SQLite they are two, because the product keeps decimals
        as scaled integers, and the peers keep them as their ORMs do.
    """

    dialect: str
    tokens: Mapping[str, str]
    ours: str
    theirs: str
    folder: Path

    @contextmanager
    def copy(self, *, ours: bool) -> Iterator[str]:
        """The URL of a fresh copy, which is gone afterwards."""
        source = make_url(self.ours if ours else self.theirs).database
        assert source is not None
        if self.dialect == "sqlite":
            with empty_database("sqlite", self.folder) as url:
                shutil.copyfile(source, str(make_url(url).database))
                yield url
            return
        name = f"{source}_copy"
        on_server("CREATE DATABASE {} TEMPLATE {}", name, source)
        try:
            yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
        finally:
            on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextmanager
def seed(dialect: str, folder: Path, number: int = EMPLOYEES) -> Iterator[Seed]:
    """Lay the data down."""
    with ExitStack() as stack:
        ours, tokens = stack.enter_context(filled_database(dialect, folder, number))
        theirs = ours
        if dialect == "sqlite":
            theirs = stack.enter_context(empty_database(dialect, folder))
            fill_for_peers(theirs, tokens, number)
        yield Seed(dialect, tokens, ours, theirs, folder)


def fill_for_peers(url: str, tokens: Mapping[str, str], number: int) -> None:
    """The same rows in tables that SQLAlchemy makes of the peers' models; the file is in WAL mode, as the product's."""
    from benchmarks.peers import models

    engine = create_engine(url)
    models.Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for name, rows in tables(number).items():
            insert_rows(connection, models.Base.metadata.tables[name], rows)
        for user_id, (role, token) in enumerate(tokens.items(), 1):
            connection.execute(insert(models.User), {"id": user_id, "name": role, "active": True})
            connection.execute(insert(models.Token), {"key": token, "user_id": user_id})
        connection.exec_driver_sql(f"UPDATE employee SET user_id = 2 WHERE id = {LEADER}")
        connection.exec_driver_sql(f"UPDATE department SET manager_id = {LEADER} WHERE id = {LED}")
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.exec_driver_sql("PRAGMA journal_mode = WAL").close()
    engine.dispose()
