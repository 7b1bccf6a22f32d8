"""Who listens to objects hears of each that is changed, and what is in the session is never stale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from colonnade.core.database import statements_of
from colonnade.core.policy import Identity, policy_of
from colonnade.core.writing import Author, Merge, Writer, writer_for
from tests.core.writing.bottles import BOTTLE, bottle, furnish, plain_changes
from tests.core.writing.cellar import Bottle, Rack
from tests.core.writing.editing import merged
from tests.harness.applications import Application


@contextmanager
def writer_in(made: Application, connection: sa.Connection) -> Iterator[Writer]:
    """A writer who may do everything, in a session of the application's."""
    identity = Identity.signed_in(7, "hr", roles=["hr"])
    access = policy_of(made.registry).of(identity)
    with made.database.sessions(bind=connection, join_transaction_mode="create_savepoint") as session:
        reading = made.database.reading_in(session)
        yield writer_for(made.registry, Author(session, access, {"id": identity.id}, reading))
        session.commit()


def test_who_listens_to_objects_hears_of_each(a_cellar: Application, in_cellar: sa.Connection) -> None:
    furnish(a_cellar, in_cellar, bottle())
    client = a_cellar.client(in_cellar, "hr")
    heard: list[Any] = []

    def hear(*told: Any) -> None:
        heard.append(told)

    listeners: list[tuple[Any, str]] = [
        (Bottle, "load"),
        (Bottle, "expire"),
        (Bottle.number, "set"),
        (Bottle, "before_update"),
        (Bottle, "after_update"),
        (a_cellar.database.sessions, "do_orm_execute"),
        (a_cellar.database.sessions, "loaded_as_persistent"),
        (a_cellar.database.sessions, "before_flush"),
        (a_cellar.database.sessions, "after_flush"),
        (a_cellar.database.sessions, "after_flush_postexec"),
    ]
    for number, (target, name) in enumerate(listeners):
        heard.clear()
        event.listen(target, name, hear)
        try:
            merged(client, BOTTLE, {"number": 100 + number})
        finally:
            event.remove(target, name, hear)
        assert heard, name


def test_an_object_of_the_session_is_changed_as_ever(a_cellar: Application, in_cellar: sa.Connection) -> None:
    furnish(a_cellar, in_cellar, bottle())
    with writer_in(a_cellar, in_cellar) as writer:
        session = writer.author.session
        known = session.get_one(Bottle, 1)
        known.key_0 = "pending"
        writer.edit(writer.resources["bottles"], (1,), Merge({"number": 6}))
        assert (known.number, known.twice, known.key_0) == (6, 12, "pending")
        session.add(Bottle(id=3, text="new"))
        writer.edit(writer.resources["bottles"], (3,), Merge({"number": 7}))
        assert session.get_one(Bottle, 3).number == 7
    stored = in_cellar.execute(sa.select(Bottle.id, Bottle.number).order_by(Bottle.id)).all()
    assert stored == [(1, 6), (2, 1), (3, 7)]


def test_what_the_session_loads_later_is_the_new_row(a_cellar: Application, in_cellar: sa.Connection) -> None:
    furnish(a_cellar, in_cellar, bottle())
    with writer_in(a_cellar, in_cellar) as writer:
        session = writer.author.session
        rack = session.get_one(Rack, 1)  # another object of the session is not in the way
        with statements_of(a_cellar.database) as sent:
            writer.edit(writer.resources["bottles"], (1,), Merge({"number": 6}))
        assert plain_changes(sent) == 1
        assert not [each for each in session.identity_map.values() if each is not rack]
        assert [(each.number, each.twice) for each in rack.bottles] == [(6, 12)]
