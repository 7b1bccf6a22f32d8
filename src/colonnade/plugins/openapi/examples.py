"""Examples that could be real: for each field a value that its name and type suggest and that its own checks take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pydantic import TypeAdapter

from colonnade.core.resources import Field, Resource

Json = Any

#: Descriptions give examples, too: "Its code in the accounts, such as d007."
_SUCH_AS: Final = re.compile(r"\bsuch as ([^.,;()]+)")
#: What a word in a field's name suggests; the first that fits wins.
_BY_WORD: Final[dict[str, tuple[Json, ...]]] = {
    "email": ("anna.berger@example.org",),
    "first": ("Anna",),
    "given": ("Anna",),
    "last": ("Berger",),
    "family": ("Berger",),
    "birth": ("1990-04-17",),
    "born": ("1990-04-17",),
    "hired": ("2021-03-01",),
    "from": ("2021-03-01", "2021-03-01T09:00:00Z"),
    "start": ("2026-11-02", "2026-11-02T09:00:00Z"),
    "starts": ("2026-11-02", "2026-11-02T09:00:00Z"),
    "end": ("2026-11-13", "2026-11-13T17:00:00Z"),
    "ends": ("2026-11-13", "2026-11-13T17:00:00Z"),
    "to": ("2026-12-31", "2026-12-31T17:00:00Z"),
    "salary": ("62500.00", 62500),
    "amount": ("62500.00", 62500),
    "price": ("19.90", 20),
    "budget": ("250000.00", 250000),
    "age": (34,),
    "year": (2026,),
    "phone": ("+43 1 5550100",),
    "url": ("https://www.example.org/",),
    "website": ("https://www.example.org/",),
    "city": ("Vienna",),
    "country": ("Austria", "AT"),
    "currency": ("EUR",),
    "language": ("en",),
    "number": (10007, "10007"),
}
#: And what the type of the column suggests, by the name of its value.
_BY_TYPE: Final[dict[str, tuple[Json, ...]]] = {
    "integer": (1, 10, 100),
    "decimal": ("12.50", "1"),
    "float": (12.5, 1.0),
    "boolean": (True,),
    "date": ("2026-11-22",),
    "time": ("09:30:00",),
    "uuid": ("0199c2f4-6d3b-7c51-9a0e-3f5b8e1d2a64",),
    "interval": ("P1DT2H",),
    "json": ({"note": "any JSON"},),
    "bytes": ("Q29sb25uYWRl",),
}
_ANYTHING: Final[tuple[Json, ...]] = (
    "2026-11-22T09:00:00Z",
    "2026-11-22T09:00:00",
    "2026-11-22",
    "09:30:00",
    "P1D",
    "Q29sb25uYWRl",
    "0199c2f4-6d3b-7c51-9a0e-3f5b8e1d2a64",
    "192.0.2.7",
    "12.50",
    1,
    1.5,
    True,
    [],
    {},
)


def field_example(field: Field) -> tuple[Json, ...]:
    """One example of a field, as answers show it and requests may send it; () where none is known.

    What is offered to the reader has passed the type and the constraints of the column.
    """
    check: TypeAdapter[Any] = TypeAdapter(field.value.annotation(field.constraints))
    for candidate in _candidates(field):
        try:
            return (json.loads(field.value.to_json(check.validate_python(candidate))),)
        except Exception:  # noqa: BLE001, S112 an author's validator may raise anything: then it is no example
            continue
    return ()


def record_example(resource: Resource) -> dict[str, Json]:
    """A whole record, without its relations; fields of which no example is known are left out, as a policy might."""
    return {name: example for name, field in resource.fields.items() for example in field_example(field)}


def creation_example(resource: Resource) -> dict[str, Json] | None:
    """A body that creates a record: what is required and what one would usually give; None if it cannot be told."""
    example: dict[str, Json] = {}
    for name, field in resource.fields.items():
        if field.generated:
            continue
        known = field_example(field)
        if field.required and not known:
            return None
        example.update((name, each) for each in known)
    return example


def _candidates(field: Field) -> Iterator[Json]:
    schema = field.value.request_schema()
    for constraint in field.constraints:
        yield from getattr(constraint, "examples", None) or ()
    yield from schema.get("enum", ())
    if said := _SUCH_AS.search(field.description):
        yield said[1]
    if field.default is not None and not isinstance(field.default, str):
        yield field.default
    words = field.name.lower().split("_")
    for word in words:
        yield from _BY_WORD.get(word, ())
    yield from schema.get("examples", ())
    yield from _BY_TYPE.get(field.value.name, ())
    if field.value.textual:
        yield from _texts(field, words)
    yield from _bounds(field)
    yield from _ANYTHING


def _texts(field: Field, words: Iterable[str]) -> Iterator[str]:
    """The field's own name in words, then ever shorter."""
    text = " ".join(words).capitalize()
    yield text if len(text.split()) > 1 else f"Example {text.lower()}"
    yield text
    yield from (text[:3], text[:1], "A1", "AB", "ABC", "x" * 8, "x" * 16, "x" * 40)


def _bounds(field: Field) -> Iterator[Json]:
    """What the constraints themselves name: their ends, and the lengths that they ask for."""
    for constraint in field.constraints:
        parts = getattr(constraint, "metadata", None) or [constraint]
        for part in parts:
            for name in ("ge", "le"):
                if (bound := getattr(part, name, None)) is not None:
                    yield bound
            if (bound := getattr(part, "gt", None)) is not None:
                yield bound + 1 if isinstance(bound, int) else bound
            if (bound := getattr(part, "lt", None)) is not None:
                yield bound - 1 if isinstance(bound, int) else bound
            if length := getattr(part, "min_length", None):
                yield "x" * length
