"""One company for all functional tests that only read, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import shell_in
from tests.functional.company import PLUGINS, Company, company
from tests.functional.office import Office


@pytest.fixture(scope="module")
def firm(module_database_url: str) -> Iterator[Company]:
    """The company, committed; tests of a module share it."""
    with company(module_database_url) as made:
        yield made


@pytest.fixture
def office(firm: Company, tmp_path: Path) -> Office:
    """Its office."""
    url = firm.database.url.render_as_string(hide_password=False)
    return Office(firm, shell_in(tmp_path, url, *PLUGINS), tmp_path)
