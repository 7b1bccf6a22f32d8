"""After any random sequence of writes, by sessions of plug-in code and by every road of HTTP, replaying the log from
empty gives exactly every row of every kept resource: also after files, undos, previews, roll-backs and failures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from colonnade.core.changes import each, insert, recorder_of
from colonnade.core.problems import Problem
from tests.core.changes.archive.application import Archive, archive
from tests.core.changes.archive.calling import Calling
from tests.core.changes.archive.models import Book, Event, Page, Shelf, Tag
from tests.core.changes.archive.replaying import check
from tests.core.changes.archive.values import EXPRESSIONS, KEYS, VALUES, drawn, key, names_of_key
from tests.harness.counts import counts


@pytest.fixture(scope="module")
def kept(module_database_url: str) -> Iterator[Archive]:
    with archive(module_database_url) as made:
        yield made


def one(dice: random.Random, session: Session, model: type[Any]) -> Any:
    """A record that is there, if there is one."""
    with session.no_autoflush:
        found = session.scalars(sa.select(model).order_by(*sa.inspect(model).primary_key)).all()
    return dice.choice(found) if found else None


WAYS = ("add", "add", "add", "change", "change", "delete", "expression", "key", "many", "expire", "each", "insert")


def add(dice: random.Random, session: Session, model: type[Any], given: dict[str, Any]) -> None:
    record = model(**{"title": "t"} if model is Book else {}, **key(dice, model))
    for name, value in given.items():
        setattr(record, name, value)
    if dice.random() < 0.5:
        with session.no_autoflush:
            base = sa.inspect(model).base_mapper.class_
            known = session.get(base, tuple(getattr(record, name) for name in names_of_key(model)))
        if known is None or type(known) is model:  # else it would make another class of it, of which SQLAlchemy warns
            session.merge(record)
    else:
        session.add(record)


def change(dice: random.Random, session: Session, record: Any, given: dict[str, Any]) -> None:
    if dice.random() < 0.5:
        session.expire(record)
    for name, value in given.items():
        setattr(record, name, value)


def do_each(dice: random.Random, session: Session) -> None:
    """A statement on many records, of a class that others do not go with."""
    model: Any = dice.choice((Page, Event, Tag, Shelf))
    given = {"name": "z"} if model in (Event, Tag) else {"number": 7} if model is Page else {"title": "Z"}
    some = sa.inspect(model).primary_key[0].in_((1, 2, "a", "b") if model is Shelf else (1, 2))
    made = {**given, **key(dice, model), **({"kind": "event"} if model is Event else {})}
    statements = (sa.update(model).values(**given), sa.delete(model), sa.insert(model).values(**made))
    statement = dice.choice(statements)
    each(session, statement if statement.is_insert else statement.where(some))


def do_insert(dice: random.Random, session: Session) -> None:
    """Rows by one statement of Core, as imports write them."""
    model = dice.choice((Page, Tag, Shelf))
    session.flush()
    rows = [{**({"name": "i"} if model is Tag else {"number": 1} if model is Page else {}), **key(dice, model)}]
    insert(session, recorder_of(session), sa.inspect(model), rows)


MANY = {"each": do_each, "insert": do_insert}


def step(dice: random.Random, session: Session) -> str:
    """Do something to some object; the flush comes when it comes."""
    model = dice.choice(list(VALUES))
    what = dice.choice(WAYS)
    record = one(dice, session, model)
    given = drawn(dice, model)
    if what == "add":
        add(dice, session, model, given)
    elif what in MANY:
        MANY[what](dice, session)
    elif record is None:
        return "nothing"
    elif what == "change":
        change(dice, session, record, given)
    elif what == "delete":
        session.delete(record)
    elif what == "expression":
        for (owner, name), expression in EXPRESSIONS.items():
            if isinstance(record, owner):
                setattr(record, name, expression)
    elif what == "key" and model in KEYS:
        name, values = dice.choice(KEYS[model])
        setattr(record, name, dice.choice(values))
    elif what == "many" and isinstance(record, Book) and (tag := one(dice, session, Tag)) is not None:
        record.tags.remove(tag) if tag in record.tags else record.tags.append(tag)
    elif what == "expire":
        session.expire_all()
    return f"{what} {model.__name__}"


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # of what a session had better not be told
@settings(max_examples=counts(25, 4_000))
@given(seed=st.integers(0, 2**32))
def test_random_sessions_are_replayed(kept: Archive, seed: int) -> None:
    dice = random.Random(seed)
    with kept.undone() as connection, kept.database.sessions(bind=connection) as session:
        done: list[str] = []
        for _ in range(dice.randint(1, 6)):
            nested = session.begin_nested()
            try:
                for _ in range(dice.randint(1, 5)):
                    done.append(step(dice, session))
                    if dice.random() < 0.5:
                        session.flush()
                if dice.random() < 0.2:
                    done.append("rolled back")
                    nested.rollback()
                else:
                    nested.commit()
            except (sa.exc.SQLAlchemyError, Problem, ValueError, AssertionError) as error:
                if isinstance(error, AssertionError) and "Dependency rule" not in str(error):
                    raise
                done.append(f"failed: {type(error).__name__}")
                nested.rollback()
            try:
                check(connection, kept.log)
            except AssertionError as error:
                raise AssertionError(f"{done}\n{error}") from None


@settings(max_examples=counts(15, 3_000))
@given(seed=st.integers(0, 2**32))
def test_random_requests_are_replayed(kept: Archive, seed: int) -> None:
    with kept.undone() as connection:
        dice = random.Random(seed)
        calling = Calling(dice, kept, connection)
        done: list[str] = []
        for _ in range(dice.randint(1, 10)):
            try:
                done.append(calling.call())
                check(connection, kept.log)
            except AssertionError as error:
                raise AssertionError("\n".join([*done, str(error)])) from None
