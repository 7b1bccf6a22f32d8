"""The columns of the log and of its counter. The plug-in that switches the log on makes tables of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Identity, Index, Integer, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

#: What became of the record. ``baseline``: it was there when the log was switched on. ``unlogged``: a statement went
#: past the log, by its author's word; ``count`` says how many rows it touched. ``erase``, ``prune``: what was done
#: to the log itself. These last three have no key: they are no states of a record.
VERBS = ("create", "update", "delete", "baseline", "unlogged", "erase", "prune")
#: Those whose images are records.
OF_RECORDS = ("create", "update", "delete", "baseline")


_IMAGE = JSON().with_variant(JSONB(), "postgresql")


class ChangeColumns:
    """One change of one record."""

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)
    position: Mapped[int | None] = mapped_column(
        BigInteger, unique=True, doc="Its place in the order of commits; null until its transaction commits."
    )
    at: Mapped[datetime] = mapped_column(doc="When it was written.")
    request_id: Mapped[str] = mapped_column(String(36), doc="The request that made it; one is a set of changes.")
    actor_id: Mapped[str | None] = mapped_column(String(64), doc="The key of the user who did it.")
    actor: Mapped[str] = mapped_column(String(200), doc="Their name at the time.")
    token: Mapped[str | None] = mapped_column(String(64), doc="The token that was used, by its public name.")
    channel: Mapped[str] = mapped_column(String(20), doc="The road: rest, cli, import, job, code.")
    resource: Mapped[str] = mapped_column(String(100), doc="Of which resource the record is.")
    key: Mapped[str] = mapped_column(Text, doc="The key of the record, as in its URL.")
    verb: Mapped[str] = mapped_column(String(10), doc="create, update, delete, baseline, unlogged, erase or prune.")
    before: Mapped[dict[str, Any] | None] = mapped_column(_IMAGE, doc="The record before; null if it was not there.")
    after: Mapped[dict[str, Any] | None] = mapped_column(_IMAGE, doc="The record after; null if it is gone.")
    count: Mapped[int | None] = mapped_column(doc="How many rows an unlogged statement touched.")

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        return (
            Index("ix_change_resource_key", "resource", "key", "position"),
            Index("ix_change_request_id", "request_id"),
        )


class CounterColumns:
    """The counter from which positions are drawn: one row."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger, doc="The last position that was given.")
