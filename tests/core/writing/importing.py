"""Imports a table of text under a role's permissions, in a transaction that the test rolls back."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.policy import OPERATOR, Identity, policy_of
from colonnade.core.resources import resources_of
from colonnade.core.writing import Author, writer_for
from colonnade.core.writing.bulk import BulkCreation, Created, columns_of
from colonnade.plugins.transfer.importing.table import CsvTable
from tests.core.writing.shop import Shop


def imported(
    shop: Shop, connection: sa.Connection, resource: str, text: str | bytes, *renamed: str, role: str | None = None
) -> Created:
    """What came of a CSV file.

    :param renamed: ``header=field``, as for ``--map``.
    :param role: under which it is imported, by user 7; the operator's without one.
    """
    identity = OPERATOR if role is None else Identity.signed_in(7, role, roles=[role])
    access = policy_of(shop.app.registry).of(identity)
    resources = resources_of(shop.app.registry)
    table = CsvTable(io.BytesIO(text.encode() if isinstance(text, str) else text))
    pairs = [(header, name) for header, _, name in (each.rpartition("=") for each in renamed)]
    columns = columns_of(table.headers, pairs, access, resources[resource])
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        author = Author(session, access, {"id": identity.id, "name": identity.name})
        created = BulkCreation(
            writer_for(shop.app.registry, author), resources[resource], columns, lambda _: None
        ).create(table.rows())
        session.commit()
    return created


def reasons(created: Created) -> list[tuple[int, str, str]]:
    """Line, column and reason of each refusal; where anything is refused, nothing may be created."""
    assert bool(created.refusals) == (created.created == 0 < created.rows)
    return [(each.line, each.column, each.reason) for each in created.refusals]


def lines(*rows: Any) -> str:
    """A file of these lines."""
    return "".join(f"{row}\n" for row in rows)
