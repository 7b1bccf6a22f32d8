"""What goes with a record that is deleted, and no table of a class shows: the lists of keys that it has, and its place
in the lists of others. The database, or the ORM, takes the pairs away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstanceState, Session, aliased

from colonnade.core.database import execute
from colonnade.core.resources import Resource

from .cascades import Cascades
from .images import Image
from .lists import Pairs, changed_lists, read_lists, relations_of, tables_between
from .log import Log
from .rows import Row, told
from .stored import Identity, batched, restricted

_OWN: Final = "colonnade.changes.departing"
_OTHERS: Final = "colonnade.changes.departing.others"


class Departing:
    """Keeps the lists of records that may be about to go, and those of others that lead to them."""

    def __init__(self, log: Log) -> None:
        self._log = log

    @cached_property
    def _leading(self) -> dict[Resource, list[Pairs]]:
        """The relations that lead to a resource's records, but for those whose pairs are in a list of theirs."""
        return {
            resource: [
                (source, prop)
                for table, pairs in tables_between(self._log).items()
                for source, prop in pairs
                if resource.mapper.isa(prop.mapper)
                and not any(own.secondary is table for own in relations_of(resource))
            ]
            for resource in self._log.kept()
        }

    def read_states(self, session: Session, states: Iterable[InstanceState[Any]]) -> None:
        """Read the lists that have to do with objects that are to be deleted."""
        going: dict[Resource, list[Identity]] = {}
        for state in states:
            resource = self._log.resource_of(state.mapper)
            if resource is not None and state.identity is not None:
                going.setdefault(resource, []).append(tuple(state.identity))
        for resource, keys in going.items():
            self.read(session, resource, keys)

    def read_touched(self, session: Session, cascades: Cascades) -> None:
        """The same of the records that the database may delete along with others."""
        along: dict[Resource, list[Identity]] = {}
        for touched in cascades.pending(session):
            along.setdefault(touched.resource, []).append(touched.was)
        for resource, keys in along.items():
            self.read(session, resource, keys)

    def read(self, session: Session, resource: Resource, keys: Sequence[Identity]) -> None:
        """Read the lists of some records, and of those that lead to them, unless that was done."""
        own: dict[tuple[Resource, Identity], Image] = session.info.setdefault(_OWN, {})
        new = [key for key in keys if (resource, key) not in own]
        relations, leading = relations_of(resource), self._leading[resource]
        if not new or not (relations or leading):
            return
        own |= {(resource, key): {} for key in new}
        for prop in relations:
            for key, several in read_lists(session, resource, prop, new).items():
                own[resource, key][prop.key] = several
        others: dict[Pairs, dict[Identity, list[Any]]] = session.info.setdefault(_OTHERS, {})
        for source, prop in leading:
            known = others.setdefault((source, prop), {})
            target: Any = aliased(resource.model)
            columns = [
                getattr(target, resource.mapper.get_property_by_column(c).key) for c in resource.mapper.primary_key
            ]
            relation: Any = getattr(source.model, prop.key)
            asked = sa.select(*source.mapper.primary_key).select_from(source.model).join(relation.of_type(target))
            for few in batched(new):
                found = [tuple(row) for row in execute(session, asked.where(restricted(columns, few)))]
                wanted = list(dict.fromkeys(key for key in found if key not in known))
                known |= read_lists(session, source, prop, wanted) if wanted else {}

    def lists(self, session: Session, resource: Resource, key: Identity) -> Image:
        """The lists that a record had, as far as they were read."""
        own: dict[tuple[Resource, Identity], Image] = session.info.get(_OWN, {})
        return own.get((resource, key), {})

    def join(self, session: Session, rows: list[Row]) -> list[Row]:
        """The rows of a flush, and those of the records whose lists are shorter by what is deleted."""
        session.info.pop(_OWN, None)
        last: dict[tuple[str, str], Row] = {(row["resource"], row["key"]): row for row in rows}
        for (source, prop), was in session.info.pop(_OTHERS, {}).items():
            for images, before, after in changed_lists(session, self._log, source, prop, was):
                row = last.get((source.name, images.key_of(after)))
                if row is None:
                    rows += told(images, before, after)
                elif row["after"] is not None and prop.key not in row["after"]:
                    if row["before"] is not None:
                        row["before"] = {**row["before"], prop.key: before[prop.key]}
                    row["after"] = {**row["after"], prop.key: after[prop.key]}
        return rows

    def forget(self, session: Session) -> None:
        """What was read for a flush that failed is of no use."""
        session.info.pop(_OWN, None)
        session.info.pop(_OTHERS, None)
