"""The tables of the change log."""

from __future__ import annotations

from colonnade.core.changes import ChangeColumns, CounterColumns
from colonnade.core.database import Model


class Change(ChangeColumns, Model):
    """What became of one record, by whom, and how it was before."""

    __tablename__ = "change"


class ChangeCounter(CounterColumns, Model):
    """The counter from which positions are drawn."""

    __tablename__ = "change_counter"
