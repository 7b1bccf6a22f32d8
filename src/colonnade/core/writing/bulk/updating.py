"""Changes of stored records by rows that lead to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import lazyload

from colonnade.core.changes import recorder_of
from colonnade.core.database import execute, flush
from colonnade.core.writing.lookup import Key, among
from colonnade.core.writing.plain import OF_CHANGE
from colonnade.core.writing.records import assign
from colonnade.core.writing.relations import key_of

from .rows import Entry
from .storing import Storing


class Updating(Storing):
    """Changes the records that rows lead to, which are locked already."""

    verb = "patch"
    action = "edit"
    events = OF_CHANGE

    def _is_plain(self) -> bool:
        return recorder_of(self._author.session) is None and super()._is_plain()  # the log has each record

    def _execute(self, names: tuple[str, ...], entries: Sequence[Entry], *, with_keys: bool) -> Sequence[Key]:
        mapper, session = self._mapper, self._author.session
        columns = {name: mapper.columns[name] for name in names}
        keys = [mapper.columns[field.name] for field in self._resource.key]
        assert isinstance(mapper.local_table, sa.Table)  # other classes are stored record by record
        statement = sa.update(mapper.local_table)
        statement = statement.where(
            *(column == sa.bindparam(f"key_{index}", type_=column.type) for index, column in enumerate(keys))
        ).values({column: sa.bindparam(f"value_{index}") for index, column in enumerate(columns.values())})
        rows = [
            {
                **{f"key_{index}": part for index, part in enumerate(entry.match.key if entry.match else ())},
                **{f"value_{index}": value for index, value in enumerate(entry.values.values())},
            }
            for entry in entries
        ]
        execute(session, statement, rows, mapper=mapper)
        return [self._new_key(entry) for entry in entries] if with_keys else ()

    def _new_key(self, entry: Entry) -> Key:
        old = () if entry.match is None else entry.match.key
        return tuple(entry.values.get(field.name, part) for field, part in zip(self._resource.key, old, strict=True))

    def _objects(self, entries: Sequence[Entry]) -> Iterable[tuple[Entry, Any]]:
        resource = self._resource
        columns = [getattr(resource.model, field.name) for field in resource.key]
        wanted, parameters = among(self._author.dialect, columns, [each.match.key for each in entries if each.match])
        statement = sa.select(resource.model).where(wanted).options(lazyload("*"))
        rows = self._author.rows(statement.execution_options(populate_existing=True), parameters)
        records = {key_of(resource, record): record for (record,) in rows}
        return [(entry, records[entry.match.key]) for entry in entries if entry.match]

    def _assign(self, record: Any, values: Mapping[str, Any]) -> Any:
        assign(record, values)
        return record

    def _flush(self, records: Sequence[Any]) -> None:
        flush(self._author.session, self._mapper)
