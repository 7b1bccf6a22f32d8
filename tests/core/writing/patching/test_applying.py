"""A JSON Patch applied, RFC 6902.

What the public suite (json-patch/json-patch-tests) looks at is looked at here too, on documents of our own; left out is
only what a reader that refuses a name twice in one object never sees (its "duplicate ops" and A.13).
"""

from contextlib import suppress
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from colonnade.core.body import MAX_DEPTH
from colonnade.core.problems import Conflict, Unprocessable
from colonnade.core.writing.patching import apply, read_operations
from colonnade.core.writing.patching.values import equal
from tests.core.writing.patching.documents import DOCUMENTS, difference


def patched(document: object, *operations: dict[str, Any], **limits: int) -> object:
    return apply(read_operations(list(operations)), document, **limits)


def refusal(document: object, *operations: dict[str, Any]) -> tuple[str, str | None]:
    with pytest.raises(Conflict) as raised:
        patched(document, *operations)
    (fault,) = raised.value.faults
    return raised.value.slug, fault.pointer


def add(path: str, value: object = "new") -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    return {"op": "remove", "path": path}


def replace(path: str, value: object = "new") -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def move(source: str, path: str) -> dict[str, Any]:
    return {"op": "move", "from": source, "path": path}


def copy(source: str, path: str) -> dict[str, Any]:
    return {"op": "copy", "from": source, "path": path}


def test_(path: str, value: object) -> dict[str, Any]:
    return {"op": "test", "path": path, "value": value}


