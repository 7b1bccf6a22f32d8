"""The tables of the change log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from colonnade.core.changes import ChangeColumns, CounterColumns
from colonnade.core.database import Model


class Change(ChangeColumns, Model):
    """What became of one record, by whom, and how it was before."""

    __tablename__ = "change"


class ChangeCounter(CounterColumns, Model):
    """The counter from which positions are drawn."""

    __tablename__ = "change_counter"


class ChangeSeal(Model):
    """A batch of the log, sealed: what it held, and the seal before it, in one hash."""

    __tablename__ = "change_seal"

    last: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, doc="Its last position.")
    first: Mapped[int] = mapped_column(BigInteger, unique=True, doc="The position after that of the seal before.")
    count: Mapped[int] = mapped_column(doc="How many rows it had when it was sealed.")
    digest: Mapped[str] = mapped_column(String(64), doc="The hash of these rows.")
    previous: Mapped[str] = mapped_column(String(64), doc="The hash of the seal before; empty for the first.")
    hash: Mapped[str] = mapped_column(String(64), doc="The hash of all of the above.")
    at: Mapped[datetime] = mapped_column(doc="When it was sealed.")
    kept: Mapped[int | None] = mapped_column(doc="How many rows pruning has left; null if it was not pruned.")
    kept_digest: Mapped[str | None] = mapped_column(String(64), doc="The hash of those.")


class ChangeLeaf(Model):
    """What is sealed of one row of the log: the hash of it, and what its values were salted with."""

    __tablename__ = "change_leaf"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    salt: Mapped[str | None] = mapped_column(String(64), doc="Random; null once something of the row was erased.")
    salts: Mapped[dict[str, str] | None] = mapped_column(
        JSON().with_variant(JSONB(), "postgresql"), doc="Then, what each value that is left was salted with."
    )
    digest: Mapped[str] = mapped_column(String(64))
