"""What the document says of a type, and what pydantic models made of it hold."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import annotated_types as at
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import AfterValidator, Field, StringConstraints, ValidationError, create_model

from colonnade.core.values import sentence, storage_for, value_for
from tests.harness.counts import counts

from .samples import SAMPLES, Colour

#: Requests that are right, beside the answers' own form.
ALSO = {
    "money": [12, 12.5, "12", "12.5", "-0.05"],
    "integer": [5.0],
    "time": ["09:30", "09:30:00", "23:59:59.1"],
    "local": ["2026-11-22T09:00", "2026-11-22 09:00:00"],
    "interval": ["P2W", "+PT1H", "PT0.5S", "PT90M"],
}
WRONG = {
    "money": ["12,5", "1.005", None, [], "1e3x"],
    "integer": [5.5, "5", 2**31],
    "time": ["9:30", "25:00", ""],
    "local": ["2026-11-22T09:00:00Z", "2026-11-22"],
    "interval": ["P", "PT", "P1Y", "1 day", "P1DT"],
    "string": ["x" * 41, 5],
    "enum": ["RED", "blue"],
    "number_enum": [0, "LOW"],
    "boolean": [0, "true"],
    "bytes": [5],
    "date": [5, "tomorrow"],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_answers_and_requests_are_as_described(name: str) -> None:
    value = value_for(storage_for(SAMPLES[name].declared))
    answer, request = validator(value.schema()), validator(value.request_schema())

    @settings(max_examples=counts(25, 1000))
    @given(SAMPLES[name].values)
    def is_described(said: Any) -> None:
        written = json.loads(value.to_json(value.check(said)))
        answer.validate(written)
        request.validate(written)

    is_described()
    for also in ALSO.get(name, []):
        request.validate(also)
        value.parse(also)
    for wrong in WRONG.get(name, []):
        assert not request.is_valid(wrong)
        with pytest.raises(ValueError):
            value.parse(wrong)
    for example in value.schema().get("examples", []):
        answer.validate(example)
        value.parse(example)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_pydantic_field_reads_as_the_type_does(name: str) -> None:
    value = value_for(storage_for(SAMPLES[name].declared))
    model = create_model("Body", field=(value.annotation(), ...), other=(value.annotation() | None, None))
    for mode, described in (("validation", value.request_schema()), ("serialization", value.schema())):
        schema = model.model_json_schema(mode=mode)["properties"]["field"]  # type: ignore[arg-type]
        schema.pop("title", None)  # pydantic's
        assert schema == described

    @settings(max_examples=counts(10, 200))
    @given(SAMPLES[name].values)
    def reads(said: Any) -> None:
        body = model.model_validate({"field": json.loads(value.to_json(value.check(said))), "other": None})
        assert body.field == said  # type: ignore[attr-defined]
        assert body.other is None  # type: ignore[attr-defined]

    reads()


@pytest.mark.parametrize(
    "declared, constraints, right, wrong, says, described",
    [
        (sa.Integer(), [Field(ge=16)], 16, 15, "must be at least 16", {"minimum": 16}),
        (sa.Integer(), [at.Interval(gt=0, lt=9)], 8, 9, "must be less than 9", {"exclusiveMaximum": 9}),
        (sa.Integer(), [at.MultipleOf(5)], 10, 11, "must be a multiple of 5", {"multipleOf": 5}),
        (sa.Integer(), [Field(ge=-(10**30))], 5, "5", "is not an integer", {"minimum": -(2**31)}),
        (sa.Float(), [at.Le(1)], 1, 1.5, "must be at most 1", {"maximum": 1}),
        (sa.Numeric(12, 2), [Field(ge=0)], "0.00", "-0.01", "must be at least 0", None),
        (sa.Date(), [at.Ge(date(2020, 1, 1))], "2020-01-01", "2019-12-31", "must be at least 2020-01-01", None),
        (sa.String(9), [Field(min_length=2)], "ab", "a", "must have at least 2 characters", {"minLength": 2}),
        (sa.String(9), [at.MaxLen(5)], "abcde", "abcdef", "must have at most 5 characters", {"maxLength": 5}),
        (sa.String(9), [at.MaxLen(50)], "ab", "x" * 10, "write at most 9", {"maxLength": 9}),
        (sa.String(9), [Field(pattern="^a")], "ab", "ba", "must match pattern '^a'", {"pattern": "^a"}),
        (sa.String(9), [StringConstraints(pattern="^a")], "ab", "ba", "must match", {"pattern": "^a"}),
        (sa.JSON(), [at.MaxLen(1)], [1], [1, 2], "at most 1 item", None),
    ],
)
def test_constraints_of_the_column_hold_beside_the_type(
    declared: Any, constraints: list[Any], right: Any, wrong: Any, says: str, described: dict[str, Any] | None
) -> None:
    value = value_for(storage_for(declared))
    model = create_model("Body", field=(value.annotation(constraints), ...))
    model.model_validate({"field": right})
    with pytest.raises(ValidationError) as refusal:
        model.model_validate({"field": wrong})
    (error,) = refusal.value.errors()
    assert says in sentence(error)
    assert "Input" not in sentence(error)
    schema = model.model_json_schema()["properties"]["field"]
    for keyword, bound in (described or {}).items():
        assert schema[keyword] == bound


def test_bounds_of_what_json_writes_as_text_are_told_in_words() -> None:
    of_dates = value_for(storage_for(sa.Date())).annotation([at.Ge(date(2020, 1, 1)), at.Lt(date(2030, 1, 1))])
    model = create_model("Body", field=(of_dates, ...))
    assert (
        model.model_json_schema()["properties"]["field"]["description"] == "At least 2020-01-01, less than 2030-01-01"
    )
    of_money = value_for(storage_for(sa.Numeric(12, 2))).annotation([at.Ge(Decimal(0))])
    text, number = create_model("Body", field=(of_money, ...)).model_json_schema()["properties"]["field"]["anyOf"]
    assert text["description"] == "At least 0"
    assert number == {"type": "number", "minimum": 0}


def test_a_validator_of_the_column_speaks_for_itself() -> None:
    def even(number: int) -> int:
        if number % 2:
            raise ValueError("is odd; write an even number")
        return number

    annotation = value_for(storage_for(sa.Integer())).annotation([AfterValidator(even)])
    with pytest.raises(ValidationError) as refusal:
        create_model("Body", field=(annotation, ...)).model_validate({"field": 3})
    assert sentence(refusal.value.errors()[0]) == "is odd; write an even number"


def test_what_is_missing_or_unknown_is_told_in_words() -> None:
    model = create_model("Body", __config__={"extra": "forbid"}, field=(value_for(sa.Text()).annotation(), ...))
    with pytest.raises(ValidationError) as refusal:
        model.model_validate({"felid": "x"})
    assert {error["loc"][0]: sentence(error) for error in refusal.value.errors()} == {
        "field": "is required",
        "felid": "is not known",
    }


def test_choices_are_listed_in_order() -> None:
    value = value_for(storage_for(sa.Enum(Colour)))
    assert value.schema() == {"type": "string", "enum": [colour.value for colour in Colour]}


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    Draft202012Validator.check_schema(schema)
    if pattern := schema.get("pattern"):
        re.compile(pattern)
    return Draft202012Validator(schema, format_checker=FormatChecker())
