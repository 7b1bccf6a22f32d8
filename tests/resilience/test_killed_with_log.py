"""A server that is killed at any moment under clients who write: no change without its row in the log, no row in the
log without its change, and what was answered is there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest
import sqlalchemy as sa

from colonnade.core.changes import log_of
from colonnade.core.changes.sequencing import number_committed
from colonnade.plugins.history.models import Change, ChangeCounter
from tests.core.changes.archive.replaying import check
from tests.functional.company import PLUGINS, Company, company
from tests.harness import counts
from tests.resilience.server_process import server_process
from tests.resilience.serving import PATIENCE, Client
from tests.resilience.test_killed_server import FIRST, LATEST, WRITERS, Written, write

KILLS = counts(2, 200)  # with each way of numbering, on each database
LOGGED = (*PLUGINS, "history")


@pytest.fixture
def firm(fresh_database_url: str) -> Iterator[Company]:
    """A company whose database outlives its servers."""
    with company(fresh_database_url, **{"colonnade.plugins": "\n".join(LOGGED)}) as made:
        yield made


@pytest.mark.parametrize("positions", ["counter", "sequencer"])
def test_there_is_no_change_without_its_row_and_no_row_without_its_change(firm: Company, positions: str) -> None:
    written, numbers, chance = Written(), count(FIRST), random.Random(11)
    url = firm.database.url.render_as_string(hide_password=False)
    for kill in range(KILLS):
        with server_process(url, LOGGED, **{"history.positions": positions}) as (process, port):
            client, begun = Client(port, firm.tokens["hr"]), Event()
            assert client.get("/ready").status == 200
            with ThreadPoolExecutor(WRITERS) as writers:
                writing = [writers.submit(write, client, each, numbers, written, begun) for each in range(WRITERS)]
                if kill % 5 < 4:
                    begun.wait(PATIENCE)
                Event().wait(chance.uniform(0, LATEST))
                process.kill()
            for each in writing:
                each.result()
        hold(firm, written)
    assert written.departments


def hold(firm: Company, written: Written) -> None:
    """Replay the log, and hold it against the tables, the counter and what was answered."""
    log = log_of(firm.app.registry)
    assert log is not None
    number_committed(firm.database, log)
    with firm.database.sessions() as session:
        check(session.connection(), log)
        positions = list(session.scalars(sa.select(Change.position).order_by(Change.position)))
        assert None not in positions
        assert session.scalar(sa.select(ChangeCounter.n)) == positions[-1]
        made = sa.select(Change.after["code"].as_string()).where(
            Change.resource == "departments", Change.verb == "create"
        )
        assert set(written.departments) <= set(session.scalars(made))
