"""Imports a file under a role's permissions, in a transaction that the test rolls back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.policy import OPERATOR, Identity, policy_of
from colonnade.core.writing import Author, Writer, writer_for
from colonnade.core.writing.bulk import BulkWriter, Outcome
from colonnade.plugins.transfer.importing.files import Reading
from tests.harness.applications import Application


def imported(
    shop: Application,
    connection: sa.Connection,
    resource: str,
    text: str | bytes,
    *renamed: str,
    role: str | None = None,
    key: str = "",
    form: Literal["csv", "jsonl"] = "csv",
    continuing: bool = False,
) -> Outcome:
    """What came of a file.

    :param renamed: ``header=field``, as for ``--map``.
    :param role: under which it is imported, by user 7; the operator's without one.
    :param key: fields, as for ``--key``.
    """
    pairs = [(header, name) for header, _, name in (each.rpartition("=") for each in renamed)]
    reading = Reading(form, renamed=pairs, key=key.split(",") if key else ())
    stream = io.BytesIO(text.encode() if isinstance(text, str) else text)
    with writing(shop, connection, role) as writer:
        source, rows = reading.begin(stream, writer, writer.resources[resource])
        return BulkWriter(writer, source, continuing=continuing).write(rows)


@contextmanager
def writing(shop: Application, connection: sa.Connection, role: str | None = None) -> Iterator[Writer]:
    """A writer of user 7 with a role, or of the operator; what it wrote is there when the block ends."""
    identity = OPERATOR if role is None else Identity.signed_in(7, role, roles=[role])
    access = policy_of(shop.app.registry).of(identity)
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        me, reading = {"id": identity.id, "name": identity.name}, shop.database.reading_in(session)
        yield writer_for(shop.app.registry, Author(session, access, me, reading))
        session.commit()


def reasons(outcome: Outcome) -> list[tuple[int, str, str]]:
    """Line, column and reason of each refusal; where anything is refused, nothing may be written."""
    assert bool(outcome.refusals) == (outcome.created == outcome.changed == outcome.unchanged == 0 < outcome.rows)
    return [(each.line, each.column, each.reason) for each in outcome.refusals]


def lines(*rows: Any) -> str:
    """A file of these lines."""
    return "".join(f"{row}\n" for row in rows)
