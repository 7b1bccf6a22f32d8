"""The manager of a request's transaction begins one when somebody takes part, and is like any other from then on."""

from __future__ import annotations

import pytest
from transaction.interfaces import AlreadyInTransaction, NoTransaction

from colonnade.core.database.manager import RequestTransactionManager


def test_nothing_begins_until_somebody_asks_and_notes_are_kept_until_then() -> None:
    manager = RequestTransactionManager()
    promise = manager.begin()
    promise.note("/api/v1/employees")
    assert manager._txn is None
    begun = manager.get()
    assert begun is manager.get()
    promise.note("and more")
    assert begun.description == "/api/v1/employees\nand more"
    assert promise.status == begun.status == "Active"


@pytest.mark.parametrize("end", ["commit", "abort"])
def test_what_nobody_took_part_in_ends_without_having_been(end: str) -> None:
    manager = RequestTransactionManager()
    manager.begin()
    assert not manager.isDoomed()
    getattr(manager, end)()
    assert manager._txn is None
    with pytest.raises(NoTransaction):
        manager.get()
    with pytest.raises(NoTransaction):
        manager.commit()
    manager.begin()
    assert manager.get() is not None


@pytest.mark.parametrize("end, told", [("commit", [True]), ("abort", [])])
def test_hooks_of_who_took_part_are_heeded(end: str, told: list[bool]) -> None:
    manager = RequestTransactionManager()
    manager.begin()
    heard: list[bool] = []
    manager.get().addAfterCommitHook(heard.append)
    getattr(manager, end)()
    assert heard == told
    with pytest.raises(NoTransaction):
        manager.get()


def test_it_begins_once() -> None:
    manager = RequestTransactionManager()
    manager.begin()
    with pytest.raises(AlreadyInTransaction):
        manager.begin()
    manager.get()
    with pytest.raises(AlreadyInTransaction):
        manager.begin()


def test_a_doomed_transaction_is_doomed() -> None:
    manager = RequestTransactionManager()
    manager.begin()
    manager.doom()
    assert manager.isDoomed()
