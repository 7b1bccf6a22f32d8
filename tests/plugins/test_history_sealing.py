"""The log is sealed, and whatever becomes of it afterwards is found out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from colonnade.plugins.history.sealing.digests import batch_digest, canonical, row_digest
from colonnade.plugins.history.sealing.seals import CHANGE, LEAF, SEAL, seal, seal_hash
from colonnade.plugins.history.sealing.verifying import Report, verify
from tests.cli.running import Shell, shell_in
from tests.core.changes.works import Box, works
from tests.harness.applications import Application


@pytest.fixture
def made(fresh_database_url: str) -> Iterator[Application]:
    with works(fresh_database_url) as made:
        yield made


@pytest.fixture
def command(fresh_database_url: str, tmp_path: Path) -> Shell:
    return shell_in(tmp_path, fresh_database_url, "accounts", "rest", "history", "tests.core.changes.works")


def write(made: Application, number: int, **values: Any) -> None:
    with made.database.sessions.begin() as session:
        session.add_all(Box(title=f"box {each}", **values) for each in range(number))


def execute(made: Application, *statements: Any) -> None:
    """What an intruder does."""
    with made.database.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def found(made: Application, **options: Any) -> list[tuple[str, int | None]]:
    return [(each.what, each.position) for each in verify(made.database, **options).findings]


def test_what_was_sealed_is_verified_and_sealing_again_seals_what_is_new(made: Application) -> None:
    assert seal(made.database).hash == ""
    write(made, 5)
    first = seal(made.database, batch=2)
    write(made, 1)

    assert (first.last, first.rows) == (5, 5)
    assert seal(made.database, until=5) == type(first)(first.hash, 5, 0)
    report = verify(made.database)
    assert report == Report(hash=first.hash, sealed=5, unsealed=1)
    second = seal(made.database)
    assert (second.last, second.rows) == (6, 1)
    assert second.hash != first.hash
    assert found(made, expect=first.hash) == found(made, expect=f" {second.hash.upper()}\n") == []
    assert found(made, expect="0" * 64) == [("unexpected", None)]


ROW_THREE = CHANGE.c.position == 3
ALTERED: dict[str, Any] = {
    "at": datetime(2020, 1, 1, tzinfo=UTC),
    "request_id": "x",
    "actor_id": "x",
    "actor": "x",
    "token": "x",
    "channel": "x",
    "resource": "x",
    "key": "x",
    "verb": "x",
    "count": 1,
    "before": {},
    "after": {"size": 2},
}


@pytest.mark.parametrize("column", ALTERED)
def test_a_row_that_was_altered_is_found(made: Application, column: str) -> None:
    write(made, 5)
    seal(made.database, batch=2)

    execute(made, sa.update(CHANGE).where(ROW_THREE).values({column: ALTERED[column]}))

    assert found(made) == [("altered", 3)]
    (finding,) = verify(made.database).findings
    assert (finding.first, finding.last) == (3, 4)


def test_a_row_that_was_removed_or_put_in_is_found(made: Application) -> None:
    write(made, 5)
    seal(made.database, batch=2)
    with made.database.read() as connection:
        (row,) = connection.rows(sa.select(CHANGE).where(CHANGE.c.position == 2))
    execute(made, sa.delete(CHANGE).where(ROW_THREE))
    assert found(made) == [("removed", 3)]

    execute(made, sa.delete(CHANGE).where(CHANGE.c.position == 2))
    put_in = {**row._mapping, "id": 100, "position": 3}
    execute(made, sa.insert(CHANGE).values(put_in))
    assert found(made) == [("removed", 2), ("altered", 3)]
    execute(made, sa.insert(CHANGE).values({**put_in, "id": 101, "position": -1}))
    execute(made, sa.delete(LEAF).where(LEAF.c.position == 4))
    assert ("inserted", 4) in found(made)


def test_rows_that_have_changed_places_are_found(made: Application) -> None:
    write(made, 2)
    seal(made.database)
    place = sa.update(CHANGE)
    execute(
        made,
        place.where(CHANGE.c.position == 1).values(position=9),
        place.where(CHANGE.c.position == 2).values(position=1),
        place.where(CHANGE.c.position == 9).values(position=2),
    )
    assert found(made) == [("altered", 1), ("altered", 2)]


def test_one_who_covers_his_tracks_in_part_is_found_in_the_batch(made: Application) -> None:
    write(made, 5)
    seal(made.database, batch=2)
    execute(made, sa.delete(CHANGE).where(ROW_THREE), sa.delete(LEAF).where(LEAF.c.position == 3))
    assert [(each.what, each.first, each.last) for each in verify(made.database).findings] == [("altered", 3, 4)]

    execute(made, sa.update(SEAL).where(SEAL.c.last == 4).values(count=1, digest="x"))
    assert "broken" in {what for what, _ in found(made)}


@pytest.mark.parametrize("last", [2, 4])
def test_a_seal_that_is_missing_is_found_but_for_the_last_which_an_anchor_finds(made: Application, last: int) -> None:
    write(made, 6)
    anchor = seal(made.database, batch=2).hash
    execute(made, sa.delete(SEAL).where(SEAL.c.last == last))
    assert ("broken", None) in found(made)

    execute(made, sa.delete(SEAL).where(SEAL.c.last >= last), sa.delete(CHANGE).where(CHANGE.c.position >= last))
    execute(made, sa.delete(SEAL), sa.delete(LEAF))
    seal(made.database)
    assert found(made) == []
    assert found(made, expect=anchor) == [("unexpected", None)]


def test_sealing_waits_for_no_writer_and_holds_none_up(made: Application, dialect_name: str) -> None:
    write(made, 2)
    with made.database.sessions() as writer:
        writer.add(Box(title="not committed"))
        writer.flush()
        if dialect_name == "postgresql":  # SQLite has one writer at a time: there the seal would wait for this one
            assert seal(made.database).last == 2
            with made.database.sessions() as other:
                other.add(Box(title="beside"))
                other.commit()
        writer.commit()
    seal(made.database)
    assert found(made) == []


AWKWARD = {
    "b": [1, 1.0, -0.0, 0.1, 1e22, 5e-324, 1.5e300, 123456789.25, 2**60, True, None],
    "a": {"é": "ü\u2028\U0001f600", "A": "", "aa": '"\\\x1f'},
    "amount": "71003.10",
}


def test_both_databases_give_the_same_bytes(made: Application) -> None:
    values: dict[str, Any] = {
        "request_id": "r",
        "actor": "李",
        "channel": "code",
        "resource": "boxes",
        "key": "1",
        "verb": "create",
        "at": datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=UTC),
        "position": 1,
        "before": None,
        "after": AWKWARD,
        "actor_id": None,
        "token": None,
        "count": None,
    }
    execute(made, sa.insert(CHANGE).values(values))

    with made.database.read() as connection:
        (row,) = connection.rows(sa.select(CHANGE))

    assert canonical(row.after) == canonical(AWKWARD)
    assert canonical({"b": 1.0, "a": [0.5, "é"]}) == '{"a":[0.5,"é"],"b":1}'
    assert row_digest(row._mapping, "salt", None) == row_digest(values, "salt", None)
    assert row_digest(values, "salt", None)[:12] == "ad52f52457a5"


def test_seal_prints_a_hash_to_keep_and_verify_tells_by_its_exit_code(made: Application, command: Shell) -> None:
    assert command.run("audit", "seal").stdout == ""
    write(made, 3)
    anchor = command.run("audit", "seal").stdout
    assert len(anchor) == 65
    assert command.run("audit", "seal").stdout == anchor
    assert command.json("audit", "seal") == {"hash": anchor.strip(), "last": 3, "sealed": 0}
    assert "3 sealed" in command.run("audit", "verify", "--expect", anchor.strip()).stdout

    execute(made, sa.update(CHANGE).where(CHANGE.c.position == 2).values(actor="nobody"))

    assert "position 2 of batch 1 was altered" in command.run("audit", "verify", exit_code=1).stdout
    (finding,) = command.json("audit", "verify", exit_code=1)["findings"]
    assert (finding["what"], finding["position"]) == ("altered", 2)
    assert json.loads(command.run("audit", "verify", "--expect", "x", "--json", exit_code=1).stdout)["hash"]


def test_a_seal_that_was_made_anew_is_found_by_the_next_one(made: Application) -> None:
    write(made, 4)
    seal(made.database, batch=2)
    with made.database.read() as connection:
        leaves = connection.rows(sa.select(LEAF).where(LEAF.c.position <= 2).order_by(LEAF.c.position))
        (row,) = connection.rows(sa.select(CHANGE).where(CHANGE.c.position == 2))
    forged = row_digest({**row._mapping, "actor": "somebody else"}, leaves[1].salt, None)
    values: dict[str, Any] = {"first": 1, "last": 2, "count": 2, "previous": ""}
    values["digest"] = batch_digest([leaves[0].digest, forged])
    execute(
        made,
        sa.update(CHANGE).where(CHANGE.c.position == 2).values(actor="somebody else"),
        sa.update(LEAF).where(LEAF.c.position == 2).values(digest=forged),
        sa.update(SEAL).where(SEAL.c.last == 2).values(**values, hash=seal_hash(values)),
    )
    (finding,) = verify(made.database).findings
    assert (finding.what, finding.first) == ("broken", 3)


@pytest.mark.parametrize("dialect_name", ["sqlite"], indirect=True)  # which stores anything in any column
@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE change SET after = '{' WHERE position = 2",
        "UPDATE change SET after = '[1]' WHERE position = 2",
        "UPDATE change SET after = '{\"$erased\": 5}' WHERE position = 2",
        "UPDATE change SET at = 'yesterday' WHERE position = 2",
        "UPDATE change SET actor = x'ff' WHERE position = 2",
        "UPDATE change SET verb = 'erase', after = '{' WHERE position = 2",
        "UPDATE change SET verb = 'prune', after = '5' WHERE position = 2",
        "UPDATE change_leaf SET salt = NULL, salts = '5' WHERE position = 2",
        "UPDATE change_leaf SET salts = '{' WHERE position = 2",
    ],
)
def test_what_cannot_be_read_any_more_is_found_too(made: Application, tampering: str) -> None:
    write(made, 4)
    seal(made.database, batch=4)
    with made.database.engine.begin() as connection:
        connection.execute(sa.text(tampering))
    findings = verify(made.database).findings
    assert {(finding.what, finding.position) for finding in findings} == {("altered", 2)}
    assert len(verify(made.database, expect="x").findings) > len(findings)
