"""A record as the log keeps it: JSON by field name, each value as answers show it, secret fields left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Column, Row

from colonnade.core.resources import Field, Resource
from colonnade.core.tree import join_key
from colonnade.core.values import Form, read_json

Image = dict[str, Any]

#: In an image: the fields that were erased, each with the digest of what it had; null if that was never sealed.
ERASED: Final = "$erased"


class Images:
    """Makes the images of one resource's records."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.fields: Mapping[str, Field] = {
            name: field
            for name, field in resource.fields.items()
            if isinstance(field.column, Column) and not field.secret
        }
        #: What stands in every image, in the order in which rows are read for them.
        self.names = tuple(self.fields)
        #: Those that are null in a new record to which nothing is given.
        self.null_if_left_out = frozenset(
            name
            for name, field in self.fields.items()
            if isinstance(field.column, Column) and field.column.default is None and field.column.server_default is None
        )
        #: Those of which a database may make something else than it is given.
        self.made_of = tuple(name for name, field in self.fields.items() if field.value.form is not Form.OWN)
        #: By dialect, the statement that writes the images of new records; None where Python has to. Made at first use.
        self.selected: dict[str, Any] = {}

    def of(self, values: Mapping[str, Any]) -> Image:
        """The image of a record whose fields have these values."""
        return {name: self._json(self.fields[name], values[name]) for name in self.names}

    def of_row(self, row: Row[Any] | Iterable[Any]) -> Image:
        """The image of a row of `names`."""
        return {name: self._json(self.fields[name], value) for name, value in zip(self.names, row, strict=True)}

    def key(self, values: Mapping[str, Any]) -> str:
        """The key of a record, as in its URL."""
        return join_key(field.value.to_text(values[field.name]) for field in self.resource.key)

    def key_of(self, image: Image) -> str:
        """The key of a record, by its image."""
        return self.key({field.name: field.value.parse(image[field.name]) for field in self.resource.key})

    def moved(self, before: Image, after: Image) -> bool:
        """Tell whether a record has another key after a change."""
        return any(before[field.name] != after[field.name] for field in self.resource.key)

    def values(self, image: Mapping[str, Any]) -> dict[str, Any]:
        """The Python values of an image; of fields that there are no more, nothing."""
        return {
            name: None if raw is None else self.fields[name].value.parse(raw)
            for name, raw in image.items()
            if name in self.fields
        }

    def part(self, image: Image | None) -> Image | None:
        """What an image of an inheriting class has of this one's fields and relations."""
        if image is None:
            return None
        return {name: image[name] for name in image if name in self.fields or name in self.resource.relations}

    @staticmethod
    def _json(field: Field, value: Any) -> Any:
        if value is None:
            return None
        try:
            checked = field.value.check(value)
        except ValueError:
            # It is stored all the same, by others or by the database: as answers show it. What comes in is checked
            # when it is bound.
            checked = value
        if type(checked) is int or (type(checked) is str and field.value.textual):
            return checked  # most are; JSON has them as they are
        text = field.value.to_json(checked)
        return text[1:-1] if text[0] == '"' and "\\" not in text else read_json(text)  # a text is read by taking it out
