"""What a base of tests' own needs, so that its columns are stored as those of `Model`.

    class Kept(DeclarativeBase):
        metadata = stored_metadata()
        type_annotation_map = TYPES

No migration is looked for of such a base, and `Kept.metadata.create_all` makes its tables and no others.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from colonnade.core.database import Model
from colonnade.core.database.model import NAMES
from colonnade.core.values import adopt_column

TYPES = Model.type_annotation_map

_KEY = "stored as Model's"


def stored_metadata() -> sa.MetaData:
    """Metadata with the names of `Model`, whose columns are stored as `Model` stores them."""
    return sa.MetaData(naming_convention=NAMES, info={_KEY: True})


@sa.event.listens_for(sa.Column, "before_parent_attach")
def _store(column: sa.Column[Any], table: sa.Table) -> None:
    metadata = getattr(table, "metadata", None)
    if metadata is not None and metadata.info.get(_KEY):
        adopt_column(column)
