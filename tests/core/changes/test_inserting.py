"""Many new records by one statement: what is stored, and what the log says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from colonnade.core.changes import insert, recorder_of
from colonnade.core.changes.recording import Recorder
from colonnade.core.database import execute
from colonnade.plugins.people.models import Department
from tests.core.changes.works import changes_of
from tests.functional.company import PLUGINS, Company, company

KEY = sa.inspect(Department).columns["id"]
CODES = [f"n{number:02}" for number in reversed(range(50))]


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    with company(module_database_url, **{"colonnade.plugins": "\n".join((*PLUGINS, "history"))}) as made:
        yield made


@pytest.fixture(params=["logged", "not logged"])
def recorder(session: Session, request: pytest.FixtureRequest) -> Recorder | None:
    return recorder_of(session) if request.param == "logged" else None


@pytest.fixture
def session(firm: Company) -> Iterator[Session]:
    """A session whose work is rolled back."""
    with firm.database.sessions() as session:
        yield session
        session.rollback()


def insert_all(
    session: Session, recorder: Recorder | None, codes: Sequence[str], *returning: Any
) -> list[tuple[Any, ...]]:
    rows = [{"code": code, "name": f"Name of {code}"} for code in codes]
    return list(insert(session, recorder, sa.inspect(Department), rows, returning))


def stored(session: Session) -> dict[str, int]:
    """The keys of the new departments by code."""
    found = execute(session, sa.select(Department.code, KEY).where(Department.code.in_(CODES)))
    return {row.code: row.id for row in found}


def test_every_new_row_is_there_and_in_the_log(session: Session, recorder: Recorder | None) -> None:
    gone = Department(code="gone", name="Gone")
    session.add(gone)
    session.flush()
    session.delete(gone)  # SQLite may give its key again
    session.flush()
    insert_all(session, recorder, CODES)
    keys = stored(session)
    assert sorted(keys) == sorted(CODES)
    told = changes_of(session, resource="departments", verb="create")
    new = {each.after["code"]: each.key for each in told if each.after and each.after["code"] in keys}
    assert new == ({} if recorder is None else {code: str(key) for code, key in keys.items()})


def test_keys_that_are_wanted_come_in_the_order_of_the_rows(session: Session, recorder: Recorder | None) -> None:
    keys = insert_all(session, recorder, CODES, KEY)
    assert [key for (key,) in keys] == [stored(session)[code] for code in CODES]


def test_what_is_too_long_is_refused_and_not_cut_off(session: Session, recorder: Recorder | None) -> None:
    with pytest.raises(StatementError, match="too long"):
        insert_all(session, recorder, [*CODES, "n" * 1000])
