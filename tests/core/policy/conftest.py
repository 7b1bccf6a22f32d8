"""The papers over which lists decide."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.core.policy import decisions


@pytest.fixture(scope="module")
def connection(module_database_url: str) -> Iterator[sa.Connection]:
    """300 committed rows."""
    engine = sa.create_engine(module_database_url)
    with engine.begin() as filling:
        decisions.fill(filling)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
