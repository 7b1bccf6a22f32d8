"""JSON Merge Patch, RFC 7396."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.core.body import MAX_DEPTH, parse_json
from colonnade.core.writing.patching import merge
from colonnade.core.writing.patching.values import equal
from tests.core.writing.patching.documents import DOCUMENTS, NAMES, SCALARS, merge_difference, within, without_nulls

OBJECTS = st.dictionaries(NAMES, DOCUMENTS, max_size=4)
WITHOUT_NULL = st.recursive(SCALARS.filter(lambda value: value is not None), within, max_leaves=12)
OBJECTS_WITHOUT_NULL = st.dictionaries(NAMES, WITHOUT_NULL, max_size=4)


@pytest.mark.parametrize(
    "target, patch, result",
    [
        # RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        # Section 1's example.
        (
            {
                "title": "Goodbye!",
                "author": {"givenName": "John", "familyName": "Doe"},
                "tags": ["example", "sample"],
                "content": "This will be unchanged",
            },
            {"title": "Hello!", "phoneNumber": "+01-123-456-7890", "author": {"familyName": None}, "tags": ["example"]},
            {
                "title": "Hello!",
                "author": {"givenName": "John"},
                "tags": ["example"],
                "content": "This will be unchanged",
                "phoneNumber": "+01-123-456-7890",
            },
        ),
    ],
)
def test_an_example_of_the_standard(target: object, patch: object, result: object) -> None:
    assert merge(target, patch) == result


def test_a_null_within_an_array_is_a_value() -> None:
    assert merge({"a": [1]}, {"a": [None, {"b": None}]}) == {"a": [None, {"b": None}]}


def test_a_patch_may_be_as_deep_as_a_body() -> None:
    deep = parse_json(b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH)

    assert merge({}, deep) == deep


@given(DOCUMENTS, DOCUMENTS)
def test_nothing_that_is_given_is_changed(target: Any, patch: Any) -> None:
    before = deepcopy((target, patch))

    merge(target, patch)

    assert repr((target, patch)) == repr(before)


@given(DOCUMENTS, DOCUMENTS)
def test_merging_twice_changes_no_more_than_once(target: Any, patch: Any) -> None:
    once = merge(target, patch)

    assert merge(once, patch) == once


@given(DOCUMENTS)
def test_an_empty_object_changes_no_object(target: Any) -> None:
    assert merge(target, {}) == (target if isinstance(target, dict) else {})


@given(DOCUMENTS, DOCUMENTS)
def test_what_a_patch_says_outright_is_so_afterwards(target: Any, patch: Any) -> None:
    assert merge(merge(target, patch), without_nulls(patch)) == merge(target, patch)


@given(OBJECTS_WITHOUT_NULL, OBJECTS_WITHOUT_NULL)
def test_what_differs_makes_one_object_of_another(before: dict[str, Any], after: dict[str, Any]) -> None:
    patch = merge_difference(without_nulls(before), without_nulls(after))  # type: ignore[arg-type]

    assert equal(merge(without_nulls(before), patch), without_nulls(after)), json.dumps(patch, default=str)
