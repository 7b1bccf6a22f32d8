"""What is older than the log enters it, what is too old leaves it, and what it must not know is erased."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from colonnade.core.changes import Log, Origin, log_of, unlogged
from colonnade.core.changes.baseline import enter_baseline
from colonnade.core.changes.images import ERASED
from colonnade.core.problems import Unprocessable
from colonnade.plugins.history.models import Change
from colonnade.plugins.history.sealing import pruning
from colonnade.plugins.history.sealing.erasing import erase
from colonnade.plugins.history.sealing.pruning import position_before, position_leaving, prune, whole_until
from colonnade.plugins.history.sealing.seals import CHANGE, LEAF, SEAL, seal
from colonnade.plugins.history.sealing.verifying import verify
from tests.cli.running import Shell, shell_in
from tests.core.changes.works import Box, Party, Person, Scrap, works
from tests.harness.applications import Application
from tests.harness.counts import thorough

ORIGIN = Origin("a-request", actor="operator", channel="cli")
BOX = Box.__table__


@pytest.fixture
def made(fresh_database_url: str) -> Iterator[Application]:
    with works(fresh_database_url) as made:
        yield made


@pytest.fixture
def log(made: Application) -> Log:
    log = log_of(made.registry)
    assert log is not None
    return log


@pytest.fixture
def command(made: Application, fresh_database_url: str, tmp_path: Path) -> Shell:
    return shell_in(tmp_path, fresh_database_url, "accounts", "rest", "history", "tests.core.changes.works")


def older(made: Application, number: int) -> None:
    """Boxes of which the log knows nothing."""
    if number == 0:
        return
    with made.database.engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO works_box (name, size, note, code) VALUES (:name, :size, 'n', 'c')"),
            [{"name": f"box {each}", "size": each} for each in range(1, number + 1)],
        )


def changes(made: Application, **where: Any) -> list[Change]:
    with made.database.sessions() as session:
        return list(session.scalars(sa.select(Change).filter_by(**where).order_by(Change.position)))


def replayed(made: Application, resource: str) -> dict[str, dict[str, Any]]:
    """What the log says that there is."""
    state: dict[str, dict[str, Any]] = {}
    for each in changes(made, resource=resource):
        if not each.key:
            continue
        if each.after is None:
            del state[each.key]
        else:
            assert each.verb in ("create", "baseline") or each.key in state, f"{each.verb} of what was not there"
            state[each.key] = each.after
    return state


def stored(made: Application) -> dict[str, dict[str, Any]]:
    with made.database.sessions() as session:
        return {
            str(each.id): {
                "id": each.id,
                "title": each.title,
                "size": each.size,
                "note": each.note,
                "parent_id": each.parent_id,
            }
            for each in session.scalars(sa.select(Box))
        }


def baseline(made: Application, log: Log, name: str = "boxes", **options: Any) -> int:
    return enter_baseline(made.database, log, log.resources[name], ORIGIN, **options)


# -- Baseline


def test_records_that_are_older_than_the_log_enter_it_once(made: Application, log: Log) -> None:
    older(made, 25)
    with made.database.sessions.begin() as session:
        session.add(Box(title="known"))
        session.get_one(Box, 7).size = 700

    assert baseline(made, log, batch=10) == 24
    assert baseline(made, log, batch=10) == 0

    entered = changes(made, verb="baseline")
    assert [each.position for each in entered] == list(range(3, 27))
    assert {(each.before, each.actor, each.channel, each.request_id) for each in entered} == {
        (None, "operator", "cli", "a-request")
    }
    assert "code" not in entered[0].after
    with made.database.sessions.begin() as session:
        unlogged(session, sa.delete(Box).where(Box.id == 7), "its create is older than the log")
    assert dict(replayed_but(made, "7").items()) == stored(made)


def replayed_but(made: Application, key: str) -> dict[str, Any]:
    state: dict[str, Any] = {}
    for each in changes(made, resource="boxes"):
        if each.key not in ("", key):
            state[each.key] = each.after
    return state


@pytest.mark.parametrize("number", [0, 1, 10, 20])
def test_batches_end_where_the_records_end(made: Application, log: Log, number: int) -> None:
    older(made, number)
    assert baseline(made, log, batch=10) == number
    assert len(changes(made)) == number


def test_classes_that_inherit_enter_as_what_they_are(made: Application, log: Log) -> None:
    with made.database.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO works_party (id, kind, name) VALUES (1, 'party', 'firm')"))
        connection.execute(sa.text("INSERT INTO works_party (id, kind, name) VALUES (2, 'person', 'ann')"))
        connection.execute(sa.text("INSERT INTO works_person (id, age) VALUES (2, 40)"))
    assert (baseline(made, log, "people"), baseline(made, log, "parties")) == (1, 2)
    assert replayed(made, "people") == {"2": {"id": 2, "kind": "person", "name": "ann", "age": 40}}
    assert set(replayed(made, "parties")) == {"1", "2"}
    assert Party.__tablename__ != Person.__tablename__


@pytest.mark.parametrize("batch", [3, 50])
def test_beside_writers_no_record_is_overtaken_or_lost(made: Application, log: Log, batch: int) -> None:
    older(made, 50)
    begun, failures = threading.Barrier(3), []

    def writing(offset: int) -> None:
        try:
            begun.wait()
            for number in range(1, 51):
                with made.database.sessions.begin() as session:
                    box = session.get_one(Box, (number * 7 + offset) % 50 + 1, with_for_update=True)
                    box.size += 1000
        except Exception as error:  # noqa: BLE001 told below
            failures.append(error)

    threads = [threading.Thread(target=writing, args=(offset,)) for offset in (0, 25)]
    for thread in threads:
        thread.start()
    begun.wait()
    baseline(made, log, batch=batch)
    for thread in threads:
        thread.join()

    assert failures == []
    state: dict[str, Any] = {}
    for each in changes(made):
        if each.key in state:
            assert each.verb == "update"
            assert each.before == state[each.key]
        state[each.key] = each.after
    assert state == stored(made)


def test_the_verb_enters_all_resources_or_those_that_are_named(made: Application, command: Shell) -> None:
    older(made, 3)
    assert command.json("history", "baseline", "people") == {"people": 0}
    assert command.json("history", "baseline") == {"boxes": 3, "parties": 0, "people": 0}
    assert "boxes: 0 entered" in command.run("history", "baseline", "boxes").stdout
    assert "boxes" in command.run("history", "baseline", "boxs", exit_code=2).stderr
    assert "keeps no changes of scraps" in command.run("history", "baseline", "scraps", exit_code=2).stderr
    assert {each.channel for each in changes(made)} == {"cli"}
    assert Scrap.__tablename__


# -- Pruning


def busy(made: Application) -> None:
    """Twelve changes: boxes 1 to 4 are made, changed, and 2 is deleted; then 3 is changed again."""
    with made.database.sessions.begin() as session:
        session.add_all(Box(title=f"box {each}") for each in range(1, 5))
    for size in (10, 20):
        with made.database.sessions.begin() as session:
            for key in (1, 2, 3):
                session.get_one(Box, key).size = size
    with made.database.sessions.begin() as session:
        session.delete(session.get_one(Box, 2))
    with made.database.sessions.begin() as session:
        session.get_one(Box, 3).size = 30


#: Batches of every size on SQLite; on PostgreSQL, but in a thorough run, those that end within what is cut.
BATCHES = [("sqlite", 1), ("sqlite", 3), ("sqlite", 100), ("postgresql", 3)]
BATCHES += [("postgresql", 1), ("postgresql", 100)] if thorough() else []


@pytest.mark.parametrize("dialect_name, batch", BATCHES, indirect=["dialect_name"])
@pytest.mark.parametrize("cut", range(14))
def test_what_is_left_replays_to_what_there_is(made: Application, log: Log, cut: int, batch: int) -> None:
    busy(made)
    seal(made.database, batch=batch, until=11)
    anchor = seal(made.database).hash

    gone = prune(made.database, log, cut, ORIGIN)

    assert replayed(made, "boxes") == stored(made)
    assert verify(made.database, expect=anchor).findings == []
    assert verify(made.database).pruned == gone
    assert prune(made.database, log, cut, ORIGIN) == 0
    if cut >= 12:
        left = {(each.verb, each.key) for each in changes(made)}
        assert left == {("baseline", "4"), ("baseline", "1"), ("baseline", "3"), ("prune", "")}


def test_pruning_again_goes_on_from_what_was_left(made: Application, log: Log) -> None:
    busy(made)
    for cut in (4, 7, 10):
        prune(made.database, log, cut, ORIGIN)
        assert verify(made.database).findings == []
        assert replayed(made, "boxes") == stored(made)
    assert len(changes(made, verb="baseline")) == 4
    assert len(changes(made, verb="prune")) == 3
    prune(made.database, log, 100, ORIGIN)
    left = [each.id for each in changes(made)]
    assert prune(made.database, log, 100, ORIGIN) == 0
    assert [each.id for each in changes(made)] == left
    assert len(changes(made, verb="baseline")) == 3
    assert verify(made.database).findings == []


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("cut", [3, 6, 7, 9, 13])
def test_of_a_request_all_changes_go_or_none(made: Application, log: Log, cut: int, batch: int) -> None:
    busy(made)
    seal(made.database, batch=batch)
    requests: dict[str, list[int | None]] = {}
    for each in changes(made):
        requests.setdefault(each.request_id, []).append(each.position)

    prune(made.database, log, cut, ORIGIN)

    left = {each.position for each in changes(made) if each.verb not in ("baseline", "prune")}
    for positions in requests.values():
        kept = [each for each in positions if each in left]
        assert kept in ([], positions)
        if kept:
            assert max(kept) > cut or batch > 1


def test_a_request_that_goes_on_stays_whole_and_so_does_what_came_meanwhile(made: Application, log: Log) -> None:
    with made.database.sessions() as session:
        session.add(Box(title="first"))
        session.commit()
        busy(made)
        session.add(Box(title="last"))
        session.commit()
    assert whole_until(made.database, 13) == 0
    assert prune(made.database, log, 13, ORIGIN) == 0
    assert len(changes(made)) == 14
    assert whole_until(made.database, 14) == 14


def test_a_batch_is_sealed_where_a_request_ends(made: Application) -> None:
    busy(made)
    seal(made.database, batch=5)
    with made.database.read() as connection:
        assert [last for (last,) in connection.rows(sa.select(SEAL.c.last).order_by(SEAL.c.last))] == [4, 7, 12]


def test_a_request_of_which_a_part_has_gone_is_not_undone(made: Application, log: Log, command: Shell) -> None:
    """Pruning was killed: it began with the last batch, and the first is still there."""
    with made.database.sessions.begin() as session:
        session.add_all(Box(title=f"box {each}") for each in range(1, 5))
    request_id = changes(made)[0].request_id
    with made.database.sessions.begin() as session:
        for box in session.scalars(sa.select(Box)):
            session.delete(box)
    seal(made.database, batch=2)
    pruning._prune_batch(made.database, log, 4, 8, ORIGIN)

    assert [each.position for each in changes(made, request_id=request_id)] == [1, 2]
    refused = command.json("undo", request_id, exit_code=1)
    assert refused["type"] == "urn:colonnade:problem:not-undoable"
    assert "Old changes have left the log" in refused["detail"]


def test_a_pruned_log_that_is_altered_is_found(made: Application, log: Log) -> None:
    busy(made)
    prune(made.database, log, 12, ORIGIN)
    (row,) = changes(made, key="4")
    with made.database.engine.begin() as connection:
        connection.execute(sa.update(CHANGE).where(CHANGE.c.key == "4").values(after={"id": 4, "size": 99}))
    assert [(each.what, each.position) for each in verify(made.database).findings] == [("altered", row.position)]

    with made.database.engine.begin() as connection:
        connection.execute(sa.delete(CHANGE).where(CHANGE.c.verb == "prune"))
    assert "broken" in {each.what for each in verify(made.database).findings}


def test_pruning_is_by_age_or_by_number(made: Application, command: Shell) -> None:
    busy(made)
    with made.database.engine.begin() as connection:
        old = datetime.now(UTC) - timedelta(days=100)
        connection.execute(sa.update(CHANGE).where(CHANGE.c.position <= 4).values(at=old))
    assert position_before(made.database, datetime.now(UTC) - timedelta(days=90)) == 4
    assert position_before(made.database, datetime.now(UTC) - timedelta(days=200)) == 0
    assert position_before(made.database, datetime.now(UTC)) == 12
    assert (position_leaving(made.database, 5), position_leaving(made.database, 50)) == (7, 0)

    assert command.json("history", "prune", "--older-than", "200d") == {"pruned": 0, "through": 0}
    assert command.json("history", "prune", "--older-than", "90d") == {"pruned": 0, "through": 4}
    assert "Pruned 9 changes" in command.run("history", "prune", "--keep", "0").stdout
    command.run("history", "prune", exit_code=2)
    command.run("history", "prune", "--keep", "1", "--older-than", "1d", exit_code=2)
    assert "90d" in command.run("history", "prune", "--older-than", "soon", exit_code=2).stderr
    command.run("audit", "verify")


# -- Erasing


def of_a_person(made: Application) -> None:
    with made.database.sessions.begin() as session:
        session.add_all([Box(title="hers", note="born 1970-01-01"), Box(title="his", note="other")])
    with made.database.sessions.begin() as session:
        session.get_one(Box, 1).note = "born 1971-01-01"


def erased(made: Application, log: Log, key: str = "1") -> int:
    with made.database.sessions.begin() as session:
        return erase(session, log, log.resources["boxes"], key)


@pytest.mark.parametrize("sealed", ["before", "after", "between", "never"])
def test_personal_fields_go_from_all_images_and_the_seals_still_hold(made: Application, log: Log, sealed: str) -> None:
    of_a_person(made)
    anchor = seal(made.database, until={"before": 3, "between": 2}.get(sealed, 0)).hash or None

    assert erased(made, log) == 2
    assert erased(made, log) == 0

    if sealed == "after":
        seal(made.database)
    report = verify(made.database, expect=anchor)
    assert report.findings == []
    assert report.erased == {"before": 2, "between": 1, "after": 2, "never": 0}[sealed]
    with made.database.engine.connect() as connection:
        texts = str([*connection.execute(sa.select(CHANGE)), *connection.execute(sa.select(LEAF))])
    assert "born" not in texts
    assert "other" in texts
    for each in changes(made, key="1"):
        assert each.after["title"] == "hers"
        assert "note" not in each.after
        assert set(each.after[ERASED]) == {"note"}
    (notice,) = changes(made, verb="erase")
    assert (notice.key, notice.count) == ("", 2)
    assert notice.after == {"key": "1", "fields": ["note"], "resources": ["boxes"]}


def test_an_erasure_hides_nothing_else(made: Application, log: Log) -> None:
    of_a_person(made)
    seal(made.database)
    erased(made, log)
    (row,) = changes(made, key="1", verb="create")

    def findings(**after: Any) -> list[tuple[str, int | None]]:
        with made.database.engine.begin() as connection:
            altered = {name: value for name, value in {**row.after, **after}.items() if value is not ...}
            connection.execute(sa.update(CHANGE).where(CHANGE.c.id == row.id).values(after=altered))
        return [(each.what, each.position) for each in verify(made.database).findings]

    altered = [("altered", row.position)]
    assert findings() == []
    assert findings(title="x") == altered
    assert findings(title=...) == altered
    assert findings(note="born 1970-01-01") == altered
    assert findings(more=1) == altered
    assert findings(**{ERASED: {"note": "0" * 64}}) == altered
    assert findings(**{ERASED: {"note": None}}) == altered
    assert findings(**{ERASED: {}}) == altered


def test_an_erasure_that_nobody_told_is_found(made: Application, log: Log) -> None:
    of_a_person(made)
    seal(made.database)
    erased(made, log)
    with made.database.engine.begin() as connection:
        connection.execute(sa.delete(CHANGE).where(CHANGE.c.verb == "erase"))
    assert [each.what for each in verify(made.database).findings] == ["altered", "altered"]


def test_what_was_erased_cannot_be_found_out_by_trying(made: Application, log: Log) -> None:
    of_a_person(made)
    seal(made.database)
    erased(made, log)
    with made.database.sessions() as session:
        leaves = session.execute(sa.select(LEAF).join(CHANGE, CHANGE.c.position == LEAF.c.position)).all()
    salted = [leaf for leaf in leaves if leaf.salt is None]
    assert len(salted) == 2
    assert not any(name.endswith(".note") for leaf in salted for name in leaf.salts)


def test_pruning_and_erasing_go_together(made: Application, log: Log) -> None:
    of_a_person(made)
    seal(made.database)
    erased(made, log)
    prune(made.database, log, 3, ORIGIN)
    assert verify(made.database).findings == []
    erased(made, log, "2")
    seal(made.database)
    assert verify(made.database).findings == []
    prune(made.database, log, 100, ORIGIN)
    assert verify(made.database).findings == []
    assert len(changes(made, verb="erase")) == 2


def test_the_verb_erases(made: Application, log: Log, command: Shell) -> None:
    of_a_person(made)
    said = command.run("history", "erase", "boxes", "1")
    assert "boxes/1 from 2 changes" in said.stdout
    assert "record itself" in said.stderr
    assert command.json("history", "erase", "boxes", "4711") == {"erased": 0}
    assert "no personal fields" in command.run("history", "erase", "parties", "1", exit_code=1).stderr
    with pytest.raises(Unprocessable), Session() as session:
        erase(session, log, log.resources["people"], "1")
