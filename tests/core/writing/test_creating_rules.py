"""The rules of the design for what comes in, as far as they are about creating; a test is named after each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp, TestResponse

from tests.core.writing.shop import Box, Item, Ticket, Vault, things_in

Caller = Callable[..., TestApp]
ITEMS = "/api/v1/items"
ITEM: dict[str, Any] = {"name": "lamp", "price": "20.00"}


def faults(response: TestResponse) -> set[tuple[str, str]]:
    """Where, and what kind."""
    return {(fault["pointer"], fault["code"]) for fault in response.json.get("errors", [])}


def stored(connection: sa.Connection) -> int:
    """How many items there are."""
    return connection.scalar(sa.select(sa.func.count()).select_from(Item)) or 0


def test_a_record_is_created_and_answered_as_its_author_sees_it(caller: Caller, connection: sa.Connection) -> None:
    response = caller("staff").post_json(ITEMS, ITEM, status=201)
    assert response.json["price"] == "20.00"
    assert response.json["status"] == "new"
    assert not {"reserve", "batch"} & set(response.json)
    assert caller("staff").get(response.headers["Location"]).json == response.json
    assert things_in(connection, Item, "name", "status") == [("lamp", "new")]


@pytest.mark.parametrize("name", ["reserve", "batch", "prise", "box", "Name", "", "~/", "__class__", "model_config"])
def test_a_field_that_is_unknown_or_may_not_be_seen_is_unprocessable(
    caller: Caller, connection: sa.Connection, name: str
) -> None:
    """The two are told alike, and the hidden names are not among those that would do."""
    response = caller("staff").post_json(ITEMS, {**ITEM, name: 1}, status=422)
    pointer = "/" + name.replace("~", "~0").replace("/", "~1")
    assert faults(response) == {(pointer, "unknown_field")}
    (fault,) = response.json["errors"]
    assert not {"reserve", "batch"} & set(fault["allowed"])
    assert fault["detail"].split(";")[0] == f"items has no field {name!r}"
    assert stored(connection) == 0


def test_the_nearest_field_is_named(caller: Caller) -> None:
    response = caller("hr").post_json(ITEMS, {**ITEM, "prise": 1}, status=422)
    assert response.json["errors"][0]["detail"] == "items has no field 'prise'; did you mean price?"


def test_a_hidden_field_is_never_the_nearest(caller: Caller) -> None:
    response = caller("staff").post_json(ITEMS, {**ITEM, "reserv": 1}, status=422)
    assert response.json["errors"][0]["detail"] == "items has no field 'reserv'"


@pytest.mark.parametrize("value", ["new", "old"])
def test_a_field_that_may_be_seen_but_not_written_is_forbidden(
    caller: Caller, connection: sa.Connection, value: str
) -> None:
    """Also where it holds what would be stored anyway: there is no stored value yet that it could equal."""
    response = caller("staff").post_json(ITEMS, {**ITEM, "status": value}, status=403)
    assert faults(response) == {("/status", "read_only")}
    assert stored(connection) == 0


def test_what_is_wrong_is_told_with_what_is_forbidden(caller: Caller) -> None:
    response = caller("staff").post_json(ITEMS, {"name": "", "price": "20.00", "status": "old"}, status=422)
    assert faults(response) == {("/name", "string_too_short"), ("/status", "read_only")}


@pytest.mark.parametrize("name", ["id", "twice"])
@pytest.mark.parametrize("value", [1, None, "x"])
def test_what_the_database_makes_is_never_writable(caller: Caller, name: str, value: Any) -> None:
    response = caller("hr").post_json(ITEMS, {**ITEM, name: value}, status=422)
    assert faults(response) == {("/" + name, "generated")}


def test_a_reference_that_may_be_seen_is_written(caller: Caller, connection: sa.Connection) -> None:
    caller("staff").post_json(ITEMS, {**ITEM, "box_code": "mine"}, status=201)
    assert things_in(connection, Item, "box_code") == [("mine",)]


@pytest.mark.parametrize("code", ["theirs", "nobody's"])
def test_unseen_and_absent_references_give_the_same_answer(
    caller: Caller, connection: sa.Connection, code: str
) -> None:
    client = caller("staff")
    unseen = client.post_json(ITEMS, {**ITEM, "box_code": code}, status=422).json
    absent = client.post_json(ITEMS, {**ITEM, "box_code": "absent"}, status=422).json
    assert unseen.pop("request_id") != absent.pop("request_id")
    assert unseen == absent
    assert unseen["errors"] == [
        {"detail": "leads to no record of boxes", "pointer": "/box_code", "code": "unknown_reference"}
    ]
    caller("hr").post_json(ITEMS, {**ITEM, "box_code": code}, status=201)


def test_a_reference_to_what_one_may_not_view_at_all_leads_nowhere(caller: Caller) -> None:
    response = caller("clerk").post_json(ITEMS, {**ITEM, "box_code": "mine"}, status=422)
    assert faults(response) == {("/box_code", "unknown_reference")}


def test_a_reference_to_nothing_is_told_with_everything_else(caller: Caller) -> None:
    response = caller("staff").post_json(ITEMS, {"name": 1, "box_code": "theirs", "odd": 2}, status=422)
    assert faults(response) == {
        ("/name", "value_error"),
        ("/price", "missing"),
        ("/box_code", "unknown_reference"),
        ("/odd", "unknown_field"),
    }


def test_the_result_must_satisfy_the_permission(caller: Caller, connection: sa.Connection) -> None:
    """Staff create what costs less than 100."""
    response = caller("staff").post_json(ITEMS, {**ITEM, "price": 100}, status=403)
    assert "price" not in response.text
    assert stored(connection) == 0
    caller("staff").post_json(ITEMS, {**ITEM, "price": "99.99"}, status=201)


def test_the_result_must_satisfy_the_permission_of_each_field_written(
    caller: Caller, connection: sa.Connection
) -> None:
    """Intake do not write the size of a gift; of a gift without a size, nothing was written."""
    client = caller("intake")
    client.post_json(ITEMS, {**ITEM, "kind": "gift", "size": 3}, status=403)
    assert stored(connection) == 0
    client.post_json(ITEMS, {**ITEM, "kind": "gift"}, status=201)
    client.post_json(ITEMS, {**ITEM, "name": "other", "kind": "goods", "size": 3}, status=201)


def test_a_result_that_its_author_may_not_view_is_answered_without_a_body(
    caller: Caller, connection: sa.Connection
) -> None:
    """By rows(): intake see what is theirs."""
    client = caller("intake")
    unseen = client.post_json(ITEMS, {**ITEM, "owner_id": 8}, status=201)
    assert (unseen.body, "Content-Type" in unseen.headers) == (b"", False)
    client.get(unseen.headers["Location"], status=404)
    seen = client.post_json(ITEMS, {**ITEM, "name": "other", "owner_id": 7}, status=201)
    assert seen.json["owner_id"] == 7
    assert stored(connection) == 2


def test_who_may_create_and_see_nothing_gets_no_body(caller: Caller) -> None:
    client = caller("clerk")
    response = client.post_json(ITEMS, ITEM, status=201)
    assert response.body == b""
    client.get(ITEMS, status=403)
    client.get(response.headers["Location"], status=404)
    unknown = client.post_json(ITEMS, {**ITEM, "prise": 1}, status=422)
    assert faults(unknown) == {("/prise", "unknown_field")}


def test_a_token_for_creating_only_gets_no_body(caller: Caller, connection: sa.Connection) -> None:
    client = caller("staff", narrowed=frozenset({("items", "create")}))
    assert client.post_json(ITEMS, ITEM, status=201).body == b""
    client.get(ITEMS, status=403)
    assert stored(connection) == 1
    # It leaves its owner's permissions as they are, but for being fewer: what is hidden stays so.
    assert faults(client.post_json(ITEMS, {**ITEM, "reserve": 1}, status=422)) == {("/reserve", "unknown_field")}
    assert faults(client.post_json(ITEMS, {**ITEM, "status": "x"}, status=403)) == {("/status", "read_only")}
    client.post_json(ITEMS, {"name": "dear", "price": 100}, status=403)
    client.post_json("/api/v1/boxes", {"code": "new"}, status=403)
    # And with no permission to see boxes, no reference to one.
    assert faults(client.post_json(ITEMS, {**ITEM, "box_code": "mine"}, status=422)) == {
        ("/box_code", "unknown_reference")
    }


def test_a_token_without_create_creates_nothing(caller: Caller, connection: sa.Connection) -> None:
    caller("hr", narrowed=frozenset({("items", "view")})).post_json(ITEMS, ITEM, status=403)
    assert stored(connection) == 0


def test_who_may_only_view_creates_nothing(caller: Caller, connection: sa.Connection) -> None:
    caller("reader").post_json(ITEMS, ITEM, status=403)
    caller("stranger").post_json(ITEMS, ITEM, status=403)
    assert stored(connection) == 0


def test_nobody_is_asked_to_sign_in(caller: Caller, connection: sa.Connection) -> None:
    for body in (ITEM, {"odd": 1}, []):
        assert caller(None).post_json(ITEMS, body, status=401).headers["WWW-Authenticate"].startswith("Bearer")
    assert stored(connection) == 0


def test_nobody_may_create_where_everyone_may(caller: Caller) -> None:
    assert caller(None).post_json("/api/v1/plains", {"name": "x"}, status=201).body == b""


def test_a_taken_value_is_a_conflict_that_names_the_field(caller: Caller, connection: sa.Connection) -> None:
    caller("hr").post_json(ITEMS, ITEM)
    response = caller("staff").post_json(ITEMS, {"name": "lamp", "price": 30}, status=409)
    assert faults(response) == {("/name", "taken")}
    assert response.json["type"] == "urn:colonnade:problem:already-taken"
    assert stored(connection) == 1


def test_that_a_value_is_taken_is_told_whoever_may_see_the_record(caller: Caller) -> None:
    """It is told, seen or unseen; whose it is, never."""
    caller("intake").post_json(ITEMS, {**ITEM, "owner_id": 8}, status=201)
    response = caller("intake").post_json(ITEMS, {**ITEM, "owner_id": 7}, status=409)
    assert faults(response) == {("/name", "taken")}
    assert "8" not in response.json["detail"] + str(response.json["errors"])
    taken = caller("staff").post_json("/api/v1/boxes", {"code": "theirs"}, status=409)
    assert faults(taken) == {("/code", "taken")}


def test_a_taken_combination_names_its_fields(caller: Caller) -> None:
    client = caller("hr")
    client.post_json("/api/v1/slots", {"row": "a", "place": 1}, status=201)
    visit = {"day": "2026-01-01", "row": "a", "place": 1}
    client.post_json("/api/v1/visits", visit, status=201)
    assert faults(client.post_json("/api/v1/visits", visit, status=409)) == {
        ("/day", "taken"),
        ("/row", "taken"),
        ("/place", "taken"),
    }


def test_a_broken_rule_names_its_fields(caller: Caller, connection: sa.Connection) -> None:
    response = caller("staff").post_json(ITEMS, {**ITEM, "size": 1000}, status=422)
    assert faults(response) == {("/size", "check")}
    assert response.json["detail"] == "The rule size_below_thousand does not hold."
    assert stored(connection) == 0


def test_a_broken_rule_of_a_hidden_field_names_nothing(caller: Caller) -> None:
    """The price is less than the reserve, of which staff know nothing; neither does the rule's name tell them."""
    told = caller("hr").post_json(ITEMS, {**ITEM, "price": 5}, status=422)
    assert "price_at_least_reserve" in told.json["detail"]
    assert faults(told) == {("/price", "check"), ("/reserve", "check")}
    untold = caller("staff").post_json(ITEMS, {**ITEM, "price": 5}, status=422)
    assert untold.json["detail"] == "A rule for this record does not hold."
    assert "reserve" not in untold.text


