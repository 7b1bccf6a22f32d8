"""The transaction of a request, which is none until somebody takes part: most requests that only read never do."""

from __future__ import annotations

from typing import Any

from transaction import Transaction, TransactionManager
from transaction.interfaces import AlreadyInTransaction
from transaction.weakset import WeakSet

from colonnade.core.remembered import remembered


class RequestTransactionManager(TransactionManager):
    """An explicit manager whose `begin` costs nothing; the transaction begins when it is first asked for.

    Nothing else tells it from its base: before `begin` and after the end there is no transaction, and asking for one
    raises `transaction.interfaces.NoTransaction`.
    """

    explicit = True

    def __init__(self) -> None:
        # Not its base's, which makes the set of synchronizers for each request: see below.
        self._txn: Transaction | None = None
        #: What nobody has asked for yet; None where somebody takes part.
        self.promised: Promise | None = None

    @remembered
    def _synchs(self) -> WeakSet[Any]:
        """Who wants to hear of each transaction; nobody, as a rule."""
        return WeakSet()

    def begin(self) -> Promise:
        """Promise a transaction."""
        if self.promised is not None or self._txn is not None:
            raise AlreadyInTransaction()
        self.promised = Promise(self)
        return self.promised

    def get(self) -> Transaction:
        """The transaction, which begins now if it was promised only."""
        promised, self.promised = self.promised, None
        if promised is None:
            return super().get()
        begun: Transaction = super().begin()
        for note in promised.notes:
            begun.note(note)
        return begun

    def isDoomed(self) -> bool:  # noqa: N802 as its base calls it
        """Whether it can only be aborted."""
        return self.promised is None and bool(super().isDoomed())

    def commit(self) -> None:
        """Commit what was done; nothing, where nobody took part."""
        if self.promised is None:
            super().commit()
        self.promised = None

    def abort(self) -> None:
        """Undo what was done; nothing, where nobody took part."""
        if self.promised is None:
            super().abort()
        self.promised = None


class Promise:
    """What `begin` gives: notes are kept for the transaction, anything else makes it begin."""

    def __init__(self, manager: RequestTransactionManager) -> None:
        self._manager = manager
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Add to the transaction's description."""
        if self._manager.promised is self:
            self.notes.append(text)
        else:
            self._manager.get().note(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager.get(), name)
