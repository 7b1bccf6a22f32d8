"""Statements on many records: refused, expanded into records, or done past the log by one's word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from colonnade.core.changes import BypassError, each, unlogged
from tests.core.changes.works import Box, Party, Person, Scrap, changes_of, told

BOX, PARTY, PERSON = Box.__table__, Party.__table__, Person.__table__
ELSEWHERE = sa.Table("works_box", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("size", sa.Integer))


def boxes(session: Session, *sizes: int) -> list[int]:
    """Boxes of these sizes, written and forgotten; their keys."""
    made = [Box(title=f"box {number}", size=size) for number, size in enumerate(sizes)]
    session.add_all(made)
    session.flush()
    keys = [each.id for each in made]
    session.expunge_all()
    unlogged_table = sa.text('DELETE FROM "change"')
    session.execute(unlogged_table)
    return keys


def sizes(session: Session) -> list[int]:
    return list(session.scalars(sa.select(BOX.c.size).order_by(BOX.c.id)))


def inserted_into(dialect: str) -> Any:
    return {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[dialect](Box)


REFUSED: dict[str, Callable[[Session], Any]] = {
    "update of a class": lambda session: session.execute(sa.update(Box).values(size=2)),
    "delete of a class": lambda session: session.execute(sa.delete(Box)),
    "insert of a class": lambda session: session.execute(sa.insert(Box).values(title="x")),
    "insert of many": lambda session: session.execute(sa.insert(Box), [{"title": "x"}, {"title": "y"}]),
    "update of many by key": lambda session: session.execute(sa.update(Box), [{"id": 1, "size": 2}]),
    "bulk_insert_mappings": lambda session: session.bulk_insert_mappings(Box, [{"title": "x"}]),
    "bulk_update_mappings": lambda session: session.bulk_update_mappings(Box, [{"id": 1, "size": 2}]),
    "bulk_save_objects": lambda session: session.bulk_save_objects([Box(title="x", size=1)]),
    "query.update": lambda session: session.query(Box).update({"size": 2}),
    "query.delete": lambda session: session.query(Box).delete(),
    "Core": lambda session: session.execute(sa.update(BOX).values(size=2)),
    "Core on the connection": lambda session: session.connection().execute(sa.insert(BOX).values(name="x", size=1)),
    "executemany": lambda session: session.connection().execute(
        sa.insert(BOX), [{"name": "x", "size": 1}, {"name": "y", "size": 2}]
    ),
    "RETURNING": lambda session: session.execute(sa.update(BOX).values(size=2).returning(BOX.c.id)),
    "an alias": lambda session: session.execute(sa.update(BOX.alias()).values(size=2)),
    "another declaration": lambda session: session.execute(sa.update(ELSEWHERE).values(size=2)),
    "a name only": lambda session: session.execute(sa.update(sa.table("works_box", sa.column("size"))).values(size=2)),
    "INSERT FROM SELECT": lambda session: session.execute(
        sa.insert(BOX).from_select(["name", "size"], sa.select(BOX.c.name, BOX.c.size))
    ),
    "the table of a base": lambda session: session.execute(sa.update(PARTY).values(name="x")),
    "the table of a subclass": lambda session: session.execute(sa.update(PERSON).values(age=1)),
    "a subclass": lambda session: session.execute(sa.delete(Person)),
}


@pytest.mark.parametrize("road", REFUSED)
def test_a_statement_that_the_log_would_not_know_is_refused(session: Session, road: str) -> None:
    boxes(session, 1)
    session.add(Box(title="a flush was here"))
    session.flush()

    with pytest.raises(BypassError, match=r"colonnade\.core\.changes\.each.*colonnade\.core\.changes\.unlogged"):
        REFUSED[road](session)
    session.rollback()
    assert sizes(session) == []


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_a_statement_within_a_with_is_refused(session: Session) -> None:
    inside = sa.insert(BOX).values(name="x", size=1).returning(BOX.c.id).cte()

    with pytest.raises(BypassError, match="insert"):
        session.execute(sa.select(inside.c.id))
    with pytest.raises(BypassError, match="delete"):
        session.execute(sa.insert(Scrap).values(text="x").add_cte(sa.delete(BOX).returning(BOX.c.id).cte()))


def test_an_insert_on_conflict_is_refused(session: Session, dialect_name: str) -> None:
    with pytest.raises(BypassError):
        session.execute(inserted_into(dialect_name).values(title="x", size=1).on_conflict_do_nothing())


def test_what_nobody_keeps_a_log_of_may_be_written_at_will(session: Session) -> None:
    session.execute(sa.insert(Scrap), [{"text": "x"}, {"text": "y"}])
    assert each(session, sa.update(Scrap).values(text="z")) == 2
    assert unlogged(session, sa.delete(Scrap), "nobody keeps them") == 2
    assert told(session) == []


@contextmanager
def listening(target: Any, name: str, listener: Any) -> Iterator[None]:
    event.listen(target, name, listener)
    try:
        yield
    finally:
        event.remove(target, name, listener)


@pytest.mark.parametrize(
    "statement",
    [sa.update(BOX).values(size=9), sa.update(PARTY).values(name="x"), sa.delete(Box), sa.insert(BOX).values(name="x")],
)
def test_one_who_listens_to_a_flush_passes_no_statement_by(session: Session, statement: Any) -> None:
    boxes(session, 1)
    by_connection = lambda mapper, connection, target: connection.execute(statement)  # noqa: E731

    session.add(Box(title="x"))
    with listening(Box, "after_insert", by_connection), pytest.raises(BypassError):
        session.flush()


@pytest.mark.parametrize("road", ["update of many by key", "insert of many", "update of a class"])
def test_nor_by_the_session_that_is_flushing(session: Session, road: str) -> None:
    by_session = lambda mapper, connection, target: REFUSED[road](session)  # noqa: E731

    session.add(Box(title="x"))
    with listening(Box, "after_insert", by_session), pytest.raises(BypassError):
        session.flush()


def test_after_a_flush_that_failed_statements_are_refused_as_before(session: Session) -> None:
    session.add(Box(title="x", parent_id=4711))
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    session.rollback()
    with pytest.raises(BypassError):
        session.bulk_update_mappings(Box, [{"id": 1, "size": 2}])


def test_each_changes_record_by_record_what_a_statement_means(session: Session) -> None:
    first, second, third = boxes(session, 1, 2, 3)

    assert each(session, sa.update(Box).where(Box.size >= 2).values(size=Box.size * 10, title="big")) == 2

    assert sizes(session) == [1, 20, 30]
    assert sorted(told(session)) == [("update", "boxes", str(key)) for key in (second, third)]
    assert sorted((row.before["size"], row.after["size"]) for row in changes_of(session)) == [(2, 20), (3, 30)]
    assert {row.after["title"] for row in changes_of(session)} == {"big"}
    assert not told(session, key=str(first))


def test_each_sees_all_rows_as_they_were_before_the_statement(session: Session) -> None:
    boxes(session, *range(1100))
    most = sa.select(sa.func.max(BOX.c.size)).scalar_subquery()

    each(session, sa.update(BOX).values(size=most + BOX.c.size))

    assert sizes(session) == [1099 + size for size in range(1100)]
    assert len(told(session)) == 1100


def test_each_takes_what_the_session_has_pending_and_shows_what_it_did(session: Session) -> None:
    (key,) = boxes(session, 1)
    box = session.get(Box, key)
    assert box is not None
    box.size = 5

    each(session, sa.update(Box).values(size=Box.size + 1, note=None))

    assert box.size == 6
    assert [each.after["size"] for each in changes_of(session)] == [5, 6]


@pytest.mark.parametrize(
    "statement",
    [
        sa.update(BOX).where(BOX.c.size == 2).values(name="x"),
        sa.update(BOX).where(BOX.c.size == 2).values({BOX.c.name: sa.literal("x")}),
        sa.update(BOX.alias("b")).where(sa.text("b.size = 2")).values(name="x"),
        sa.update(Box).where(Box.size == 2).values({Box.title: "x"}),
        sa.update(OTHER := aliased(Box)).where(OTHER.size == 2).values(title="x"),
        sa.update(Box).where(Box.id.in_(sa.select(BOX.c.id).where(BOX.c.size == 2))).values(title="x"),
    ],
)
def test_each_knows_columns_and_attributes_apart(session: Session, statement: Any) -> None:
    _, second = boxes(session, 1, 2)

    assert each(session, statement) == 1

    assert told(session) == [("update", "boxes", str(second))]
    assert session.get_one(Box, second).title == "x"


def test_each_updates_from_another_table(session: Session) -> None:
    boxes(session, 1, 2)
    session.add_all([Scrap(text="box 1"), Scrap(text="box 1")])
    other = aliased(Scrap)

    assert each(session, sa.update(Box).where(Box.title == other.text).values(note=other.text + "!")) == 1
    assert [each.after["note"] for each in changes_of(session)] == ["box 1!"]


def test_each_deletes_what_refers_to_one_another(session: Session) -> None:
    first, second = boxes(session, 1, 2)
    session.get_one(Box, first).parent_id = second
    session.flush()
    session.expunge_all()

    assert each(session, sa.delete(Box)) == 2

    assert sizes(session) == []
    assert sorted(told(session, verb="delete")) == sorted(("delete", "boxes", str(key)) for key in (first, second))


def test_each_inserts(session: Session, dialect_name: str) -> None:
    boxes(session, 7)

    assert each(session, sa.insert(Box).values(title="one", size=sa.func.abs(-3))) == 1
    assert each(session, sa.insert(BOX).values([{"name": "two", "size": 4}, {"name": "three", "size": 5}])) == 2
    copied = sa.select(BOX.c.name, BOX.c.size + 1).where(BOX.c.size > 4)
    assert each(session, sa.insert(BOX).from_select(["name", "size"], copied)) == 2
    assert (
        each(session, sa.insert(Box).from_select(["title", "size"], sa.select(sa.literal("four"), sa.literal(9)))) == 1
    )

    assert sizes(session) == [7, 3, 4, 5, 8, 6, 9]
    assert [verb for verb, *_ in told(session)] == ["create"] * 6


@pytest.mark.parametrize(
    "statement, ages, names",
    [
        (sa.update(Person).where(Person.name == "ann").values(age=Person.age + 1), [41, 30], ["ann", "max", "firm"]),
        (sa.update(PERSON).where(PERSON.c.age == 40).values(age=PERSON.c.age + 1), [41, 30], ["ann", "max", "firm"]),
        (sa.update(Person).where(Person.age == 40).values(name="x"), [40, 30], ["x", "max", "firm"]),
        (sa.update(PARTY).where(PARTY.c.name != "max").values(name="x"), [40, 30], ["x", "max", "x"]),
        (sa.update(Party).where(Party.name == "ann").values(name="x"), [40, 30], ["x", "max", "firm"]),
        (sa.delete(Person).where(Person.age == 40), [30], ["max", "firm"]),
        (sa.delete(PERSON).where(PERSON.c.age == 40), [30], ["max", "firm"]),
    ],
)
def test_each_knows_joined_tables(session: Session, statement: Any, ages: list[int], names: list[str]) -> None:
    session.add_all([Person(name="ann", age=40), Person(name="max"), Party(name="firm")])
    session.flush()
    session.expunge_all()

    count = each(session, statement)

    assert list(session.scalars(sa.select(PERSON.c.age).order_by(PERSON.c.id))) == ages
    assert list(session.scalars(sa.select(PARTY.c.name).order_by(PARTY.c.id))) == names
    changes = [every for every in changes_of(session) if every.verb != "create"]
    # A person is a party, too, and told as both.
    assert len({every.key for every in changes}) == count
    assert {(every.resource, every.before["name"]) for every in changes} <= {
        ("people", "ann"),
        ("people", "max"),
        ("parties", "ann"),
        ("parties", "max"),
        ("parties", "firm"),
    }


def test_each_says_what_it_cannot_do(session: Session) -> None:
    with pytest.raises(ValueError, match="RETURNING"):
        each(session, sa.update(Box).values(size=1).returning(Box.id))
    boxes(session, 1)
    with pytest.raises(ValueError, match="no parameters"):
        each(session, sa.update(BOX).values(size=sa.bindparam("other")))
    with pytest.raises(ValueError, match="one of its name"):
        each(session, sa.update(ELSEWHERE).values(size=1))


PAST: dict[str, tuple[Callable[[], Any], Any, int]] = {
    "update": (lambda: sa.update(Box).values(size=2), None, 3),
    "delete": (lambda: sa.delete(BOX), None, 3),
    "insert of many": (lambda: sa.insert(Box), [{"title": "x", "size": 1}, {"title": "y", "size": 1}], 2),
    "insert": (lambda: sa.insert(BOX).values([{"name": "x", "size": 1}, {"name": "y", "size": 1}]), None, 2),
    "select": (
        lambda: sa.insert(BOX).from_select(["name", "size"], sa.select(BOX.c.name, BOX.c.size)),
        None,
        3,
    ),
    "RETURNING": (lambda: sa.update(Box).values(size=2).returning(Box.id), None, 3),
    "executemany": (lambda: sa.insert(BOX), [{"name": "x", "size": 1}, {"name": "y", "size": 1}], 2),
    "another declaration": (lambda: sa.update(ELSEWHERE).values(size=2), None, 3),
}


@pytest.mark.parametrize("road", PAST)
def test_unlogged_leaves_a_row_that_says_how_many(session: Session, road: str) -> None:
    statement, parameters, count = PAST[road]
    boxes(session, 1, 2, 3)

    assert unlogged(session, statement(), " for speed ", parameters) == count

    (row,) = changes_of(session)
    assert (row.verb, row.resource, row.key, row.count, row.before) == ("unlogged", "boxes", "", count, None)
    assert row.after == {"reason": "for speed", "statement": str(statement().__visit_name__)}


def test_unlogged_by_key_counts_what_it_was_given(session: Session) -> None:
    first, second, _ = boxes(session, 1, 2, 3)

    assert unlogged(session, sa.update(Box), "x", [{"id": first, "size": 7}, {"id": second, "size": 8}]) == 2
    assert sizes(session) == [7, 8, 3]


def test_unlogged_lets_nothing_else_pass_and_wants_a_reason(session: Session) -> None:
    boxes(session, 1)
    with pytest.raises(ValueError, match="why"):
        unlogged(session, sa.delete(Box), " ")
    with pytest.raises(sa.exc.DBAPIError), session.begin_nested():
        unlogged(session, sa.update(BOX).values(size=sa.text("nonsense(1)")), "wrong")
    with pytest.raises(BypassError):
        session.execute(sa.delete(Box))
