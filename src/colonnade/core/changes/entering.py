"""Rows are entered in the log: with whence they come, and a position, or the prospect of one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.database import Database, Prepared, connection_of, execute

from .entry import entry
from .log import Log
from .origin import origin_of
from .positions import Positions


class Entries:
    """Enters what the sessions of an application change."""

    def __init__(self, database: Database, log: Log, positions: Positions) -> None:
        self.log = log
        self._database = database
        self._positions = positions
        self._one = Prepared.compile(entry(log), database.dialect)

    def write(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of the log: verb, resource, key, before and after of each; whence they come is the session's.

        A record of a class that inherits from another resource's is a record of that one, which is told too.
        """
        if not rows:
            return
        origin = origin_of(session)
        common = {**origin.values(), "at": datetime.now(UTC), "count": None}
        several = [each for row in rows for each in (row, *self._of_bases(row))]
        last = self._positions.draw(session, len(several))
        places = itertools.repeat(None) if last is None else itertools.count(last + 1)
        whole = [{**common, "position": place, **each} for place, each in zip(places, several, strict=False)]
        if len(whole) > 1:
            execute(session, sa.insert(self.log.table), whole)
        elif self._positions.hold(session, whole[0]):  # as most transactions have it
            return
        else:
            self._database.reading_on(connection_of(session)).fetch(self._one, whole[0])
        self._positions.note(session, origin.request_id)

    def write_selected(
        self, session: Session, selected: sa.Select[Any], parameters: Mapping[str, Any], number: int
    ) -> None:
        """Write rows of the log that a statement selects: ``resource``, ``key``, ``verb`` and an image.

        :param number: how many these are.
        """
        if not number:
            return
        origin = origin_of(session)
        common: dict[str, Any] = {**origin.values(), "at": datetime.now(UTC)}
        table, rows = self.log.table, selected.subquery("rows")
        constants = [sa.literal(value, table.c[name].type) for name, value in common.items()]
        last = self._positions.draw(session, number)
        place = sa.null() if last is None else last + sa.func.row_number().over()
        statement = sa.insert(table).from_select(
            [*(column.name for column in rows.c), *common, "position"], sa.select(*rows.c, *constants, place)
        )
        execute(session, statement, parameters)
        self._positions.note(session, origin.request_id)

    def _of_bases(self, row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The same change, of each resource from which the record's inherits."""
        if row["verb"] not in ("create", "update", "delete"):
            return
        for resource in self.log.bases(self.log.resources[row["resource"]]):
            images = self.log.images(resource)
            before, after = (images.part(row[side]) for side in ("before", "after"))
            if before != after:
                key = images.key_of((after if after is not None else before) or {})
                yield {**row, "resource": resource.name, "key": key, "before": before, "after": after}
