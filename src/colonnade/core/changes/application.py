"""``config.keep_log``: the log of an application is switched on."""

from __future__ import annotations

from typing import Any, Final, Literal

import sqlalchemy as sa
from pyramid.config import Configurator
from sqlalchemy import event
from sqlalchemy.orm import InstanceState, Mapper, Session, SessionTransaction, UOWTransaction
from sqlalchemy.orm.interfaces import EXT_CONTINUE

from colonnade.core.database import Database, database_of
from colonnade.core.resources import RESOURCES_READY, resources_of

from .entering import Entries
from .guard import Guard
from .log import Log, keep
from .positions import Positions, PositionsAtCommit, PositionsAtOnce, forget
from .recording import Recorder
from .sequencing import Leftovers, PositionsAfterwards
from .states import forget_locked

#: Where a session keeps the recorder of its application.
RECORDER: Final = "colonnade.changes.recorder"

#: Who gives positions: each transaction while it commits, or a sequencer afterwards.
Way = Literal["counter", "sequencer"]


def keep_log(config: Configurator, change: type[Any], counter: type[Any], positions: Way = "counter") -> None:
    """Switch the change log on; the tables are those of the plug-in that calls this.

    :param change: a mapped class with the columns of `ChangeColumns`.
    :param counter: a mapped class with the columns of `CounterColumns`.
    :param positions: who gives them; it may be another one tomorrow.
    """

    def switch_on() -> None:
        log = Log(change, counter, resources_of(config.registry))
        keep(config.registry, log)
        _listen(config, log, positions)
        if (resource := log.resources.of_model(change)) is not None:
            leftovers = Leftovers(database_of(config.registry), log, always=positions == "sequencer")
            resource.before_read = leftovers.before_read

    config.action("colonnade change log", switch_on, order=RESOURCES_READY + 5)


def recorder_of(session: Session) -> Recorder | None:
    """What records the changes of a session; None where no log is kept."""
    recorder: Recorder | None = session.info.get(RECORDER)
    return recorder


def _listen(config: Configurator, log: Log, way: Way) -> None:
    database = database_of(config.registry)
    positions = _positions(database, log, way)
    recorder = Recorder(Entries(database, log, positions))
    guard = Guard(log, recorder.cascades)
    database.sessions.configure(info={**database.sessions.kw.get("info", {}), RECORDER: recorder})
    event.listen(database.sessions, "before_flush", guard.before_flush)
    event.listen(database.sessions, "before_flush", _flushing)
    event.listen(database.sessions, "after_flush", guard.after_flush)
    event.listen(database.sessions, "after_soft_rollback", guard.after_flush)
    event.listen(database.sessions, "after_flush", _flushed)
    event.listen(database.sessions, "after_flush_postexec", _refreshed)
    event.listen(database.sessions, "before_commit", positions.before_commit, insert=True)
    event.listen(database.sessions, "after_commit", positions.after_commit)
    event.listen(database.sessions, "after_commit", forget_locked)
    event.listen(database.sessions, "after_transaction_end", _ended)
    event.listen(database.sessions, "after_soft_rollback", _undone)
    event.listen(database.engine, "before_cursor_execute", guard.before_cursor_execute)
    # Classes are shared by all applications of a process, and rows go with those of classes that nobody keeps: what
    # listens to them all asks the session whose recorder it has. `raw` and `retval` keep SQLAlchemy from putting a
    # function of its own around ours, which could not be told from anybody else's.
    for name, listener in (("before_update", _updating), ("before_delete", _deleting)):
        if not event.contains(Mapper, name, listener):
            event.listen(Mapper, name, listener, raw=True, retval=True)


def _positions(database: Database, log: Log, way: Way) -> Positions:
    if database.dialect.name == "sqlite":  # nobody waits for a commit who would not wait for the lock
        return PositionsAtOnce(database, log)
    return PositionsAtCommit(database, log) if way == "counter" else PositionsAfterwards(database, log)


def _updating(mapper: Mapper[Any], _: sa.Connection, state: InstanceState[Any]) -> object:
    if state.session is not None and (recorder := recorder_of(state.session)):
        recorder.read_updated(mapper, state)
    return EXT_CONTINUE


def _deleting(mapper: Mapper[Any], _: sa.Connection, state: InstanceState[Any]) -> object:
    if state.session is not None and (recorder := recorder_of(state.session)):
        recorder.read_deleted(mapper, state)
    return EXT_CONTINUE


def _flushing(session: Session, _flush: UOWTransaction, _objects: object) -> None:
    if recorder := recorder_of(session):
        recorder.begin(session)


def _flushed(session: Session, flush: UOWTransaction) -> None:
    if recorder := recorder_of(session):
        recorder.record(session, flush)


def _refreshed(session: Session, _flush: UOWTransaction) -> None:
    if recorder := recorder_of(session):
        recorder.refresh(session)


def _ended(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        forget(session)


def _undone(session: Session, _previous: SessionTransaction) -> None:
    forget_locked(session)
    if recorder := recorder_of(session):
        recorder.forget(session)


def includeme(config: Configurator) -> None:
    """Bring ``config.keep_log``."""
    config.add_directive("keep_log", keep_log)
