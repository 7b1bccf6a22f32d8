"""Random policies decide on a stored image exactly as Pyramid's ACLHelper does on the row that it is of."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.core.changes import access as changes_access
from colonnade.core.changes.access import SIDES, ChangeAccess
from colonnade.core.changes.images import Images
from colonnade.core.database import Database, DatabaseSettings
from colonnade.core.policy import Where
from colonnade.core.policy.access import Access
from colonnade.core.policy.terms import ME_PREFIX
from colonnade.core.resources import Resource
from colonnade.core.resources.mapping import fields_of
from colonnade.core.values import from_json
from colonnade.plugins.history.models import Change
from colonnade.testing.policy import Case
from tests.core.policy import decisions
from tests.harness.counts import counts

#: Images have keys that no row has: a condition that was asked about a row instead would find none.
ELSEWHERE = 10_000


@pytest.fixture(scope="module")
def connection(module_database_url: str) -> Iterator[sa.Connection]:
    """300 rows; and of each a change that has its image after, and another row's before."""
    database = Database(DatabaseSettings(url=module_database_url))
    with database.engine.begin() as connection:
        decisions.fill(connection)
        Change.__table__.create(connection)  # type: ignore[attr-defined]
        images = Images(decisions.resource_with([]))
        columns = [getattr(decisions.Paper, name) for name in images.names]
        rows = connection.execute(sa.select(*columns).order_by(decisions.Paper.id)).all()
        kept = [{**images.of_row(row), "id": ELSEWHERE + number} for number, row in enumerate(rows, start=1)]
        common = {"at": datetime.now(UTC), "request_id": "r", "actor": "a", "channel": "code", "resource": "papers"}
        connection.execute(
            sa.insert(Change),
            [
                {**common, "position": number, "key": str(number), "verb": "update", "before": before, "after": after}
                for number, (before, after) in enumerate(zip(reversed(kept), kept, strict=True), start=1)
            ],
        )
    with database.engine.connect() as connection:
        yield connection
    database.dispose()


def some_disagreement(connection: sa.Connection, cases: int) -> str | None:
    """The first policy that shows other images, or other fields of one, than it shows of rows."""
    dice = random.Random(1)
    for _ in range(cases):
        case = decisions.random_case(dice)
        expected = shown_of_rows(case, connection)
        for side in SIDES:
            shown = shown_of_images(case, connection, side)
            if shown != expected:
                differ = [key for key in expected | shown if expected.get(key) != shown.get(key)][:3]
                said = "; ".join(" ".join(str(entry).split()) for entry in case.entries)
                told = [(key, expected.get(key), shown.get(key)) for key in differ]
                return f"{side}, for {sorted(case.identity.principals)}: {told}; the list is {said}"
    return None


def shown_of_rows(case: Case, connection: sa.Connection) -> dict[int, frozenset[str]]:
    """The names that are shown of each row, as ACLHelper says."""
    fields = {name: case.expected(("view", name), connection) for name in case.resource.fields}
    return {
        key[0] + ELSEWHERE: frozenset(name for name, keys in fields.items() if key in keys)
        for key in case.expected(("view", None), connection)
    }


def shown_of_images(case: Case, connection: sa.Connection, side: str) -> dict[int, frozenset[str]]:
    """The names that are shown of each image."""
    seen, shown = change_access(case, connection.dialect.name).shown(side)
    me = {ME_PREFIX + name: value for name, value in case.me.items()}
    image = getattr(Change, side)
    rows = connection.execute(sa.select(image.label("whole"), shown.label("shown")).where(seen), me).all()
    assert all(row.shown.items() <= row.whole.items() for row in rows)
    return {row.whole["id"]: frozenset(row.shown) for row in rows}


def change_access(case: Case, dialect_name: str) -> ChangeAccess:
    mapper = sa.inspect(Change)
    changes = Resource("changes", Change, mapper, "", Where(__file__, 1), fields_of(mapper))
    access = Access(case.policy, case.identity)
    return ChangeAccess(changes, (access.of(case.resource),), dialect_name, access)


def test_random_policies_decide_on_images_as_on_rows(connection: sa.Connection) -> None:
    assert some_disagreement(connection, counts(60, 5_000)) is None


def _nothing_hidden(self: ChangeAccess, part: Any, image: Any) -> Iterator[Any]:
    return iter(())


def _every_row(self: ChangeAccess, part: Any, image: Any) -> Any:
    return image.is_not(None)


@pytest.mark.parametrize(
    "name, broken", [("_hidden", _nothing_hidden), ("_seen", _every_row)], ids=["fields forgotten", "rows forgotten"]
)
def test_an_access_that_is_broken_is_noticed(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch, name: str, broken: Any
) -> None:
    monkeypatch.setattr(ChangeAccess, name, broken)
    assert some_disagreement(connection, 50) is not None


def test_members_read_as_text_are_noticed(connection: sa.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member of another name, or none, is another value."""

    def nulls(image: Any, name: str, type_: Any, dialect_name: str) -> Any:
        return from_json.member(image, "id", type_, dialect_name)

    monkeypatch.setattr(changes_access, "member", nulls)
    with pytest.raises(BaseException):  # noqa: B017 - PostgreSQL cannot even cast some of them
        assert some_disagreement(connection, 50) is None
