"""Creating many records: every row of a table, or none and the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from colonnade.core.resources import Resource
from colonnade.core.writing.fields import WritableFields
from colonnade.core.writing.writer import Writer

from .cells import Cells
from .columns import Column
from .inserting import Inserting
from .links import Links
from .rows import BATCH, Entry, Refusal, Refusals, Row, batches
from .uniqueness import Uniqueness

Told = Callable[[int], None]
"""Is told how many rows more are done."""


@dataclass(frozen=True)
class Created:
    """What came of a table.

    rows: how many it had, as far as it was read.
    created: how many records were created: as many, or none.
    refusals: why none was, by line.
    complete: whether these are all reasons: False where there were so many that the rest was not looked at.
    """

    rows: int
    created: int
    refusals: tuple[Refusal, ...] = ()
    complete: bool = True


class BulkCreation:
    """Creates the records of a table in the author's transaction.

    :param columns: of the table, from `columns_of`.
    :param told: is told of progress.
    """

    def __init__(self, writer: Writer, resource: Resource, columns: Sequence[Column], told: Told) -> None:
        author = writer.author
        access = author.access.of(resource)
        WritableFields(access).require_action()
        self._session = author.session
        self._told = told
        self._refusals = Refusals()
        self._cells = Cells(author, columns, self._refusals)
        self._links = Links(author, resource, writer.resources, columns, self._refusals)
        self._uniqueness = Uniqueness(author, resource, columns, self._refusals)
        self._inserting = Inserting(author, access, columns, self._uniqueness, self._refusals)

    def create(self, rows: Iterable[Row]) -> Created:
        """Create a record for each row. Nothing has happened if there is any refusal.

        It happens in a savepoint, so that the transaction around it can be committed in any case.
        """
        count = 0
        with self._session.begin_nested() as savepoint:
            for batch in batches(rows, BATCH):
                count += len(batch)
                self._store(self._links.follow(self._cells.read(batch)))
                self._told(len(batch))
                if self._refusals.enough:
                    break
            for ready in self._links.settle() if not self._refusals.enough else ():
                self._store(ready)
            if not self._refusals:
                return Created(count, count)
            savepoint.rollback()
        return Created(count, 0, tuple(self._refusals), complete=not self._refusals.enough)

    def _store(self, entries: list[Entry]) -> None:
        self._inserting.insert(self._uniqueness.within(entries))
