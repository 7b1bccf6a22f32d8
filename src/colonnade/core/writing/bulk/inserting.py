"""New records of rows that create one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from colonnade.core.changes import insert, recorder_of
from colonnade.core.database import flush
from colonnade.core.writing.lookup import Key
from colonnade.core.writing.plain import OF_CREATION
from colonnade.core.writing.records import new_record

from .rows import Entry
from .storing import Storing


class Inserting(Storing):
    """Inserts rows."""

    verb = "create"
    action = "create"
    events = OF_CREATION

    def _execute(self, names: tuple[str, ...], entries: Sequence[Entry], *, with_keys: bool) -> Sequence[Key]:
        mapper, session = self._mapper, self._author.session
        columns = {name: mapper.columns[name] for name in names}
        if all(name == column.key for name, column in columns.items()):
            rows = [entry.values for entry in entries]
        else:
            rows = [{columns[name].key: value for name, value in entry.values.items()} for entry in entries]
        key = [mapper.columns[field.name] for field in self._resource.key] if with_keys else []
        keys = insert(session, recorder_of(session), mapper, rows, key)
        return keys if with_keys else ()

    def _objects(self, entries: Sequence[Entry]) -> Iterable[tuple[Entry, Any]]:
        return ((entry, None) for entry in entries)

    def _assign(self, record: Any, values: Mapping[str, Any]) -> Any:
        return new_record(self._resource, values)

    def _flush(self, records: Sequence[Any]) -> None:
        self._author.session.add_all(records)
        flush(self._author.session, self._mapper)
