"""How to begin: the source of a writer's rows, and a whole array at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from colonnade.core.problems import Conflict, Problem
from colonnade.core.resources import Resource
from colonnade.core.writing.fields import WritableFields, refusal
from colonnade.core.writing.lookup import Key
from colonnade.core.writing.many import refusal_of_some
from colonnade.core.writing.writer import Writer

from .cells import Table
from .columns import columns_of_documents, columns_of_objects, columns_of_table
from .documents import Documents
from .members import Objects
from .rows import Refusal, Row
from .uniqueness import TAKEN
from .writing import BulkWriter

Renamed = Iterable[tuple[str, str]]
"""Pairs of a header (or member) and the field, or ``relation.field``, that it gives."""


def table_of(
    writer: Writer, resource: Resource, headers: Sequence[str], renamed: Renamed = (), key: Sequence[str] = ()
) -> Table:
    """A table of texts with these headers; see `columns_of_table` for what is raised."""
    author = writer.author
    fields = WritableFields.of(author, resource)
    return Table(author, columns_of_table(headers, renamed, author.access, fields, key))


def objects_of(writer: Writer, resource: Resource, renamed: Renamed = (), key: Sequence[str] = ()) -> Objects:
    """JSON objects of any members; see `columns_of_objects` for what is raised."""
    author = writer.author
    fields = WritableFields.of(author, resource)
    return Objects(author, columns_of_objects(author.access, fields, key), renamed)


def create_each(writer: Writer, resource: Resource, bodies: Sequence[object]) -> Sequence[Key]:
    """Create a record of each body of an array: all of them, or none.

    Like rows of any source they may refer to each other, wherever they stand.

    :param bodies: as `json_body` gives them.
    :returns: the keys of the records, in the order of the bodies.
    :raises Problem: with the faults of all that were refused, each by its index. Nothing has happened then.
    """
    author = writer.author
    source = Documents(author, columns_of_documents(author.access, WritableFields.of(author, resource)))
    rows = (Row(index, body) for index, body in enumerate(bodies))
    outcome = BulkWriter(writer, source, with_keys=True).write(rows)
    if outcome.refusals:
        lines = groupby(outcome.refusals, lambda refusal: refusal.line)
        raise refusal_of_some([(line, _problem(tuple(refusals))) for line, refusals in lines])
    return outcome.keys


def _problem(refusals: Sequence[Refusal]) -> Problem:
    """What refuses one body, as if it had come alone."""
    faults = [fault for each in refusals if each.raised is None for fault in each.faults()]
    if not faults:
        return next(each.raised for each in refusals if each.raised is not None)
    if all(fault.code == TAKEN for fault in faults):
        return Conflict("A value is already taken.", faults=faults, slug="already-taken")
    return refusal("The record is not valid.", faults)
