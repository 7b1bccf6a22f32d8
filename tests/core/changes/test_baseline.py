"""Records that are older than the log enter it with all that later changes tell no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from colonnade.core.changes import Origin
from colonnade.core.changes.baseline import enter_baseline
from colonnade.plugins.history.models import Change
from tests.core.changes.archive.application import Archive, archive
from tests.core.changes.archive.models import Book
from tests.core.changes.archive.replaying import check, stored


@pytest.fixture
def kept(fresh_database_url: str) -> Iterator[Archive]:
    """Two books with tags, of which the log knows nothing."""
    with archive(fresh_database_url) as made:
        with made.database.engine.begin() as connection:
            for number in (1, 2, 3):
                connection.execute(
                    sa.text(
                        f"INSERT INTO archive_book (id, \"the title\", version, data) VALUES ({number}, 'x', 1, 'null')"
                    )
                )
                connection.execute(sa.text(f"INSERT INTO archive_tag (id, name) VALUES ({number}, 'x')"))
            connection.execute(sa.text("INSERT INTO archive_book_tag (book, tag) VALUES (1, 2), (1, 1), (2, 2)"))
        for name in ("books", "tags"):
            enter_baseline(made.database, made.log, made.log.resources[name], Origin("baseline"), batch=2)
        yield made


def test_lists_of_keys_enter_with_their_records(kept: Archive) -> None:
    with kept.database.engine.connect() as connection:
        check(connection, kept.log)
        assert [stored(connection, kept.log)["books"][key]["tags"] for key in "123"] == [[1, 2], [2], []]
        found = connection.execute(sa.select(Change.after).where(Change.resource == "books").order_by(Change.id))
        assert [after["tags"] for (after,) in found] == [[1, 2], [2], []]


def test_what_came_after_is_replayed_and_undone(kept: Archive) -> None:
    hr = kept.client(None, "hr")
    with kept.database.engine.connect() as connection:
        before = stored(connection, kept.log)
    with kept.database.sessions.begin() as session:
        session.get_one(Book, 1).n = 5  # a change that tells nothing of lists
    listed = hr.patch_json("/api/v1/books/2", {"tags": [3, 1]}).headers["X-Request-Id"]
    gone = hr.delete("/api/v1/tags/2").headers["X-Request-Id"]
    with kept.database.engine.connect() as connection:
        check(connection, kept.log)
    for request_id in (gone, listed):
        hr.post(f"/api/v1/requests/{request_id}/undo")
        with kept.database.engine.connect() as connection:
            check(connection, kept.log)
    with kept.database.engine.connect() as connection:
        now = stored(connection, kept.log)
    assert {key: each["tags"] for key, each in now["books"].items()} == {
        key: each["tags"] for key, each in before["books"].items()
    }


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)
def test_a_record_with_a_calculated_value_out_of_bounds_enters_and_its_list_grows_shorter(
    fresh_database_url: str,
) -> None:
    with archive(fresh_database_url) as made:
        with made.database.engine.begin() as connection:
            for text in (
                "INSERT INTO archive_book (id, \"the title\", version, n) VALUES (1, 'x', 1, 2147483647)",
                "INSERT INTO archive_tag (id, name) VALUES (1, 'x')",
                "INSERT INTO archive_book_topic (book, tag) VALUES (1, 1)",
            ):
                connection.execute(sa.text(text))
        for name in ("books", "tags"):
            enter_baseline(made.database, made.log, made.log.resources[name], Origin("baseline"), batch=2)
        made.client(None, "hr").delete("/api/v1/tags/1", status=204)
        with made.database.engine.connect() as connection:
            asked = sa.select(Change.verb, Change.before, Change.after).where(Change.resource == "books")
            (_, _, entered), (_, before, after) = connection.execute(asked.order_by(Change.id))
        assert entered["twice"] == 2**32 - 2
        assert before == {name: value for name, value in entered.items() if name != "tags"}
        assert after == {**before, "topics": []}
