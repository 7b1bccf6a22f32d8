"""How to begin: the source of a writer's rows, and a whole array at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from colonnade.core.resources import Resource
from colonnade.core.writing.fields import WritableFields
from colonnade.core.writing.writer import Writer

from .cells import Table
from .columns import columns_of_objects, columns_of_table
from .members import Objects
from .rows import Row
from .writing import BulkWriter, Outcome

Renamed = Iterable[tuple[str, str]]
"""Pairs of a header (or member) and the field, or ``relation.field``, that it gives."""


def table_of(
    writer: Writer, resource: Resource, headers: Sequence[str], renamed: Renamed = (), key: Sequence[str] = ()
) -> Table:
    """A table of texts with these headers; see `columns_of_table` for what is raised."""
    author = writer.author
    fields = WritableFields.of(author, resource)
    return Table(author, columns_of_table(headers, renamed, author.access, fields, key))


def objects_of(
    writer: Writer, resource: Resource, renamed: Renamed = (), key: Sequence[str] = (), *, place: str = "line"
) -> Objects:
    """JSON objects of any members; see `columns_of_objects` for what is raised."""
    author = writer.author
    fields = WritableFields.of(author, resource)
    return Objects(author, columns_of_objects(author.access, fields, key, place=place), renamed)


def write_objects(writer: Writer, resource: Resource, objects: Sequence[object], key: Sequence[str] = ()) -> Outcome:
    """Write an array of JSON objects: each creates a record, or with a key may change one; all of them, or none.

    :param objects: as `json_body` gives them; a refusal names its index as ``line``, and has faults for it.
    :returns: with the keys of the records, in the order of the objects.
    """
    source = objects_of(writer, resource, key=key, place="item")
    rows = (Row(index, each) for index, each in enumerate(objects))
    return BulkWriter(writer, source, with_keys=True).write(rows)
