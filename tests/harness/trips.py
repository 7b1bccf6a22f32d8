"""The round trips to PostgreSQL in which several statements go together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from colonnade.core.database.server_statements import ServerStatements


def counted_trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements go in each one from now on, BEGIN and COMMIT included; it grows with each."""
    trips: list[int] = []
    together = ServerStatements._results

    def counted(self: ServerStatements, *sendings: Callable[[], None]) -> Any:
        trips.append(len(sendings))
        return together(self, *sendings)

    monkeypatch.setattr(ServerStatements, "_results", counted)
    return trips