def test_a_taken_value_of_a_hidden_field_names_nothing(caller: Caller, connection: sa.Connection) -> None:
    caller("hr").post_json("/api/v1/tickets", {"name": "a"}, status=201)
    told = caller("hr").post_json("/api/v1/tickets", {"name": "b"}, status=409)
    assert faults(told) == {("/seat", "taken")}
    untold = caller("staff").post_json("/api/v1/tickets", {"name": "b"}, status=409)
    assert untold.json["detail"] == "A value is already taken."
    assert "seat" not in untold.text
    assert len(things_in(connection, Ticket, "name")) == 1


@pytest.mark.parametrize("role", ["staff", "guest"])
def test_where_a_needed_field_is_not_the_authors_they_create_nothing(
    caller: Caller, connection: sa.Connection, role: str
) -> None:
    """Whether they see it or not; it is not named."""
    client = caller(role)
    response = client.post_json("/api/v1/vaults", {"name": "x"}, status=403)
    assert "pin" not in response.text
    assert "may not write" in response.json["detail"]
    wrong = client.post_json("/api/v1/vaults", {"name": 1}, status=422)
    assert faults(wrong) == {("/name", "value_error")}
    with_it = client.post_json("/api/v1/vaults", {"name": "x", "pin": "1"}, expect_errors=True)
    assert (with_it.status_int, faults(with_it)) == (
        (422, {("/pin", "unknown_field")}) if role == "staff" else (403, {("/pin", "read_only")})
    )
    assert things_in(connection, Vault, "name") == []
    assert faults(caller("hr").post_json("/api/v1/vaults", {}, status=422)) == {
        ("/name", "missing"),
        ("/pin", "missing"),
    }


