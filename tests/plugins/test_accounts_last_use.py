"""When tokens were last used is written beside the requests, and loses nothing where the process ends in order."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import dedent

import pytest
from pyramid.router import Router
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from webtest import TestApp

from colonnade.core.database import Database, database_of
from colonnade.core.database.migrations import upgrade
from colonnade.core.plugins import plugins_of
from colonnade.plugins.accounts import Token, create_token, create_user
from colonnade.plugins.accounts.last_use import LastUse
from colonnade.plugins.accounts.models import now
from tests.core.stubs import SECRET, start
from tests.functional.company import EVERY_USE
from tests.harness.applications import application

LONG = 3600.0


@pytest.fixture
def app(fresh_database_url: str) -> Iterator[Router]:
    with application(fresh_database_url, ("accounts", "rest", "people"), **EVERY_USE) as made:
        yield made.app


@pytest.fixture
def database(app: Router) -> Database:
    return database_of(app.registry)


@pytest.fixture
def tokens(database: Database) -> list[int]:
    """The ids of three tokens."""
    with database.sessions.begin() as session:
        user = create_user(session, "ann", ["staff"])
        return [create_token(session, user)[0].id for _ in range(3)]


@contextmanager
def last_use_of(database: Database, every: float = LONG) -> Iterator[LastUse]:
    last_use = LastUse(database, every)
    try:
        yield last_use
    finally:
        last_use.close()


def used(database: Database, token_id: int) -> object:
    with database.sessions() as session:
        return session.get_one(Token, token_id).last_used


def test_what_is_in_memory_is_written_at_the_end(database: Database, tokens: list[int]) -> None:
    before = now()
    with last_use_of(database) as last_use:
        last_use.note(tokens[0])
        last_use.note(tokens[2])
        assert used(database, tokens[0]) is None

    assert before <= used(database, tokens[0]) <= now()  # type: ignore[operator]
    assert used(database, tokens[1]) is None
    assert used(database, tokens[2]) is not None


def test_it_is_written_now_and_then_without_anybody_waiting(database: Database, tokens: list[int]) -> None:
    with last_use_of(database, every=0.01) as last_use:
        last_use.note(tokens[0])
        # It ends when nothing is left to write.
        for thread in [each for each in threading.enumerate() if each.name == "last use of tokens"]:
            thread.join(60)
        assert used(database, tokens[0]) is not None


def test_many_uses_are_one_write(database: Database, tokens: list[int]) -> None:
    commits: list[object] = []
    event.listen(database.engine, "commit", commits.append)
    with last_use_of(database) as last_use:
        for _ in range(1000):
            for token_id in tokens:
                last_use.note(token_id)

    assert len(commits) == 1


def test_a_later_use_that_another_process_has_written_stays(database: Database, tokens: list[int]) -> None:
    with last_use_of(database) as last_use:
        last_use.note(tokens[0])
        with database.sessions.begin() as session:
            later = session.get_one(Token, tokens[0]).last_used = now()

    assert used(database, tokens[0]) == later


def test_while_the_database_refuses_uses_are_kept_and_written_later(
    database: Database, tokens: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    with database.sessions.begin() as session:
        session.execute(text("ALTER TABLE api_token RENAME TO away"))
    refused = threading.Event()
    event.listen(database.engine, "handle_error", lambda _: refused.set())
    with last_use_of(database, every=0.01) as last_use:
        last_use.note(tokens[0])
        assert refused.wait(60)
        with database.sessions.begin() as session:
            session.execute(text("ALTER TABLE away RENAME TO api_token"))

    assert used(database, tokens[0]) is not None
    assert "cannot be written now" in caplog.text


def test_memory_is_bounded(database: Database, tokens: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colonnade.plugins.accounts.last_use.MOST", 2)
    with last_use_of(database) as last_use:
        for token_id in tokens:
            last_use.note(token_id)

    assert [used(database, each) is not None for each in tokens] == [True, True, False]


def test_after_the_last_write_no_thread_is_left(database: Database, tokens: list[int]) -> None:
    with last_use_of(database) as last_use:
        last_use.note(tokens[0])
        assert any(each.name == "last use of tokens" for each in threading.enumerate())

    assert not any(each.name == "last use of tokens" for each in threading.enumerate())


def test_uses_noted_by_many_threads_are_all_written(database: Database) -> None:
    with database.sessions.begin() as session:
        user = create_user(session, "ann")
        ids = [create_token(session, user)[0].id for _ in range(40)]
    with last_use_of(database, every=0.001) as last_use:
        threads = [threading.Thread(target=lambda: [last_use.note(each) for each in ids]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert all(used(database, each) is not None for each in ids)


def test_a_process_that_ends_in_order_has_written_what_its_requests_used(
    app: Router, database: Database, fresh_database_url: str
) -> None:
    with database.sessions.begin() as session:
        token, secret = create_token(session, create_user(session, "ann", ["staff"]))
        token_id = token.id
    program = f"""
        from webtest import TestApp
        import colonnade
        app = colonnade.main({{}}, **{{
            "colonnade.secret": {SECRET!r},
            "colonnade.environment": "development",
            "colonnade.plugins": ["accounts", "rest", "people"],
            "sqlalchemy.url": {fresh_database_url!r},
        }})
        TestApp(app).get("/api/v1/departments", headers={{"Authorization": {"Bearer " + secret!r}}})
    """

    subprocess.run([sys.executable, "-W", "ignore", "-c", dedent(program)], check=True, timeout=120)

    assert used(database, token_id) is not None


def test_a_request_that_is_rolled_back_with_its_test_counts_for_nothing(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[int] = []
    monkeypatch.setattr(LastUse, "note", lambda self, token_id: noted.append(token_id))
    app = start(colonnade__plugins=("accounts", "rest", "people"), sqlalchemy__url=fresh_database_url)
    database = database_of(app.registry)
    upgrade(database, plugins_of(app.registry))
    with database.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            _, secret = create_token(session, create_user(session, "ann", ["staff"]))
            session.commit()
        headers = {"Authorization": f"Bearer {secret}"}
        TestApp(app, {"app.connection": connection}).get("/api/v1/departments", headers=headers, status=200)
        transaction.rollback()
    database.dispose()

    assert noted == []
