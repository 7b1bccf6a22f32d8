"""What is shown of a record: ``fields`` and ``expand``, merged into one tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from colonnade.core.policy.access import ResourceAccess
from colonnade.core.resources import Relation

from .grammar import Expand, Path, SortKey, refused
from .shape import Many, Selection

if TYPE_CHECKING:
    from .planning import Planning


@dataclass
class _Asked:
    """What was asked of one resource in the tree, while it grows."""

    fields: list[str] | None = None
    relations: dict[str, _Asked] = field(default_factory=dict)
    limit: int | None = None
    sort: tuple[SortKey, ...] = ()
    parameter: str = "expand"


class Selecting:
    """Builds the tree of what is shown for one query."""

    def __init__(self, planning: Planning) -> None:
        self.planning = planning
        self.names = planning.names

    def selection(self, at: ResourceAccess, fields: tuple[Path, ...] | None, expand: tuple[Expand, ...]) -> Selection:
        """Merge ``fields`` and ``expand``. A path in ``fields`` expands the relations on its way."""
        asked = _Asked()
        for each in expand:
            end = self._reach(asked, each.path, each.parameter)
            end.limit, end.sort = each.limit, each.sort
        if fields is not None:
            asked.fields = []
            for path in fields:
                self._ask(at, asked, path)
        return self._selection(at, asked)

    def _reach(self, asked: _Asked, path: Path, parameter: str) -> _Asked:
        for name in path:
            asked = asked.relations.setdefault(name, _Asked(parameter=parameter))
        return asked

    def _ask(self, at: ResourceAccess, asked: _Asked, path: Path) -> None:
        for name in path[:-1]:
            relation = self.names.require_relation(at, name, "fields")
            at = self.names.access.of(relation.target)
            asked = asked.relations.setdefault(name, _Asked(parameter="fields"))
            asked.fields = [] if asked.fields is None else asked.fields
        last = path[-1]
        if self.names.relation(at, last):
            asked.relations.setdefault(last, _Asked(parameter="fields"))
        else:
            if asked.fields is None:
                asked.fields = []
            asked.fields.append(self.names.require_field(at, last, "fields").name)

    def _selection(self, at: ResourceAccess, asked: _Asked) -> Selection:
        fields = tuple(each.name for each in at.visible_fields if asked.fields is None or each.name in asked.fields)
        for name, inner in asked.relations.items():
            self.names.require_relation(at, name, inner.parameter)
        ones, manys = [], []
        for name, relation in at.resource.relations.items():
            if name not in asked.relations:
                continue
            inner = asked.relations[name]
            step = self.names.step(relation)
            selection = self._selection(step.access, inner)
            if relation.many:
                orders = self.planning.orders(step.access, inner.sort)
                manys.append(Many(step, selection, orders, self._page(relation, inner)))
            else:
                self._refuse_page(relation, inner)
                ones.append((step, selection))
        return Selection(at, fields, tuple(ones), tuple(manys))

    def _refuse_page(self, relation: Relation, asked: _Asked) -> None:
        if asked.limit is not None or asked.sort:
            detail = f"{relation.name} leads to one record: limit and sort have no meaning there"
            raise refused(asked.parameter, detail, code="to_one")

    def _page(self, relation: Relation, asked: _Asked) -> str:
        """Keep the limit, and the query of the link to what comes after, as values of one slot."""
        limit = asked.limit or self.planning.limits.expand_limit
        slot = self.planning.slot(limit)
        query = [("sort", _sort_text(asked.sort)), *_spelled(asked), ("limit", str(limit)), ("offset", str(limit))]
        text = "&".join(f"{name}={quote(value, safe=',.()=-')}" for name, value in query if value)
        self.planning.values[slot + "_next"] = f"/{relation.name}?{text}"
        return slot


def _sort_text(sort: tuple[SortKey, ...]) -> str:
    return ",".join(("-" if key.descending else "") + ".".join(key.path) for key in sort)


def _spelled(asked: _Asked) -> list[tuple[str, str]]:
    """The ``fields`` and ``expand`` that ask for the same tree from the relation's own list."""
    fields: list[str] = []
    expand: list[str] = []

    def walk(node: _Asked, before: str) -> None:
        if node.fields is not None:
            fields.extend(before + name for name in node.fields)
        for name, inner in node.relations.items():
            paged = inner.limit is not None or inner.sort
            if node.fields is not None and inner.fields is None:
                fields.append(before + name)
            if node.fields is None or paged:
                arguments = [f"limit={inner.limit}"] if inner.limit is not None else []
                if inner.sort:
                    arguments.append("sort=" + _sort_text(inner.sort))
                expand.append(before + name + (f"({','.join(arguments)})" if arguments else ""))
            walk(inner, before + name + ".")

    walk(asked, "")
    return [("fields", ",".join(fields)), ("expand", ",".join(expand))]
