"""A shell on the company, and files to import there."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from colonnade.plugins.people.models import Employee
from tests.cli.running import Shell
from tests.functional.company import Company

HEADERS = ["number", "first_name", "last_name", "email", "birth_date", "gender", "hired_on", "title", "salary", "dept"]
BY_CODE = ("--map", "dept=department.code")


@dataclass(frozen=True)
class Office:
    """The company, and a shell on it."""

    firm: Company
    shell: Shell
    folder: Path

    def file(self, text: str | bytes, name: str = "table.csv") -> str:
        """A file of this content."""
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def count(self, model: type[Any] = Employee) -> int:
        """How many there are."""
        with self.firm.database.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(model)) or 0

    def wait_for_a_lock(self, waiting: threading.Thread) -> None:
        """Return once a statement waits for what another transaction of this database holds, or the thread ends."""
        waits = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with self.firm.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while waiting.is_alive() and not connection.scalar(waits):
                pass


def people(numbers: range, **changes: dict[int, str]) -> str:
    """A file of people with these numbers; ``salary={7: "x"}`` changes a cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADERS, lineterminator="\n")
    writer.writeheader()
    for number in numbers:
        row = {
            "number": number,
            "first_name": "New",
            "last_name": f"Comer {number}",
            "email": f"new{number}@example.com",
            "birth_date": "1990-01-01",
            "gender": "F",
            "hired_on": "2020-01-01",
            "title": "Engineer",
            "salary": "50000.50",
            "dept": "d1",
        }
        writer.writerow(row | {name: cells[number] for name, cells in changes.items() if number in cells})
    return out.getvalue()