test_.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "document, operations, result",
    [
        # RFC 6902, appendix A.
        ({"foo": "bar"}, [add("/baz", "qux")], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["bar", "baz"]}, [add("/foo/1", "qux")], {"foo": ["bar", "qux", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [remove("/baz")], {"foo": "bar"}),
        ({"foo": ["bar", "qux", "baz"]}, [remove("/foo/1")], {"foo": ["bar", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [replace("/baz", "boo")], {"baz": "boo", "foo": "bar"}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [move("/foo/waldo", "/qux/thud")],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            [move("/foo/1", "/foo/3")],
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        (
            {"baz": "qux", "foo": ["a", 2, "c"]},
            [test_("/baz", "qux"), test_("/foo/1", 2)],
            {"baz": "qux", "foo": ["a", 2, "c"]},
        ),
        ({"foo": "bar"}, [add("/child", {"grandchild": {}})], {"foo": "bar", "child": {"grandchild": {}}}),
        ({"foo": "bar"}, [{**add("/baz", "qux"), "xyz": 123}], {"foo": "bar", "baz": "qux"}),
        ({"/": 9, "~1": 10}, [test_("/~01", 10)], {"/": 9, "~1": 10}),
        ({"foo": ["bar"]}, [add("/foo/-", ["abc", "def"])], {"foo": ["bar", ["abc", "def"]]}),
        # Nothing.
        ({"a": [1]}, [], {"a": [1]}),
        # The whole document.
        ({"a": 1}, [replace("", [1])], [1]),
        ([1], [add("", {"a": 1})], {"a": 1}),
        ("a", [replace("", "b")], "b"),
        ({"a": 1}, [test_("", {"a": 1})], {"a": 1}),
        ({"a": {"b": 1}}, [move("/a", "")], {"b": 1}),
        ({"a": {"b": 1}}, [copy("/a", "")], {"b": 1}),
        ({"a": 1}, [copy("", "/b")], {"a": 1, "b": {"a": 1}}),
        ({"a": 1}, [move("", "")], {"a": 1}),
        ({"a": 1}, [replace("", {}), add("/b", 2)], {"b": 2}),
        # Members: any name, of any value.
        ({"a": None}, [add("/a", 1)], {"a": 1}),
        ({"a": None}, [replace("/a", 1)], {"a": 1}),
        ({"a": 1}, [replace("/a", None)], {"a": None}),
        ({"a": None}, [remove("/a")], {}),
        ({"a": None}, [move("/a", "/b")], {"b": None}),
        ({"a": None}, [copy("/a", "/b")], {"a": None, "b": None}),
        ({"a": None}, [test_("/a", None)], {"a": None}),
        ({}, [add("/", 1)], {"": 1}),
        ({"a": {}}, [add("/a/", 1)], {"a": {"": 1}}),
        ({}, [add("/0", 1), add("/-", 2), add("/01", 3)], {"0": 1, "-": 2, "01": 3}),
        ({"1e0": "x"}, [test_("/1e0", "x")], {"1e0": "x"}),
        ({"a": 1}, [add("/A", 2)], {"a": 1, "A": 2}),
        ({"a": 1}, [move("/a", "/a")], {"a": 1}),
        ({"ab": 1}, [move("/ab", "/a")], {"a": 1}),
        ({"a": {"b": 1}}, [move("/a/b", "/a")], {"a": 1}),
        # Elements.
        ([], [add("/0", 1)], [1]),
        ([], [add("/-", 1)], [1]),
        ([1, 2], [add("/2", 3)], [1, 2, 3]),
        ([1, 2], [add("/0", 0)], [0, 1, 2]),
        ([1, [2, [3]]], [add("/1/1/-", {"a": []})], [1, [2, [3, {"a": []}]]]),
        ([1, 2], [add("/1", [3, 4])], [1, [3, 4], 2]),
        ([1, 2], [replace("/1", [3, 4])], [1, [3, 4]]),
        ([1, 2, 3, 4], [remove("/1"), remove("/2")], [1, 3]),
        ({"a": [{"b": 1}]}, [add("/a/0/c", 2), remove("/a/0/b")], {"a": [{"c": 2}]}),
        ({"a": [{"b": 1}]}, [move("/a/0/b", "/a/1")], {"a": [{}, 1]}),
        ([1, 2], [move("/0", "/-")], [2, 1]),
        ([1, 2], [copy("/0", "/-")], [1, 2, 1]),
        # A test passes over order and spelling, and later operations see what earlier ones did.
        ({"a": {"b": 1, "c": [2]}}, [test_("/a", {"c": [2], "b": 1})], {"a": {"b": 1, "c": [2]}}),
        ({}, [add("/a", 1), test_("/a", 1), replace("/a", 2), test_("/a", 2)], {"a": 2}),
        # A copy is one of its own.
        (
            {"a": {"b": [1]}},
            [copy("/a", "/c"), add("/a/b/-", 2), add("/c/b/-", 3)],
            {"a": {"b": [1, 2]}, "c": {"b": [1, 3]}},
        ),
    ],
)
def test_a_document_is_patched(document: Any, operations: list[dict[str, Any]], result: object) -> None:
    before = deepcopy((document, operations))

    assert patched(document, *operations) == result
    assert (document, operations) == before


@pytest.mark.parametrize(
    "document, operation, pointer",
    [
        # RFC 6902, A.12, and 4.1: objects above are not made.
        ({"foo": "bar"}, add("/baz/bat", "qux"), "/0/path"),
        ({"q": {"bar": 2}}, add("/a/b", 1), "/0/path"),
        ({"a": 1}, remove("/b"), "/0/path"),
        ({"a": 1}, remove("/b/c"), "/0/path"),
        ({"a": 1}, replace("/b"), "/0/path"),
        ({"a": 1}, replace("/a/b"), "/0/path"),
        ({"a": 1}, copy("/b", "/a"), "/0/from"),
        ({"a": 1}, move("/b", "/a"), "/0/from"),
        ({"a": 1}, move("/b", "/b"), "/0/from"),
        ({"a": 1}, move("/a", "/b/c"), "/0/path"),
        ({"a": 1}, add("/a/b"), "/0/path"),
        ({"a": "text"}, add("/a/0"), "/0/path"),
        ({"a": None}, add("/a/b"), "/0/path"),
        ([1, 2], add("/3"), "/0/path"),
        ([1, 2], add("/-1"), "/0/path"),
        ([1, 2], add("/02"), "/0/path"),
        ([1, 2], add("/1e0"), "/0/path"),
        ([1, 2], add("/a"), "/0/path"),
        ([1, 2], add("/"), "/0/path"),
        ([1, 2], add("/1/-"), "/0/path"),
        ([1, 2], remove("/2"), "/0/path"),
        ([1, 2], remove("/-"), "/0/path"),
        ([1, 2], remove("/1e0"), "/0/path"),
        ([1, 2], remove("/-1"), "/0/path"),
        ([{"a": 1}], remove("/1e0/a"), "/0/path"),
        ([1, 2], replace("/-"), "/0/path"),
        ([1, 2], replace("/00"), "/0/path"),
        ([1, 2], move("/-", "/0"), "/0/from"),
        ([1, 2], copy("/1e0", "/-"), "/0/from"),
        ([1, 2], move("/0", "/2"), "/0/path"),  # of the one that is left there is no second
    ],
)
def test_an_operation_on_what_is_not_there_is_a_conflict(document: Any, operation: Any, pointer: str) -> None:
    assert refusal(document, operation) == ("patch-failed", pointer)


def test_the_place_names_the_operation_that_failed() -> None:
    assert refusal({"a": 1}, add("/b"), remove("/a"), remove("/a")) == ("patch-failed", "/2/path")


@pytest.mark.parametrize(
    "value, tested",
    [
        # RFC 6902, A.9 and A.15.
        ("qux", "bar"),
        (10, "10"),
        (1, True),
        (0, False),
        (True, 1),
        (False, Decimal(0)),
        (False, None),
        (0, None),
        ("", None),
        ([], {}),
        ([1], [True]),
        ({"b": [1]}, {"b": [True]}),
        ({"b": {"c": 0}}, {"b": {"c": False}}),
        ([1, 2], [1]),
        ([1, 2], [2, 1]),
        ({"b": 1}, {"b": 1, "c": None}),
        ({"b": 1}, [1]),
        ("é", "e\u0301"),
    ],
)
def test_a_test_of_another_value_fails(value: object, tested: object) -> None:
    assert refusal({"a": value}, test_("/a", tested)) == ("test-failed", "/0/value")


@pytest.mark.parametrize(
    "value, tested",
    [
        (1, Decimal("1.0")),
        (Decimal("1.00"), 1),
        (Decimal("1E+2"), 100),
        (Decimal("-0.0"), 0),
        (10**30, Decimal("1e30")),
        (0.5, Decimal("0.5")),
        ([{"b": 1}], [{"b": Decimal("1.0")}]),
    ],
)
def test_numbers_are_equal_by_their_value(value: object, tested: object) -> None:
    assert patched({"a": value}, test_("/a", tested)) == {"a": value}


@pytest.mark.parametrize("document, path", [({}, "/a"), ([1], "/1"), ([1], "/00"), ([1], "/1e0"), ({"a": 1}, "/a/b")])
def test_a_test_of_what_is_not_there_fails(document: object, path: str) -> None:
    assert refusal(document, test_(path, None)) == ("test-failed", "/0/path")


def test_a_refusal_shows_nothing_of_the_document() -> None:
    with pytest.raises(Conflict) as raised:
        patched({"a": "secret"}, test_("/a", "guess"))

    assert "secret" not in f"{raised.value.detail} {raised.value.faults}"


def test_what_doubles_again_and_again_is_refused_by_its_size() -> None:
    doubling = [copy("", f"/{number}") for number in range(1000)]

    with pytest.raises(Unprocessable, match="copies too much") as raised:
        patched({"a": "something"}, *doubling)
    assert raised.value.extensions == {"limit": 1_000_000}


def test_a_long_text_is_not_copied_a_thousand_times() -> None:
    with pytest.raises(Unprocessable, match="copies too much"):
        patched({"a": "x" * 100_000}, *[copy("/a", f"/{number}") for number in range(20)])
    with pytest.raises(Unprocessable, match="copies too much"):
        patched({"a": 10**4000}, *[copy("/a", f"/{number}") for number in range(500)])


def test_what_is_removed_again_was_copied_all_the_same() -> None:
    copying = [copy("/a", "/b"), remove("/b")]

    assert patched({"a": "four"}, *copying * 10, most_copied=100) == {"a": "four"}
    with pytest.raises(Unprocessable):
        patched({"a": "four"}, *copying * 20, most_copied=100)


def test_a_document_gets_no_deeper_than_a_body_may_be() -> None:
    def nested(levels: int) -> list[dict[str, Any]]:
        return [add("/a" * level, {}) for level in range(1, levels)]

    patched({}, *nested(MAX_DEPTH))
    with pytest.raises(Unprocessable, match="too deep"):
        patched({}, *nested(MAX_DEPTH + 1))
    # Fourteen copies nest 16,384 levels: far more than Python could recurse.
    doubling = [copy("", "/a" * 2**power) for power in range(14)]
    with pytest.raises(Unprocessable, match="too deep"):
        patched({}, *doubling)


@given(DOCUMENTS, DOCUMENTS)
def test_what_differs_makes_one_document_of_another(before: Any, after: Any) -> None:
    was = repr(before)

    result = patched(before, *difference(before, after))

    assert equal(result, after)
    assert repr(before) == was


@given(DOCUMENTS, DOCUMENTS)
def test_equality_is_that_of_patches_that_have_nothing_to_do(one: Any, other: Any) -> None:
    assert equal(one, other) == (not list(difference(one, other)))
    assert equal(one, other) == equal(other, one)


@given(DOCUMENTS, DOCUMENTS)
def test_a_result_shares_nothing_with_what_it_was_made_of(document: Any, value: Any) -> None:
    operations = read_operations([add("", {"kept": document}), add("/value", value), copy("/value", "/again")])
    result: Any = apply(operations, document)

    for part in (result, result["kept"], result["value"], result["again"]):
        _spoil(part)

    assert apply(operations, document) == {"kept": document, "value": value, "again": value}


def _spoil(value: object) -> None:
    if isinstance(value, dict):
        for part in value.values():
            _spoil(part)
        value.clear()
    elif isinstance(value, list):
        for part in value:
            _spoil(part)
        value.clear()


@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_for_another_document_is_refused_or_applied_and_never_worse(one: Any, other: Any) -> None:
    with suppress(Conflict):
        patched(other, *difference(one, other))
