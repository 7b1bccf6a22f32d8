"""Random questions about the odd models: mostly ones that have an answer, now and then one that has none."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.reading.grammar import CONTROLS
from colonnade.core.resources import Field, Relation, Resource
from colonnade.core.tree import join_key

from .oracle import Oracle
from .rows import TEXTS

_TEXTUAL = ("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "iexact")


@dataclass(frozen=True)
class Ask:
    """A question: who asks, of what, and the parameters; for one record or a relation of it, also its key."""

    who: str
    resource: str
    parameters: tuple[tuple[str, str], ...] = ()
    key: tuple[Any, ...] | None = None
    segment: str = ""
    relation: str = ""

    @property
    def query(self) -> str:
        """The query string."""
        return urlencode(self.parameters, quote_via=quote)

    @property
    def url(self) -> str:
        """Path and query."""
        parts = ["/api/v1", self.resource, *([quote(self.segment, safe=",~")] if self.key else []), self.relation]
        return "/".join(filter(None, parts)) + (f"?{self.query}" if self.parameters else "")

    def also(self, **parameters: str) -> Ask:
        """The same question with more parameters."""
        more = (*self.parameters, *parameters.items())
        return Ask(self.who, self.resource, more, self.key, self.segment, self.relation)


class Asking:
    """Draws questions about what there is."""

    def __init__(self, oracles: dict[str, Oracle], session: Session, seed: int) -> None:
        self.oracles = oracles
        self.session = session
        self.dice = random.Random(seed)
        self.resources = next(iter(oracles.values())).resources
        self.oracle = next(iter(oracles.values()))
        self._rows: dict[str, list[Any]] = {}
        self._way: list[Relation] = []

    def chance(self, of: float) -> bool:
        return self.dice.random() < of

    def ask(self) -> Ask:
        """One question."""
        who = self.dice.choice(list(self.oracles))
        self.oracle = self.oracles[who]
        seen = [each for each in self.resources.values() if self.oracle.may_view(each)]
        resource = self.dice.choice(seen if seen and self.chance(0.97) else list(self.resources.values()))
        manys = [name for name, relation in resource.relations.items() if relation.many]
        kind = self.dice.random()
        if kind < 0.1:
            return Ask(who, resource.name, self.shown(resource), *self.key(resource))
        if kind < 0.25 and manys:
            name = self.dice.choice(manys)
            target = resource.relations[name].target
            return Ask(who, resource.name, self.listed(target), *self.key(resource), name)
        return Ask(who, resource.name, self.listed(resource))

    def rows(self, resource: Resource) -> list[Any]:
        """All rows, whoever may see them, by key."""
        if resource.name not in self._rows:
            keys = [getattr(resource.model, field.name) for field in resource.key]
            self._rows[resource.name] = list(self.session.scalars(sa.select(resource.model).order_by(*keys)))
        return self._rows[resource.name]

    def key(self, resource: Resource) -> tuple[tuple[Any, ...], str]:
        """The key of some row, and its segment of a path."""
        row = self.dice.choice(self.rows(resource))
        key = tuple(getattr(row, field.name) for field in resource.key)
        return key, join_key(field.value.to_text(part) for field, part in zip(resource.key, key, strict=True))

    def listed(self, resource: Resource) -> tuple[tuple[str, str], ...]:
        """Parameters of a list."""
        asked = dict(self.shown(resource))
        for _ in range(self.dice.choice((0, 0, 1, 1, 2, 3))):
            path, field = self.path(resource)
            name = ".".join(path)
            operator, value = self.comparison(field)
            full = name if operator == "exact" and name not in CONTROLS else f"{name}__{operator}"
            asked[full] = ",".join(map(_item, value)) if isinstance(value, list) else str(value)
        if self.chance(0.35):
            asked["where"] = json.dumps(self.document(resource, 1), ensure_ascii=False)
        if self.chance(0.7):
            sort = self.sort(resource)
            if sort:
                asked["sort"] = sort
        if self.chance(0.25):
            asked["count"] = self.dice.choice(("exact", "capped"))
        if self.chance(0.8):
            asked["limit"] = str(self.dice.choice((1, 2, 3, 7, 20)))
        if self.chance(0.15):
            asked[self.dice.choice(("offset", "page"))] = str(self.dice.choice((1, 2, 5)))
        return tuple(asked.items())

    def shown(self, resource: Resource) -> tuple[tuple[str, str], ...]:
        """What is to be shown: ``fields`` and ``expand``."""
        asked = {}
        if self.chance(0.45):
            expands = dict(filter(None, (self.expand(resource) for _ in range(self.dice.choice((1, 1, 2, 3))))))
            if expands:
                asked["expand"] = ",".join(path + options for path, options in expands.items())
        if self.chance(0.3):
            paths = {".".join(self.path(resource, many=True)[0]) for _ in range(self.dice.randrange(1, 4))}
            asked["fields"] = ",".join(sorted(path for path in paths if "," not in path))
        return tuple((name, value) for name, value in asked.items() if value)

    def expand(self, resource: Resource) -> tuple[str, str] | None:
        path = []
        relation = None
        for _ in range(self.dice.choice((1, 1, 2, 3))):
            relation = self.relation(relation.target if relation else resource)
            if relation is None:
                break
            path.append(relation)
        if not path:
            return None
        options = []
        if path[-1].many and self.chance(0.6):
            options.append(f"limit={self.dice.choice((1, 2, 3))}")
            if self.chance(0.6) and (sort := self.sort(path[-1].target)):
                options.append(f"sort={sort}")
        return ".".join(each.name for each in path), f"({','.join(options)})" if options else ""

    def relation(self, resource: Resource, many: bool = True) -> Relation | None:
        """A relation that exists for who asks, now and then one that does not."""
        known = [
            relation
            for name, relation in resource.relations.items()
            if (many or not relation.many) and (self.oracle.has_relation(resource, name) or self.chance(0.01))
        ]
        return self.dice.choice(known) if known else None

    def path(self, resource: Resource, many: bool = True) -> tuple[list[str], Field]:
        """A field, directly or through relations."""
        path: list[Relation] = []
        if many and self.chance(0.3) and self._way and self._way[0].source is resource:
            path = self._way  # as another condition: they speak of the same related row
        while self.chance(0.4) and len(path) < 3:
            relation = self.relation(path[-1].target if path else resource, many)
            if relation is None:
                break
            path = [*path, relation]
        if path:
            self._way, resource = path, path[-1].target
        known = [f for f in resource.fields.values() if self.oracle.has_field(resource, f.name) or self.chance(0.01)]
        field = self.dice.choice(known or list(resource.fields.values()))
        self._of = resource
        return [*(relation.name for relation in path), field.name], field

    def sort(self, resource: Resource) -> str:
        keys = []
        for _ in range(self.dice.choice((1, 1, 2, 3))):
            path, field = self.path(resource, many=False)
            # PostgreSQL sorts a native enum of somebody else's by its declaration, SQLite by its text.
            if (field.value.ordered or self.chance(0.02)) and field.name != "mood" and "," not in field.name:
                keys.append(".".join(path))
        return ",".join(self.dice.choice(("", "-")) + key for key in dict.fromkeys(keys))

    def comparison(self, field: Field) -> tuple[str, Any]:
        """An operator that suits the field, and a text or list of texts."""
        operator = self.dice.choice(sorted(field.value.operators) if self.chance(0.99) else ["lt", "nope"])
        if operator == "isnull":
            return operator, self.dice.choice(("true", "false"))
        if operator == "in":
            return operator, [self.text(field) for _ in range(self.dice.randrange(4))]
        text = self.text(field)
        if operator in _TEXTUAL and text and self.chance(0.6):
            start = self.dice.randrange(len(text))
            text = text[start : start + self.dice.randrange(1, 4)]
        return operator, text

    def text(self, field: Field) -> str:
        """The text of a value that some row has, or of another."""
        values = [getattr(row, field.name) for row in self.rows(self._of)]
        texts = sorted({field.value.to_text(value) for value in values if value is not None})
        if field.value.textual and self.chance(0.3):
            return self.dice.choice([each for each in TEXTS if len(each) <= 20])
        return self.dice.choice(texts) if texts and self.chance(0.98) else "7"

    def document(self, resource: Resource, depth: int) -> dict[str, Any]:
        """A filter for ``where``."""
        members: dict[str, Any] = {}
        for _ in range(self.dice.choice((1, 1, 2, 3))):
            word = self.dice.random()
            if depth < 4 and word < 0.15:
                members["not"] = self.document(resource, depth + 1)
            elif depth < 4 and word < 0.4:
                items = [self.document(resource, depth + 1) for _ in range(self.dice.randrange(4))]
                members[self.dice.choice(("and", "or"))] = items
            elif word < 0.5 and (relation := self.relation(resource)) is not None:
                members[f"{relation.name}__isnull"] = self.chance(0.5)
            else:
                path, field = self.path(resource)
                name = ".".join(path)
                operator, text = self.comparison(field)
                members[f"{name}__{operator}"] = self.json(field, operator, text)
        return members

    def json(self, field: Field, operator: str, text: Any) -> Any:
        if operator == "isnull":
            return text == "true"
        if operator in _TEXTUAL:
            return text
        if operator == "in":
            return [self.json(field, "exact", each) for each in text]
        if operator in ("exact", "ne") and self.chance(0.1):
            return None
        try:
            return json.loads(field.value.to_json(field.value.parse_text(text)))
        except ValueError:
            return text


def _item(text: str) -> str:
    """An item of a list in a query string."""
    return '"' + text.replace('"', '""') + '"' if not text or "," in text or '"' in text else text
