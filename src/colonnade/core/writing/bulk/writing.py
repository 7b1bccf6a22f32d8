"""The way of the rows, from a source into the database: every one of them, or none and the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from colonnade.core.writing.lookup import Key
from colonnade.core.writing.writer import Writer

from . import rows as limits
from .changing import Changes
from .inserting import Inserting
from .links import Links
from .matching import Matching
from .rows import Entry, Refusal, Refusals, Row, batches
from .source import Source
from .uniqueness import Uniqueness
from .updating import Updating

Told = Callable[[int], None]
"""Is told how many rows more are done."""


@dataclass(frozen=True)
class Outcome:
    """What came of the rows.

    rows: how many there were, as far as they were read.
    created, changed, unchanged: how many records were, or would have been; where nothing may be refused and something
        is, none.
    refusals: why rows were not written, by line.
    complete: whether these are all reasons: False where there were so many that the rest was not looked at.
    keys: of the records, in the order of the rows, where they were asked for.
    """

    rows: int
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refusals: tuple[Refusal, ...] = ()
    complete: bool = True
    keys: tuple[Key, ...] = ()

    @property
    def refused(self) -> int:
        """How many rows were refused."""
        return len({refusal.line for refusal in self.refusals})


class BulkWriter:
    """Writes the rows of a source in the author's transaction.

    :param continuing: whether the rows that can be written are, though others cannot.
    :param with_keys: whether the keys of the records are wanted; they take memory.
    :param told: is told of progress.
    """

    def __init__(
        self,
        writer: Writer,
        source: Source[Any],
        *,
        continuing: bool = False,
        with_keys: bool = False,
        told: Told = lambda _: None,
    ) -> None:
        author, columns = writer.author, source.columns
        self._session = author.session
        self._source = source
        self._continuing = continuing
        self._told = told
        self._refusals = refusals = Refusals(None if continuing else limits.ENOUGH)
        self._matching = Matching(author, writer.resources, columns, refusals)
        self._links = Links(author, writer.resources, columns, self._matching, refusals)
        self._uniqueness = Uniqueness(author, columns, refusals)
        self._changes = Changes(columns, refusals) if columns.key else None
        parts = (author, writer.listeners, columns, self._uniqueness, refusals)
        self._inserting = Inserting(*parts, with_keys=with_keys)
        self._updating = Updating(*parts, with_keys=with_keys)
        self._unchanged = 0
        self._keys: dict[int, Key] | None = {} if with_keys else None

    def write(self, rows: Iterable[Row[Any]]) -> Outcome:
        """Write a record for each row. Unless it is to continue, nothing has happened if there is any refusal.

        It happens in a savepoint, so that the transaction around it can be committed in any case.
        """
        count = 0
        with self._session.begin_nested() as savepoint:
            for batch in batches(rows, limits.BATCH):
                count += len(batch)
                self._store(self._links.follow(self._source.read(batch, self._refusals)))
                self._told(len(batch))
                if self._refusals.enough:
                    break
            for ready in self._links.settle() if not self._refusals.enough else ():
                self._store(ready)
            if self._refusals and not self._continuing:
                savepoint.rollback()
                return Outcome(count, refusals=tuple(self._refusals), complete=not self._refusals.enough)
        return Outcome(
            count,
            self._inserting.written,
            self._updating.written,
            self._unchanged,
            tuple(self._refusals),
            keys=tuple(key for _, key in sorted((self._keys or {}).items())),
        )

    def _store(self, entries: Sequence[Entry]) -> None:
        entries = self._uniqueness.within([entry for entry in entries if entry.sound])
        if self._changes is None:
            self._inserting.store(entries)
        else:
            entries = self._matching.admitted(entries)
            created, changed, unchanged = self._changes.divide(entries)
            self._updating.store(changed)
            self._inserting.store(created)
            self._unchanged += len(unchanged)
            for entry in unchanged:
                entry.key = None if entry.match is None else entry.match.key
        if self._keys is not None:
            self._keys |= {entry.line: entry.key for entry in entries if entry.key is not None}
