"""For rooms and plug-ins that build a statement: here it is executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Executable, Result, event
from sqlalchemy.orm import Mapper, Session

from colonnade.core.database.connection import ReadConnection
from colonnade.core.database.database import Database
from colonnade.core.database.errors import problem_of, translated
from colonnade.core.database.prepared import Prepared
from colonnade.core.problems import BadRequest, Conflict, Unprocessable


def execute(
    session: Session,
    statement: Executable,
    parameters: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None,
    *,
    mapper: Mapper[Any] | None = None,
) -> Result[Any]:
    """Execute a statement of Core or ORM in a session's transaction, with the errors of the database as problems.

    :param parameters: for one execution, or a list of them: a bulk insert.
    :param mapper: of the resource that is written, so that a broken constraint points at its field.
    """
    with translated(mapper):
        return session.execute(statement, parameters)


def fetch(
    reading: ReadConnection, prepared: Prepared, parameters: Mapping[str, object], *, mapper: Mapper[Any] | None = None
) -> list[tuple[Any, ...]]:
    """Execute a prepared statement of one who writes; see :func:`execute`.

    :param reading: in whose transaction, such as `Database.reading_in` a session's.
    :returns: all rows, as `ReadConnection.fetch` does.
    """
    try:
        return reading.fetch(prepared, parameters)
    except (BadRequest, Conflict) as problem:  # as one who reads would be told it
        cause = problem.__cause__
        told = Unprocessable(problem.detail) if cause is None else problem_of(cause, mapper)
        raise (told or problem) from cause


def flush(session: Session, mapper: Mapper[Any] | None = None) -> None:
    """Write what a session has pending, with the errors of the database as problems; see :func:`execute`."""
    with translated(mapper):
        session.flush()


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """The SQL that a database is sent while the block lasts, by every road; without BEGIN, SAVEPOINT and their ends."""
    seen: list[str] = []

    def sent(
        connection: Connection, cursor: object, statement: str, parameters: object, context: object, many: bool
    ) -> None:
        if statement.partition(" ")[0].upper() not in _OF_TRANSACTIONS:
            seen.append(statement)

    database.observers.append(seen.append)
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", sent)
    try:
        yield seen
    finally:
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", sent)
        database.observers.remove(seen.append)


_OF_TRANSACTIONS = frozenset({"BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT"})
