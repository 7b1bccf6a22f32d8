"""Imports by key beside other writers: rows are locked before they are changed, and what is taken meanwhile is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from colonnade.cli import main
from colonnade.plugins.people.models import Department
from tests.functional.company import Company, company
from tests.functional.office import Office

pytestmark = pytest.mark.parametrize("dialect_name", ["postgresql"], indirect=True)


@pytest.fixture
def firm(fresh_database_url: str) -> Iterator[Company]:
    """A company of each test's own."""
    with company(fresh_database_url) as made:
        yield made


def beside(office: Office, statement: sa.Executable, table: str) -> Result:
    """What an import by key says that has to wait for another transaction, which has executed the statement."""
    results: list[Result] = []
    arguments = ["-c", str(office.shell.ini), "import", "departments", office.file(table), "--key", "code"]
    with office.firm.database.sessions.begin() as session:
        session.execute(statement)
        thread = threading.Thread(target=lambda: results.append(CliRunner().invoke(main, arguments)))
        thread.start()
        office.wait_for_a_lock(thread)
    thread.join()
    return results[0]


def names(office: Office) -> dict[str, str]:
    """The departments."""
    with office.firm.database.engine.connect() as connection:
        return dict(connection.execute(sa.select(Department.code, Department.name)).all())


def test_a_row_is_compared_with_what_another_has_just_written(office: Office) -> None:
    """The other's change is not lost where the file says the same, and not taken for what is stored."""
    changed = sa.update(Department).where(Department.code == "d1").values(name="Selling")
    result = beside(office, changed, "code,name\nd1,Selling\nd2,Finance\n")
    assert result.stdout == "Created 0, changed 0 departments; 2 unchanged.\n"
    assert names(office)["d1"] == "Selling"


def test_a_row_whose_record_got_another_key_meanwhile_creates_one(office: Office) -> None:
    renamed = sa.update(Department).where(Department.code == "d1").values(code="e1")
    result = beside(office, renamed, "code,name\nd1,New\n")
    assert result.stdout == "Created 1, changed 0 departments; 0 unchanged.\n"
    assert names(office) == {"d1": "New", "e1": "Sales", "d2": "Finance", "d3": "Research"}


def test_a_key_that_another_takes_meanwhile_is_told(office: Office) -> None:
    taken = sa.insert(Department).values(code="x1", name="Theirs")
    result = beside(office, taken, "code,name\nx1,Ours\n")
    assert result.exit_code == 1
    assert (
        "Somebody else has just created a record of departments whose code is 'x1'. Do this once more." in result.stderr
    )
    assert names(office)["x1"] == "Theirs"
