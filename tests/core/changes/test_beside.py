"""Statements on tables that nobody keeps, which change kept records all the same: refused, followed, or owned up to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from colonnade.core.changes import BypassError, each, unlogged
from colonnade.plugins.history.models import Change
from tests.core.changes.archive.application import Archive, archive
from tests.core.changes.archive.models import Book, Cupboard, Heard, Kept, Quiet, Remark, Room, Shelf, Tag, book_tag
from tests.core.changes.archive.replaying import check, stored

ELSEWHERE = sa.table("archive_room", sa.column("id"))


@pytest.fixture(scope="module")
def kept(module_database_url: str) -> Iterator[Archive]:
    with archive(module_database_url) as made:
        yield made


@pytest.fixture
def connection(kept: Archive) -> Iterator[sa.Connection]:
    with kept.undone() as connection:
        yield connection


@pytest.fixture
def session(kept: Archive, connection: sa.Connection) -> Iterator[Session]:
    """A session on records that have to do with others: shelves in rooms, a remark on a cupboard, a book's tags."""
    with kept.database.sessions(bind=connection, join_transaction_mode="create_savepoint") as session:
        session.add_all([Room(id=1), Room(id=2), Quiet(id=1), Tag(id=1, name="a"), Tag(id=2, name="b")])
        session.flush()
        session.add_all([Shelf(code="a", room_id=1), Shelf(code="b", room_id=2), Heard(id=1, quiet_id=1)])
        session.flush()
        session.add_all([Cupboard(id=1, shelf_code="a"), Book(id=1, title="x", tags=[session.get_one(Tag, 1)])])
        session.add(Book(id=2, title="y"))
        session.flush()
        session.add(Remark(id=1, cupboard_id=1))
        session.commit()
        yield session


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "delete": (lambda: sa.delete(Room.__table__), "shelves"),
    "delete of a class": (lambda: sa.delete(Room), "shelves"),
    "delete by name": (lambda: sa.delete(ELSEWHERE), "shelves"),
    "delete of what is not logged": (lambda: sa.delete(Quiet), "heard"),
    "delete of what stands between": (lambda: sa.delete(Cupboard).where(Cupboard.id == 1), "remarks"),
    "insert of a pair": (lambda: book_tag.insert().values(book=1, tag=2), "tags, books"),
    "delete of pairs": (lambda: book_tag.delete(), "tags, books"),
    "update of pairs": (lambda: book_tag.update().values(tag=2), "tags, books"),
}


@pytest.mark.parametrize("road", REFUSED)
def test_a_statement_that_changes_kept_records_by_the_way_is_refused(session: Session, road: str) -> None:
    statement, named = REFUSED[road]
    with pytest.raises(BypassError, match=rf"change log of [a-z, ]*{named}.*changes\.each.*changes\.unlogged"):
        session.execute(statement())
    with pytest.raises(BypassError):
        session.connection().execute(statement())


def test_what_touches_no_kept_record_is_nobodys_business(session: Session) -> None:
    session.execute(sa.insert(Room), [{"id": 3}])
    session.execute(sa.update(Quiet).values(name="x"))
    session.execute(sa.update(Room.__table__).where(Room.id == 3).values(id=4))  # nothing is done on update
    session.execute(sa.insert(Cupboard).values(id=2, shelf_code="b"))
    session.execute(sa.update(Cupboard).values(shelf_code="b"))


def test_the_unit_of_work_goes_on_to_write_them(session: Session, connection: sa.Connection, kept: Archive) -> None:
    book = session.get_one(Book, 1)
    book.tags = [session.get_one(Tag, 2)]
    session.delete(session.get_one(Room, 1))
    session.delete(session.get_one(Quiet, 1))
    session.flush()
    assert stored(connection, kept.log)["books"]["1"]["tags"] == [2]
    check(connection, kept.log)


@pytest.mark.parametrize("parameters", [None, {"book": 2, "tag": 2}, [{"book": 2, "tag": 2}]])
def test_one_who_listens_to_a_flush_passes_no_pair_by(session: Session, parameters: Any) -> None:
    statement = book_tag.insert() if parameters else book_tag.insert().values(book=2, tag=2)

    def listener(mapper: Any, connection: sa.Connection, target: Any) -> None:
        connection.execute(statement, parameters)

    event.listen(Book, "after_update", listener)
    try:
        session.get_one(Book, 2).title = "z"
        with pytest.raises(BypassError):
            session.flush()
    finally:
        event.remove(Book, "after_update", listener)


EACH: dict[str, tuple[Callable[[], Any], int]] = {
    "room": (lambda: sa.delete(Room).where(Room.id == 1), 1),
    "rooms by name": (lambda: sa.delete(ELSEWHERE), 2),
    "quiet": (lambda: sa.delete(Quiet.__table__), 1),
    "cupboard": (lambda: sa.delete(Cupboard), 1),
    "pairs come": (lambda: book_tag.insert().values([{"book": 2, "tag": 1}, {"book": 2, "tag": 2}]), 2),
    "pairs of a query": (
        lambda: book_tag.insert().from_select(["book", "tag"], sa.select(sa.literal(1), Tag.id).where(Tag.id == 2)),
        1,
    ),
    "pairs go": (lambda: book_tag.delete().where(book_tag.c.book.in_(sa.select(Book.id).where(Book.title == "x"))), 1),
    "none": (lambda: book_tag.delete().where(book_tag.c.book == 7), 0),
}


@pytest.mark.parametrize("road", EACH)
def test_each_does_it_and_the_log_has_every_record(
    session: Session, connection: sa.Connection, kept: Archive, road: str
) -> None:
    statement, number = EACH[road]
    before = stored(connection, kept.log)
    assert each(session, statement()) == number
    session.flush()
    after = stored(connection, kept.log)
    assert (after != before) == (number > 0)
    check(connection, kept.log)


def test_each_wants_pairs_to_go_and_to_come_not_to_change(session: Session) -> None:
    with pytest.raises(ValueError, match="holds lists of keys"):
        each(session, book_tag.update().values(tag=2))


def test_objects_that_the_session_has_are_read_again(session: Session) -> None:
    book, shelf = session.get_one(Book, 2), session.get_one(Shelf, "a")
    assert (book.tags, shelf.room_id) == ([], 1)
    each(session, book_tag.insert().values(book=2, tag=1))
    each(session, sa.delete(Room))
    assert ([tag.id for tag in book.tags], shelf.room_id) == ([1], None)


@pytest.mark.parametrize(
    "statement, said",
    [
        (sa.delete(Room), [("shelves", 2, "archive_room")]),
        (book_tag.delete(), [("books", 1, "archive_book_tag"), ("tags", 1, "archive_book_tag")]),
    ],
)
def test_unlogged_leaves_a_row_for_each_resource(
    session: Session, statement: Any, said: list[tuple[str, int, str]]
) -> None:
    unlogged(session, statement, "spring cleaning")
    found = session.scalars(sa.select(Change).where(Change.verb == "unlogged").order_by(Change.resource))
    told = [(row.resource, row.count, row.after) for row in found]
    expected = [
        (name, count, {"reason": "spring cleaning", "statement": "delete", "table": table})
        for name, count, table in said
    ]
    assert told == expected
    assert Kept.metadata.tables[said[0][2]] is not None