def test_what_may_be_left_out_takes_its_default(caller: Caller, connection: sa.Connection) -> None:
    caller("staff").post_json(ITEMS, ITEM, status=201)
    assert things_in(connection, Item, "status", "size", "batch") == [("new", None, None)]


def test_null_is_a_value_where_it_may_be_and_none_where_it_may_not(caller: Caller) -> None:
    response = caller("hr").post_json(
        ITEMS, {"name": None, "price": None, "size": None, "kind": None, "status": None}, status=422
    )
    assert {pointer for pointer, _ in faults(response)} == {"/name", "/price", "/kind", "/status"}
    caller("hr").post_json(ITEMS, {**ITEM, "size": None, "box_code": None, "data": None}, status=201)


def test_nothing_has_happened_where_the_answer_cannot_be_given(caller: Caller, connection: sa.Connection) -> None:
    """A query that does not fit undoes the creation, too."""
    for query in ("fields=nothing", "fields=reserve", "expand=nothing", "limit=1", "name=lamp", "%FF", "fields=name,"):
        caller("staff").post_json(f"{ITEMS}?{query}", ITEM, status=400)
    assert stored(connection) == 0


def test_the_answer_shows_what_is_asked_for(caller: Caller) -> None:
    client = caller("staff")
    client.get("/api/v1/boxes/mine")
    response = client.post_json(f"{ITEMS}?fields=name,box.code&expand=box", {**ITEM, "box_code": "mine"}, status=201)
    assert response.json == {"name": "lamp", "box": {"code": "mine"}}
    assert "fields" not in response.headers["Location"]


def test_a_new_record_may_be_one_that_its_author_can_see_no_more_than_others(
    caller: Caller, connection: sa.Connection
) -> None:
    """A box of somebody else's is created without a body, and cannot be referred to."""
    assert caller("staff").post_json("/api/v1/boxes", {"code": "x", "owner_id": 8}, status=201).body == b""
    assert ("x", 8) in things_in(connection, Box, "code", "owner_id")
    caller("staff").post_json(ITEMS, {**ITEM, "box_code": "x"}, status=422)
