"""One company for all functional tests that only read, on each database."""

from collections.abc import Iterator

import pytest

from tests.functional.company import Company, company


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """The company, committed; tests of a module share it."""
    with company(module_database_url) as made:
        yield made
