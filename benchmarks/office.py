"""The product on a database of its own, with the sample data and somebody who may do everything."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from benchmarks.answers import bearer
from benchmarks.data import empty_database, settings
from benchmarks.in_process import call, chunks, environ
from colonnade import main
from colonnade.core.changes.statements import PAST
from colonnade.core.console import Invocation
from colonnade.core.database import Database, database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.core.policy import Identity
from colonnade.plugins.accounts import create_token, create_user
from colonnade.plugins.people.models import Department, Employee, Gender

#: The sample data: CSV files of departments, people and salaries.
DATA = Path(os.environ.get("COLONNADE_TEST_EMPLOYEES") or Path(__file__).parents[2] / "shared/data/employees")


PLUGINS = ("accounts", "rest", "transfer", "people")


@dataclass(frozen=True)
class Office:
    """The application, the token of an administrator, and a folder for files that is gone afterwards."""

    app: Any
    token: str
    folder: Path

    @property
    def database(self) -> Database:
        """What the application is on."""
        return database_of(self.app.registry)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.database.dialect.name

    def get(self, path: str, accept: str = "*/*") -> Iterator[bytes]:
        """The chunks of an answer, as a server takes them."""
        answer, _ = chunks(self.app, environ(path, headers=bearer(self.token) | {"Accept": accept}))
        return iter(answer)

    def send(self, method: str, path: str, content: object) -> dict[str, Any]:
        """One request with JSON in its body; what it is answered."""
        made = environ(path, method, json.dumps(content), bearer(self.token))
        return dict(json.loads(call(self.app, made)))

    def send_csv(self, path: str, table: str = "") -> str:
        """POST a table; the id of the request."""
        headers = bearer(self.token) | {"Prefer": "return=minimal", "Content-Type": "text/csv"}
        answer, told = chunks(self.app, environ(path, "POST", table, headers))
        b"".join(answer)
        return told["X-Request-Id"]

    def import_file(self, resource: str, file: Path, mapping: str, identity: Identity) -> None:
        """What the verb `colonnade import` does, once the application is made."""
        from colonnade.plugins.transfer.importing.command import import_

        invocation = Invocation("", lambda _: self.app.registry, lambda *_: identity)
        invocation.identity = identity
        with redirect_stdout(io.StringIO()):
            import_.main([resource, str(file), "--map", mapping], obj=invocation, standalone_mode=False)


def office_at(url: str, plugins: tuple[str, ...], folder: Path, **more: str) -> Office:
    """The application on an empty database, with its tables, its administrator and the departments."""
    # Nobody waits for when a token was last used, and the database is gone before it would be written.
    usual = {"sqlalchemy.pool_size": "20", "accounts.last_used_every": "0"}
    app = main({}, **settings(url, plugins, **usual, **more))
    database = database_of(app.registry)
    upgrade(database, plugins_of(app.registry), lambda _: None)
    with database.sessions.begin() as session:
        token = create_token(session, create_user(session, "root", ("admin",)))[1]
        departments = [{"code": row["dept_no"], "name": row["dept_name"]} for row in rows(DATA / "departments.csv")]
        session.execute(insert(Department).execution_options(**{PAST: True}), departments)
    return Office(app, token, folder)


@contextmanager
def office(dialect: str, *plugins: str, **more: str) -> Iterator[Office]:
    """An office on a database of its own; `plugins` beside those of every office, and `more` settings."""
    with tempfile.TemporaryDirectory() as folder, empty_database(dialect, Path(folder)) as url:
        made = office_at(url, (*PLUGINS, *plugins), Path(folder), **more)
        try:
            yield made
        finally:
            made.database.dispose()


def add_people(of: Office) -> None:
    """Write the people of the sample data, past the log."""
    with of.database.sessions.begin() as session:
        codes = dict(session.execute(select(Department.code, Department.id)).all())
        people = [
            {
                **{name: row[name] for name in ("first_name", "last_name", "email", "title")},
                "number": int(row["number"]),
                "birth_date": date.fromisoformat(row["birth_date"]),
                "hired_on": date.fromisoformat(row["hired_on"]),
                "gender": Gender(row["gender"]),
                "salary": Decimal(row["salary"]),
                "department_id": codes[row["department"]],
            }
            for row in rows(DATA / "people.csv")
        ]
        session.execute(insert(Employee).execution_options(**{PAST: True}), people)


def vacuum(of: Office) -> None:
    """Tidy up after a delete, so that the next round is like the first."""
    if of.dialect == "postgresql":
        with of.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def rows(file: Path) -> list[dict[str, str]]:
    """A file of CSV."""
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))
