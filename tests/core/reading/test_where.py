"""`where` says in JSON what the query string cannot, and points at what is wrong with it."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.core.problems import BadRequest, Fault
from colonnade.core.reading.grammar import (
    OPERATORS,
    And,
    Compare,
    Condition,
    Not,
    Or,
    Together,
    parse,
    unknown_operator,
)
from colonnade.core.reading.limits import ReadingSettings


def read(document: object, also: str = "", **limits: Any) -> Condition | None:
    text = document if isinstance(document, str) else json.dumps(document)
    return parse(f"{also}where={quote(text)}", ReadingSettings(**limits)).where


def fault_of(document: object, also: str = "", **limits: Any) -> Fault:
    with pytest.raises(BadRequest) as raised:
        read(document, also, **limits)
    (fault,) = raised.value.faults
    return fault


def one(document: object) -> Compare:
    where = read(document)
    assert isinstance(where, Together)
    (item,) = where.items
    assert isinstance(item, Compare)
    return item


def equal(path: str, value: object, pointer: str) -> Compare:
    return Compare((path,), "exact", value, False, f"where/{pointer}", path, value)


def test_or_and_and_not_nest() -> None:
    document = {"or": [{"a": 1}, {"not": {"b": 2}}, {"and": [{"c": 3}, {"d": 4, "e": 5}]}]}
    assert read(document) == Together(
        (
            Or(
                (
                    Together((equal("a", 1, "or/0/a"),)),
                    Together((Not(Together((equal("b", 2, "or/1/not/b"),))),)),
                    Together(
                        (
                            And(
                                (
                                    Together((equal("c", 3, "or/2/and/0/c"),)),
                                    Together((equal("d", 4, "or/2/and/1/d"), equal("e", 5, "or/2/and/1/e"))),
                                )
                            ),
                        )
                    ),
                )
            ),
        )
    )


def test_the_document_is_an_object_of_its_own_beside_the_query_string() -> None:
    where = read({"salaries.amount__gt": 1}, "salaries.from_date=2020-01-01&")
    assert isinstance(where, Together)
    beside, document = where.items
    assert isinstance(beside, Compare)
    assert isinstance(document, Together)


def test_words_and_fields_may_share_an_object() -> None:
    where = read({"or": [], "a": 1})
    assert where == Together((Or(()), equal("a", 1, "a")))


def test_an_empty_object_or_list_is_allowed() -> None:
    assert read({}) == Together(())
    assert read({"and": []}) == Together((And(()),))
    assert read({"not": {}}) == Together((Not(Together(())),))


@pytest.mark.parametrize("word", ["sort", "limit", "where", "or__exact", "not__exact"])
def test_columns_named_like_a_word_are_reached(word: str) -> None:
    assert one({word: 1}).path == (word.removesuffix("__exact"),)


@pytest.mark.parametrize(
    "text, value",
    [
        ("1", 1),
        ("-0.10", Decimal("-0.10")),
        ("1e2", Decimal("1e2")),
        ("true", True),
        ('"a\\u00e9\\ud83d\\ude00"', "aé😀"),
    ],
)
def test_values_are_those_of_json_with_every_digit(text: str, value: object) -> None:
    found = one(f'{{"a": {text}}}').value
    assert found == value
    assert type(found) is type(value)


def test_null_asks_whether_there_is_a_value() -> None:
    for document, operator, value in [({"a": None}, "isnull", True), ({"a__ne": None}, "isnull", False)]:
        found = one(document)
        assert (found.path, found.operator, found.value) == (("a",), operator, value)
    assert one({"a__isnull": False}).value is False


def test_a_list_goes_with_in() -> None:
    found = one('{"a.id__in": [1, "b", 1.5]}')
    assert (found.path, found.operator, found.value) == (("a", "id"), "in", (1, "b", Decimal("1.5")))
    assert one({"id__in": []}).value == ()


@pytest.mark.parametrize(
    "document, pointer",
    [
        ({"a": [1]}, "where/a"),
        ({"a__gt": None}, "where/a__gt"),
        ({"a__in": 1}, "where/a__in"),
        ({"a__in": [1, None]}, "where/a__in"),
        ({"a__in": [1, [2]]}, "where/a__in/1"),
        ({"a__in": [{"b": 1}]}, "where/a__in/0"),
        ({"a__isnull": "true"}, "where/a__isnull"),
        ({"a": {"b": 1}}, "where/a"),
        ({"or": {"a": 1}}, "where/or"),
        ({"and": 1}, "where/and"),
        ({"or": [1]}, "where/or/0"),
        ({"not": []}, "where/not"),
        ({"or": [{}, {"not": {"a": {}}}]}, "where/or/1/not/a"),
        ({"": 1}, "where/"),
        ({"a..b": 1}, "where/a..b"),
        ({"x/y~z": {}}, "where/x~1y~0z"),
        ('{"or": [{"a": 1, "\\u0061": 2}]}', "where/or/0/a"),
        ('{"a": "\\u0000"}', "where/a"),
        ('{"a": "\\ud800"}', "where/a"),
        ('{"a__in": ["\\udc00"]}', "where/a__in/0"),
        ('{"\\ud800": 1}', "where"),
        ('{"\\u0000": 1}', "where"),
    ],
)
def test_what_is_wrong_is_pointed_at(document: object, pointer: str) -> None:
    assert fault_of(document).parameter == pointer


@pytest.mark.parametrize("text", ["[]", "1", '"a"', "null", "true"])
def test_a_document_that_is_no_object_is_refused(text: str) -> None:
    assert "object" in fault_of(text).detail


@pytest.mark.parametrize(
    "text",
    ["{", "{'a': 1}", '{"a": 01}', '{"a": 1,}', '{"a": 1} x', '{"a": "\t"}', '{"a": NaN}', '{"a": -Infinity}', "{} {}"],
)
def test_what_is_not_json_is_refused(text: str) -> None:
    fault = fault_of(text)
    assert (fault.parameter, fault.code) == ("where", "json")


@pytest.mark.parametrize(
    "number", ["9" * 5000, "1e999999999", "1e-999999999", "1e9999999999999999999999", "0." + "1" * 999]
)
def test_a_number_that_would_fill_the_memory_is_refused(number: str) -> None:
    assert "digits" in fault_of(f'{{"a": {number}}}').detail


def test_nesting_has_a_most() -> None:
    assert read({"not": {"or": [{"a": 1}]}}, max_depth=3)
    fault = fault_of({"not": {"or": [{"not": {}}]}}, max_depth=3)
    assert (fault.parameter, fault.code) == ("where/not/or/0/not", "too_deep")
    for text in ('{"not":' * 3000, "[" * 20_000, '{"not":' * 3000 + "1" + "}" * 3000):
        parameter = fault_of(text).parameter  # how much of it Python's own parser reads is another on 3.12 and later
        assert parameter is not None
        assert parameter.partition("/")[0] == "where"


def test_conditions_have_a_most_counted_with_those_of_the_query_string() -> None:
    assert read({"or": [{"a": 1}]}, "b=1&", max_conditions=3)
    fault = fault_of({"or": [{"a": 1}, {"a": 2}]}, "b=1&", max_conditions=3)
    assert (fault.parameter, fault.code) == ("where/or/1/a", "too_many")


def test_lists_have_a_most() -> None:
    assert read({"a__in": [1, 2]}, max_list=2)
    assert fault_of({"a__in": [1, 2, 3]}, max_list=2).parameter == "where/a__in"


def test_an_unknown_operator_keeps_its_value_for_a_field_of_that_name() -> None:
    for value, operator, expected in [([1, 2], "exact", (1, 2)), (None, "isnull", True)]:
        found = one({"tags__all": value})
        assert found.operator not in OPERATORS
        assert found.literal is not None
        assert (found.literal.path, found.literal.operator, found.literal.value) == (("tags__all",), operator, expected)
        assert unknown_operator(found).faults[0].parameter == "where/tags__all"


NAMES = st.sampled_from(
    ["or", "and", "not", "a", "a.b", "a__gt", "a__in", "a__isnull", "a__x", "", "a__", "\ud800", "\0"]
)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\udfff"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(), inner, max_size=3),
)


@given(DOCUMENTS)
def test_any_document_is_a_filter_or_a_bad_request(document: object) -> None:
    try:
        found = read(json.dumps(document))
    except BadRequest as refusal:
        places = [str(fault.parameter) for fault in refusal.faults]
    else:
        places = ["where"]
        hash(found)
    assert places
    assert all(place.partition("/")[0] == "where" for place in places)
