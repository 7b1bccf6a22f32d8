"""Whatever the unit of work and the database do to rows of kept resources is in the log, and replaying it gives them.

Each test is a session of plug-in code; after every flush the log is replayed from empty and held against the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, attributes, make_transient

from tests.core.changes.archive.application import Archive, archive
from tests.core.changes.archive.models import (
    Book,
    Bus,
    Cupboard,
    Event,
    Heard,
    Label,
    Line,
    Page,
    Quiet,
    Remark,
    Room,
    Shelf,
    Tag,
    Talk,
    Truck,
    Vehicle,
)
from tests.core.changes.archive.replaying import check


@pytest.fixture(scope="module")
def kept(module_database_url: str) -> Iterator[Archive]:
    with archive(module_database_url) as made:
        yield made


class Desk:
    """A session, and the log of it so far."""

    def __init__(self, kept: Archive, session: Session) -> None:
        self.kept = kept
        self.session = session
        self._seen = 0

    def add(self, *records: Any) -> Any:
        """Store something."""
        self.session.add_all(records)
        self.told()
        return records[0]

    def told(self) -> list[tuple[str, str, str]]:
        """What the log was told since it was asked last; all of it comes to what is stored."""
        self.session.flush()
        table = self.kept.log.table
        check(self.session.connection(), self.kept.log)
        rows = self.session.execute(sa.select(table).where(table.c.id > self._seen).order_by(table.c.id)).all()
        self._seen = max([self._seen, *(row.id for row in rows)])
        self.rows = rows
        return sorted((row.verb, row.resource, row.key) for row in rows)

    def get(self, model: type[Any], key: Any) -> Any:
        """A record that the session has forgotten all about."""
        self.session.expunge_all()
        return self.session.get_one(model, key)


@pytest.fixture
def desk(kept: Archive) -> Iterator[Desk]:
    with kept.database.sessions() as session:
        made = Desk(kept, session)
        made.told()
        yield made
        session.rollback()


def book(id_: int = 1, **values: Any) -> Book:
    return Book(id=id_, **{"title": "A", "n": 1, "text": "long", "pin": "secret-1", "owner": "me", **values})


def test_a_record_is_told_as_the_database_made_it(desk: Desk) -> None:
    desk.session.add(book(word="LOUD"))
    assert desk.told() == [("create", "books", "1")]
    after = desk.rows[0].after
    assert (after["made"], after["touched"], after["twice"], after["stamp"], after["version"]) == (7, 0, 2, 1, 1)
    assert after["word"] == "loud"
    assert "pin" not in after
    assert after["owner"] == "me"


def test_a_change_is_told_with_what_the_database_and_sqlalchemy_made_of_it(desk: Desk) -> None:
    made = desk.add(book())
    made.title = "B"
    made.word = "LOUD"
    assert desk.told() == [("update", "books", "1")]
    before, after = desk.rows[0].before, desk.rows[0].after
    assert {name for name in after if after[name] != before[name]} == {"title", "word", "stamp", "touched", "version"}


def test_a_value_that_the_database_computes_is_told(desk: Desk) -> None:
    made = desk.add(book())
    made.n = Book.n + 4
    assert desk.told() == [("update", "books", "1")]
    assert (desk.rows[0].before["n"], desk.rows[0].after["n"], desk.rows[0].after["twice"]) == (1, 5, 10)


def test_an_expired_record_is_told_as_it_was(desk: Desk) -> None:
    made = desk.add(book())
    desk.session.expire(made)
    made.title = "B"
    assert desk.told() == [("update", "books", "1")]
    assert desk.rows[0].before["title"] == "A"


def test_a_column_that_was_not_loaded_is_told(desk: Desk) -> None:
    desk.add(book())
    desk.get(Book, 1).text = "longer"
    assert desk.told() == [("update", "books", "1")]
    assert (desk.rows[0].before["text"], desk.rows[0].after["text"]) == ("long", "longer")
    desk.get(Book, 1).n = 5
    desk.told()
    assert desk.rows[0].after["text"] == "longer"


def test_a_change_within_a_document_is_told(desk: Desk) -> None:
    made = desk.add(book(data={"a": [1]}))
    made.data["a"].append(2)
    attributes.flag_modified(made, "data")
    assert desk.told() == [("update", "books", "1")]
    assert (desk.rows[0].before["data"], desk.rows[0].after["data"]) == ({"a": [1]}, {"a": [1, 2]})


def test_a_change_of_nothing_is_not_told(desk: Desk) -> None:
    made = desk.add(book())
    made.title = "B"
    made.title = "A"
    assert desk.told() == []


def test_a_change_of_a_secret_alone_shows_nothing_of_it(desk: Desk) -> None:
    made = desk.add(book())
    made.pin = "secret-2"
    desk.told()
    assert "secret" not in repr(desk.rows)


def test_several_flushes_are_told_one_by_one(desk: Desk) -> None:
    made = desk.add(book())
    made.n = 2
    assert desk.told() == [("update", "books", "1")]
    made.n = 3
    assert desk.told() == [("update", "books", "1")]
    desk.session.delete(made)
    assert desk.told() == [("delete", "books", "1")]
    assert desk.rows[0].before["n"] == 3


def test_a_record_that_comes_again_in_the_place_of_another_is_a_change_of_it(desk: Desk) -> None:
    made = desk.add(Shelf(code="a", title="A"))
    desk.session.delete(made)
    desk.session.add(Shelf(code="a", title="B"))
    assert desk.told() == [("update", "shelves", "a")]
    assert (desk.rows[0].before["title"], desk.rows[0].after["title"]) == ("A", "B")


def test_a_record_that_comes_again_later_is_told_twice(desk: Desk) -> None:
    made = desk.add(Shelf(code="a", title="A"))
    desk.session.delete(made)
    assert desk.told() == [("delete", "shelves", "a")]
    make_transient(made)
    desk.session.add(made)
    assert desk.told() == [("create", "shelves", "a")]


def test_a_merged_record_is_told(desk: Desk) -> None:
    desk.add(Shelf(code="a", title="A"))
    desk.session.expunge_all()
    desk.session.merge(Shelf(code="a", title="B"))
    desk.session.merge(Shelf(code="b", title="B"))
    assert desk.told() == [("create", "shelves", "b"), ("update", "shelves", "a")]


# -- Relations


def test_a_foreign_key_that_a_relation_fills_is_told(desk: Desk) -> None:
    made = desk.add(book())
    made.shelf = Shelf(code="a")
    made.pages.append(Page(number=1))
    assert desk.told() == [("create", "pages", "1"), ("create", "shelves", "a"), ("update", "books", "1")]


def test_what_an_update_after_the_others_sets_is_told(desk: Desk) -> None:
    made = book()
    page = Page(id=1, number=1, book=made)
    made.first = page
    desk.add(made)
    other = Page(id=2, number=2, book=made)
    made.first = other
    assert desk.told() == [("create", "pages", "2"), ("update", "books", "1")]
    made.first = None
    assert desk.told() == [("update", "books", "1")]


def test_orphans_are_told(desk: Desk) -> None:
    made = desk.add(book(pages=[Page(id=1), Page(id=2)]))
    made.pages.remove(made.pages[0])
    assert desk.told() == [("delete", "pages", "1")]


def test_what_the_orm_takes_along_is_told(desk: Desk) -> None:
    desk.add(book(pages=[Page(id=1), Page(id=2)]))
    desk.session.delete(desk.get(Book, 1))
    assert desk.told() == [("delete", "books", "1"), ("delete", "pages", "1"), ("delete", "pages", "2")]


def test_changes_of_many_to_many_are_told_on_the_side_that_was_changed(desk: Desk) -> None:
    made = desk.add(book(tags=[Tag(id=1, name="x"), Tag(id=2, name="y")]))
    made.tags = [made.tags[1], Tag(id=3, name="z")]
    told = desk.told()
    assert ("update", "books", "1") in told
    row = next(row for row in desk.rows if row.resource == "books")
    assert (row.before["tags"], row.after["tags"]) == ([1, 2], [2, 3])


def test_changes_of_many_to_many_by_the_other_side_are_told(desk: Desk) -> None:
    desk.add(book(tags=[Tag(id=1, name="x")]), book(2))
    tag, other = desk.get(Tag, 1), desk.session.get_one(Book, 2)
    tag.books.append(other)
    assert ("update", "tags", "1") in desk.told()
    row = next(row for row in desk.rows if row.resource == "tags")
    assert (row.before["books"], row.after["books"]) == ([1], [1, 2])


def test_changes_of_a_collection_that_is_never_loaded_are_told(desk: Desk) -> None:
    one, other = Tag(id=1, name="x"), Tag(id=2, name="y")
    made = desk.add(book(), one, other)
    made.topics.add(one)
    assert desk.told() == [("update", "books", "1")]
    made.topics.add(other)
    made.topics.remove(one)
    assert desk.told() == [("update", "books", "1")]
    assert (desk.rows[0].before["topics"], desk.rows[0].after["topics"]) == ([1], [2])


# -- What the database does


def test_what_the_database_takes_along_is_told_in_chains(desk: Desk) -> None:
    page = Page(id=1, lines=[Line(number=1), Line(number=2)])
    desk.add(page)
    desk.add(Remark(id=1, page_id=1, line_number=1), Remark(id=2, page_id=1, line_number=2))
    desk.add(Remark(id=3, answers_id=1))
    desk.session.delete(desk.get(Page, 1))
    assert desk.told() == [
        ("delete", "lines", "1,1"),
        ("delete", "lines", "1,2"),
        ("delete", "pages", "1"),
        ("delete", "remarks", "1"),
        ("delete", "remarks", "2"),
        ("update", "remarks", "3"),
    ]


def test_references_that_the_database_takes_away_are_told(desk: Desk) -> None:
    shelf = Shelf(code="a")
    desk.add(shelf, book(shelf=shelf), Remark(id=1))
    desk.add(Event(id=1, shelf_code="a"), Talk(id=2, shelf_code="a"))
    desk.session.get_one(Remark, 1).shelf_code = "a"
    desk.told()
    desk.session.delete(desk.get(Shelf, "a"))
    assert desk.told() == [
        ("delete", "shelves", "a"),
        ("update", "books", "1"),
        ("update", "events", "1"),
        ("update", "events", "2"),
        ("update", "remarks", "1"),
        ("update", "talks", "2"),
    ]


def test_a_record_that_is_changed_and_loses_its_reference_is_told_whole(desk: Desk) -> None:
    shelf = Shelf(code="a")
    made = desk.add(book(shelf=shelf), shelf)
    made.n = 8
    desk.session.delete(shelf)
    told = desk.told()
    assert ("update", "books", "1") in told
    assert desk.rows[-1].resource
    assert {row.after["n"] for row in desk.rows if row.resource == "books"} == {8}


def test_a_record_that_is_changed_and_taken_along_is_deleted(desk: Desk) -> None:
    shelf, vehicle = Shelf(code="a"), Truck(id=1, plate="P", load=1, shelf_code="a")
    desk.add(shelf)
    desk.add(vehicle)
    vehicle.plate = "Q"
    desk.session.delete(shelf)
    assert desk.told() == [("delete", "shelves", "a"), ("delete", "trucks", "1"), ("delete", "vehicles", "1")]
    assert {row.before["plate"] for row in desk.rows if row.resource == "vehicles"} == {"P"}


def test_two_that_go_at_once_take_away_both_references(desk: Desk) -> None:
    desk.add(Shelf(code="a"), Cupboard(id=1))
    desk.add(Remark(id=1, shelf_code="a", cupboard_id=1))
    shelf, cupboard = desk.session.get_one(Shelf, "a"), desk.session.get_one(Cupboard, 1)
    desk.session.delete(shelf)
    desk.session.delete(cupboard)
    assert desk.told() == [("delete", "shelves", "a"), ("update", "remarks", "1")]
    row = next(row for row in desk.rows if row.resource == "remarks")
    assert (row.after["shelf_code"], row.after["cupboard_id"]) == (None, None)


def test_what_goes_with_a_record_that_nobody_keeps_is_told(desk: Desk) -> None:
    desk.add(Room(id=1), Quiet(id=1))
    desk.add(Shelf(code="a", room_id=1), Heard(id=1, quiet_id=1))
    desk.session.delete(desk.session.get_one(Room, 1))
    desk.session.delete(desk.session.get_one(Quiet, 1))
    assert desk.told() == [("update", "heard", "1"), ("update", "shelves", "a")]


def test_what_goes_with_a_record_by_way_of_one_that_nobody_keeps_is_told(desk: Desk) -> None:
    desk.add(Shelf(code="a"))
    desk.add(Cupboard(id=1, shelf_code="a"))
    desk.add(Remark(id=1, cupboard_id=1))
    desk.session.delete(desk.session.get_one(Shelf, "a"))
    assert desk.told() == [("delete", "shelves", "a"), ("update", "remarks", "1")]


def test_the_reference_that_counts_is_the_one_that_is_stored(desk: Desk) -> None:
    made = desk.add(Shelf(code="a"))
    desk.add(book(shelf_code="a"))
    desk.session.expire_all()
    made.title = "never written"
    desk.session.delete(made)
    assert desk.told() == [("delete", "shelves", "a"), ("update", "books", "1")]


# -- Keys


def test_a_key_that_changes_is_an_end_and_a_beginning(desk: Desk) -> None:
    made = desk.add(Shelf(code="a", title="A"))
    made.code = "b"
    assert desk.told() == [("create", "shelves", "b"), ("delete", "shelves", "a")]


def test_a_key_that_changes_with_a_value_of_the_databases_making(desk: Desk) -> None:
    made = desk.add(Label(shelf_code=desk.add(Shelf(code="a")).code, place=1, text="x"))
    made.place = 2
    made.text = sa.func.upper("y")
    assert desk.told() == [("create", "labels", "a,2"), ("delete", "labels", "a,1")]


def test_references_that_follow_a_key_are_told(desk: Desk) -> None:
    desk.add(Shelf(code="a"), Remark(id=1))
    desk.add(book(shelf_code="a"), Label(shelf_code="a", place=1), Truck(id=1, shelf_code="a"))
    desk.session.get_one(Remark, 1).shelf_code = "a"
    desk.told()
    desk.get(Shelf, "a").code = "b"
    assert desk.told() == [
        ("create", "labels", "b,1"),
        ("create", "shelves", "b"),
        ("delete", "labels", "a,1"),
        ("delete", "shelves", "a"),
        ("update", "books", "1"),
        ("update", "remarks", "1"),
        ("update", "trucks", "1"),
        ("update", "vehicles", "1"),
    ]


# -- Inheritance


def test_a_record_of_two_resources_is_told_of_both(desk: Desk) -> None:
    made = desk.add(Truck(id=1, plate="P", load=1), Vehicle(id=2, plate="Q"), Bus(id=3, seats=5))
    made.plate = "R"
    assert desk.told() == [("update", "trucks", "1"), ("update", "vehicles", "1")]
    made.load = 5
    assert desk.told() == [("update", "trucks", "1")]
    desk.session.delete(desk.get(Vehicle, 1))
    desk.session.delete(desk.session.get_one(Vehicle, 3))
    assert desk.told() == [("delete", "trucks", "1"), ("delete", "vehicles", "1"), ("delete", "vehicles", "3")]


def test_records_of_one_table_are_told_of_both_resources(desk: Desk) -> None:
    made = desk.add(Talk(id=1, name="T", speaker="S"), Event(id=2))
    assert [row.resource for row in desk.rows].count("events") == 2
    made.speaker = "U"
    assert desk.told() == [("update", "talks", "1")]
    made.name = "V"
    assert desk.told() == [("update", "events", "1"), ("update", "talks", "1")]


def test_nothing_of_what_is_kept_out_is_told(desk: Desk) -> None:
    made = desk.add(Quiet(id=1, name="x"))
    made.name = "y"
    assert desk.told() == []


# -- What was not done


def test_nothing_of_a_savepoint_that_was_rolled_back_is_told(desk: Desk) -> None:
    made = desk.add(Shelf(code="a"), book())
    nested = desk.session.begin_nested()
    made.title = "B"
    desk.session.add(Label(shelf_code="a", place=1))
    desk.session.flush()
    nested.rollback()
    assert desk.told() == []
    made.title = "C"
    assert desk.told() == [("update", "shelves", "a")]
    assert desk.rows[0].before["title"] is None


def test_a_flush_that_failed_leaves_nothing_behind(desk: Desk) -> None:
    shelf = desk.add(Shelf(code="a", title="A"))
    made = desk.add(book(shelf_code="a"))
    nested = desk.session.begin_nested()
    desk.session.delete(shelf)
    made.first_id = 99  # no such page
    with pytest.raises(sa.exc.IntegrityError):
        desk.session.flush()
    nested.rollback()
    assert desk.told() == []
    desk.add(Tag(id=1, name="x"))
    assert [row.resource for row in desk.rows] == ["tags"]


def test_a_session_that_goes_on_after_a_failure_tells_what_was_stored_then(kept: Archive) -> None:
    """What had been read for the flush that failed is not what is stored now: others have written since."""
    with kept.database.sessions() as session:
        session.add(Shelf(code="r", title="1"))
        session.commit()
        shelf = session.get_one(Shelf, "r")
        shelf.title = "2"
        session.add(Shelf(code="r2", room_id=99))
        with pytest.raises(sa.exc.IntegrityError):
            session.flush()
        session.rollback()
        with kept.database.sessions() as other:
            other.get_one(Shelf, "r").title = "3"
            other.commit()
        shelf.title = "4"
        session.commit()
        check(session.connection(), kept.log)
        session.delete(shelf)
        session.commit()
        check(session.connection(), kept.log)


@pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)
def test_what_others_have_written_since_a_record_was_read_is_not_told_away(kept: Archive) -> None:
    """Only PostgreSQL lets two write at once: the images are of the row as it is stored, not as it was read."""
    with kept.database.sessions() as session, kept.database.sessions() as other:
        session.add_all([Shelf(code="s", title="1"), Room(id=8)])
        session.commit()
        mine, theirs = session.get_one(Shelf, "s"), other.get_one(Shelf, "s")
        theirs.title = "2"
        other.commit()
        mine.room_id = 8
        session.flush()
        check(session.connection(), kept.log)
        mine.room_id = None
        session.commit()
        check(session.connection(), kept.log)
        assert mine.title == "2"
        for each in (mine, session.get_one(Room, 8)):
            session.delete(each)
        session.commit()


def test_what_is_written_while_a_transaction_commits_has_its_position(kept: Archive) -> None:
    """Somebody else's listener writes when ours has numbered already."""
    with kept.database.sessions() as session:

        @sa.event.listens_for(session, "before_commit", once=True)
        def late(session: Session) -> None:
            session.add(Shelf(code="late"))

        session.add(Shelf(code="early"))
        session.commit()
        table = kept.log.table
        assert session.scalar(sa.select(sa.func.count()).where(table.c.position.is_(None))) == 0
        for code in ("late", "early"):
            session.delete(session.get_one(Shelf, code))
        session.commit()
        check(session.connection(), kept.log)


def test_each_application_of_a_process_has_its_own_log_or_none(
    kept: Archive, databases: Any, dialect_name: str
) -> None:
    with (
        databases.empty(dialect_name) as url,
        databases.empty(dialect_name) as third,
        archive(url) as second,
        archive(third, logged=False) as silent,
    ):
        for _ in ("once",):
            for each in (kept, second, silent):
                with each.database.sessions() as session:
                    session.add_all([Shelf(code="own"), Room(id=5)])
                    session.flush()
                    session.add(Book(id=900, title="T", shelf_code="own"))
                    session.commit()
                    session.delete(session.get_one(Shelf, "own"))
                    session.delete(session.get_one(Room, 5))
                    session.commit()
                    session.delete(session.get_one(Book, 900))
                    session.commit()
            for each in (kept, second):
                with each.database.sessions() as session:
                    check(session.connection(), each.log)
                    table = each.log.table
                    own = sa.select(sa.func.count()).where(table.c.resource == "shelves", table.c.key == "own")
                    assert session.scalar(own) == 2
