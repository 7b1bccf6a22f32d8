"""The document of a JSON Patch, RFC 6902: read, or refused with all that is wrong with it."""

from decimal import Decimal
from typing import Any

import pytest

from colonnade.core.body import parse_json
from colonnade.core.problems import BadRequest, Unprocessable
from colonnade.core.writing.patching import Operation, read_operations


def faults(body: object) -> list[tuple[str | None, str | None]]:
    with pytest.raises(BadRequest) as raised:
        read_operations(body)
    return [(fault.pointer, fault.code) for fault in raised.value.faults]


def test_each_operation_is_read() -> None:
    body = [
        {"op": "add", "path": "/a/-", "value": None},
        {"op": "remove", "path": "/a~1b/m~0n"},
        {"op": "replace", "path": "", "value": {"a": 1}},
        {"op": "move", "from": "/a", "path": "/b"},
        {"op": "copy", "from": "", "path": "/b"},
        {"op": "test", "path": "/", "value": False},
    ]

    assert read_operations(body) == (
        Operation(0, "add", ("a", "-"), value=None),
        Operation(1, "remove", ("a/b", "m~n")),
        Operation(2, "replace", (), value={"a": 1}),
        Operation(3, "move", ("b",), from_=("a",)),
        Operation(4, "copy", ("b",), from_=()),
        Operation(5, "test", ("",), value=False),
    )


def test_members_that_an_operation_does_not_know_are_passed_over() -> None:
    body = [{"op": "remove", "path": "/a", "value": 1, "from": 5, "why": "because"}]

    assert read_operations(body) == (Operation(0, "remove", ("a",)),)


@pytest.mark.parametrize("body", [None, {}, "[]", 1, True, {"op": "add", "path": "/a", "value": 1}])
def test_a_patch_is_an_array(body: object) -> None:
    assert faults(body) == [("", "array")]


@pytest.mark.parametrize(
    "operation, fault",
    [
        (None, ("/0", "object")),
        (["remove", "/a"], ("/0", "object")),
        ({"path": "/a"}, ("/0", "missing")),
        ({"op": "spam", "path": "/a"}, ("/0/op", "unknown_op")),
        ({"op": "Add", "path": "/a", "value": 1}, ("/0/op", "unknown_op")),
        ({"op": None, "path": "/a"}, ("/0/op", "unknown_op")),
        ({"op": ["add"], "path": "/a"}, ("/0/op", "unknown_op")),
        ({"op": "add", "value": 1}, ("/0", "missing")),
        ({"op": "add", "path": "/a"}, ("/0", "missing")),
        ({"op": "replace", "path": "/a"}, ("/0", "missing")),
        ({"op": "test", "path": "/a"}, ("/0", "missing")),
        ({"op": "move", "path": "/a"}, ("/0", "missing")),
        ({"op": "copy", "path": "/a"}, ("/0", "missing")),
        ({"op": "add", "path": None, "value": 1}, ("/0/path", "pointer")),
        ({"op": "add", "path": 0, "value": 1}, ("/0/path", "pointer")),
        ({"op": "add", "path": "a", "value": 1}, ("/0/path", "pointer")),
        ({"op": "add", "path": "/a~", "value": 1}, ("/0/path", "pointer")),
        ({"op": "copy", "from": "a", "path": "/a"}, ("/0/from", "pointer")),
        ({"op": "copy", "from": Decimal("0.5"), "path": "/a"}, ("/0/from", "pointer")),
        ({"op": "move", "from": "/a", "path": "/a/b"}, ("/0/path", "into_itself")),
        ({"op": "move", "from": "", "path": "/a"}, ("/0/path", "into_itself")),
        ({"op": "remove", "path": ""}, ("/0/path", "whole_document")),
    ],
)
def test_what_is_no_operation_is_pointed_at(operation: object, fault: tuple[str, str]) -> None:
    assert faults([operation]) == [fault]


def test_all_that_is_wrong_is_told_at_once() -> None:
    body = [
        {"op": "remove", "path": "/fine"},
        {"op": "move", "from": "a", "path": "b"},
        {"op": "copy"},
        {"op": "spam"},
    ]

    assert faults(body) == [
        ("/1/path", "pointer"),
        ("/1/from", "pointer"),
        ("/2", "missing"),
        ("/2", "missing"),
        ("/3/op", "unknown_op"),
    ]


def test_an_operation_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(BadRequest) as raised:
        read_operations([{"op": "spam"}])

    assert raised.value.faults[0].allowed == ("add", "remove", "replace", "move", "copy", "test")


def test_a_thousand_faults_are_told_in_few_words() -> None:
    with pytest.raises(BadRequest) as raised:
        read_operations([{}] * 1000)

    assert len(raised.value.faults) == 21
    assert raised.value.faults[-1].detail.startswith("980 more")


def test_too_many_operations_are_refused_by_their_number() -> None:
    operation: dict[str, Any] = {"op": "test", "path": "", "value": 1}

    assert len(read_operations([operation] * 1000)) == 1000
    with pytest.raises(Unprocessable, match="too long") as raised:
        read_operations([operation] * 1001)
    assert raised.value.extensions == {"limit": 1000}
    with pytest.raises(Unprocessable):
        read_operations([operation] * 3, most=2)


def test_an_operation_that_says_twice_what_it_is_never_gets_here() -> None:
    """RFC 6902, A.13: the reader of bodies refuses it."""
    with pytest.raises(BadRequest, match="twice"):
        parse_json(b'[{"op": "add", "path": "/baz", "value": "qux", "op": "remove"}]')
